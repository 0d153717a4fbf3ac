"""Repetitions against a record-by-record model, wherever the blocks are cut (E3, F14, F15)."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from driftwatch.events.block import Block
from driftwatch.events.classes import CLASSES, RecordClass
from driftwatch.events.ids import NO_ID
from driftwatch.events.joins import LABEL_ROW, PREDICTION_ROW
from driftwatch.events.memory_joins import MemoryJoinTable
from driftwatch.monitor.joining import label_rows, labelled, prediction_rows, remember, repeated

GENERATION = 10


@dataclass(frozen=True)
class Event:
    id: int
    partition: int
    time: int
    payload: int
    offset: int = 0


EVENTS = st.lists(
    st.builds(Event, st.integers(NO_ID, 2), st.integers(0, 1), st.integers(0, 69), st.integers(0, 1)),
    max_size=24,
).map(lambda events: [Event(e.id, e.partition, e.time, e.payload, offset) for offset, e in enumerate(events)])
CUTS = st.lists(st.integers(0, 24), max_size=4)


def block(events: list[Event]) -> Block:
    n = len(events)
    return Block(
        partitions=np.array([e.partition for e in events], np.int32),
        offsets=np.array([e.offset for e in events], np.int64),
        times_ms=np.array([e.time for e in events], np.int64),
        ids=np.array([e.id for e in events], np.int64),
        payloads=np.array([e.payload for e in events], np.int64),
        scores=np.empty(0),
        numbers=np.zeros((n, 0)),
        versions=[""] * n,
        decisions=[],
        labels=[],
        texts=[],
    )


def cut(events: list[Event], places: list[int]) -> list[list[Event]]:
    bounds = [0, *sorted(min(place, len(events)) for place in places), len(events)]
    return [events[a:b] for a, b in pairwise(bounds)]


def one_by_one(events: list[Event]) -> list[RecordClass]:
    kept: list[Event] = []
    classes: list[RecordClass] = []
    for event in events:
        near = [
            k
            for k in kept
            if (k.id, k.partition) == (event.id, event.partition)
            and abs(k.time // GENERATION - event.time // GENERATION) <= 1
        ]
        if event.id == NO_ID or not near:
            classes.append(RecordClass.ACCEPTED)
            kept.append(event)
        elif near[0].payload == event.payload:
            classes.append(RecordClass.DUPLICATE)
        else:
            classes.append(RecordClass.DUPLICATE_CONFLICT)
    return classes


# 1 repeats 0 and leaves; 2 is near 1 only: it stays, whether 1 is in its block or not
CHAIN = [Event(0, 0, time, 0, offset) for offset, time in enumerate((5, 15, 25))]


@settings(max_examples=300)
@given(events=EVENTS, cuts=CUTS)
@example(events=CHAIN, cuts=[1])
@example(events=CHAIN, cuts=[2])
@example(events=CHAIN, cuts=[])
def test_the_lowest_offset_wins_wherever_the_blocks_are_cut_f14(events: list[Event], cuts: list[int]) -> None:
    table = MemoryJoinTable(PREDICTION_ROW)
    classes: list[RecordClass] = []
    for part in cut(events, cuts):
        made = block(part)
        codes, _ = repeated(table, made, GENERATION)
        classes += [CLASSES[code] for code in codes.tolist()]
        fresh = made.select(np.flatnonzero(codes == 0))
        nothing = np.zeros(len(fresh), np.int32)
        rows = prediction_rows(fresh, np.zeros((len(fresh), 8), np.int16), nothing, 0)
        remember(table, fresh.ids, rows, fresh.times_ms, GENERATION)
    assert classes == one_by_one(events)


@given(events=EVENTS, cuts=CUTS)
def test_an_id_in_two_partitions_counts_in_both_and_is_noticed_e3(
    events: list[Event], cuts: list[int]
) -> None:
    table = MemoryJoinTable(PREDICTION_ROW)
    found = 0
    kept: list[Event] = []
    for part in cut(events, cuts):
        codes, split = repeated(table, block(part), GENERATION)
        found += split
        fresh = [event for event, code in zip(part, codes.tolist(), strict=True) if code == 0]
        kept += fresh
        made = block(fresh)
        rows = prediction_rows(made, np.zeros((len(made), 8), np.int16), np.zeros(len(made), np.int32), 0)
        remember(table, made.ids, rows, made.times_ms, GENERATION)
    split_ids = [
        (a, b)
        for a in kept
        for b in kept
        if a.id == b.id != NO_ID
        and a.partition < b.partition
        and abs(a.time // GENERATION - b.time // GENERATION) <= 1
    ]
    assert (found > 0) == bool(split_ids)


LABELS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 1)), max_size=20)
"""(which prediction, payload) in the order of time."""
PREDICTIONS = [(7, 0, 3, 11), (7, 0, 55, 14), (8, 0, 5, 12), (8, 1, 5, 12)]
"""(id, partition, time, offset): ids that come again much later, and in another partition."""


@given(labels=LABELS, cuts=CUTS)
def test_each_prediction_has_one_label_the_first_wherever_the_blocks_are_cut_f15(
    labels: list[tuple[int, int]], cuts: list[int]
) -> None:
    table = MemoryJoinTable(LABEL_ROW)
    first: dict[int, int] = {}
    for part in cut([Event(which, 0, 0, payload) for which, payload in labels], cuts):
        rows = np.zeros(len(part), PREDICTION_ROW)
        for row, label in zip(rows, part, strict=True):
            _, row["partition"], row["time_ms"], row["offset"] = PREDICTIONS[label.id]
        made = block([Event(PREDICTIONS[e.id][0], 0, 1_000, e.payload) for e in part])
        codes = labelled(table, made, rows, GENERATION)
        for label, code in zip(part, codes.tolist(), strict=True):
            payload = first.setdefault(label.id, -1)
            if payload < 0:
                first[label.id] = label.payload
                assert CLASSES[code] is RecordClass.ACCEPTED
            elif payload == label.payload:
                assert CLASSES[code] is RecordClass.DUPLICATE
            else:
                assert CLASSES[code] is RecordClass.LABEL_CONFLICT
        fresh = np.flatnonzero(codes == 0)
        joined = made.select(fresh)
        remember(table, joined.ids, label_rows(joined, rows[fresh]), rows["time_ms"][fresh], GENERATION)


def test_a_prediction_leaves_all_that_its_label_will_need() -> None:
    made = block([Event(5, 2, 70, 9, 33)])
    codes = np.arange(8, dtype=np.int16)[None]
    (row,) = prediction_rows(made, codes, np.array([1], np.int32), 4)
    assert (row["time_ms"], row["offset"], row["partition"], row["payload"]) == (70, 33, 2, 9)
    assert (row["decision"], row["version"], row["codes"].tolist()) == (1, 4, list(range(8)))
    assert np.isnan(row["score"]), "a stream without score"


def test_events_without_id_leave_nothing() -> None:
    table = MemoryJoinTable(PREDICTION_ROW)
    made = block([Event(NO_ID, 0, 5, 0), Event(1, 0, 25, 0)])
    remember(table, made.ids, np.zeros(2, PREDICTION_ROW), made.times_ms, GENERATION)
    assert len(table) == 1
    assert table.find(range(2, 3), np.array([1]))[0].tolist() == [0], "in the generation of its time"
