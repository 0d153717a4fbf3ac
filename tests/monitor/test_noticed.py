"""What is noticed of open panes is the same for any order of arrival, and bounded whatever the data calls its versions."""

from __future__ import annotations

import random

import numpy as np

from driftwatch.events.block import Block
from driftwatch.events.classes import CODE, RecordClass, Stream
from driftwatch.events.sampling import LOOKED, VERSION_NAME_MAX, VERSIONS_MAX, Candidate, Looked
from driftwatch.monitor.noticed import Counted, NoticedState, in_order

P = Stream.PREDICTIONS


def candidate(rank: int, version: str = "1", start_ms: int = 0) -> Candidate:
    return Candidate(version, start_ms, Looked(rank, 0, rank, {}, {}))


def block(offsets: list[int], partition: int = 0) -> Block:
    n = len(offsets)
    ints = np.array(offsets, np.int64)
    numbers = np.empty((n, 0))
    return Block(
        np.full(n, partition, np.int32), ints, ints, ints, ints, np.empty(0), numbers, ["1"] * n, [], [], []
    )


def codes(*classes: RecordClass) -> np.ndarray:
    return np.array([CODE[each] for each in classes], np.int64)


def test_the_smallest_ranks_stay_in_whatever_order_they_come() -> None:
    candidates = [candidate(k, str(k % 12), 100 * (k % 2)) for k in range(500)]
    states = []
    for seed in range(4):
        state, shuffled = NoticedState(), candidates.copy()
        random.Random(seed).shuffle(shuffled)
        for first in range(0, 500, 60):
            state.look(P, shuffled[first : first + 60])
        states.append(in_order(state.looked))
    assert all(list(map(repr, [state])) == list(map(repr, states[:1])) for state in states)
    names = states[0][P][0]
    assert len(names) == min(6, VERSIONS_MAX)
    assert [each.rank for each in names["0"]] == list(range(0, 12 * LOOKED, 12))


def test_names_from_the_data_are_bounded() -> None:
    state = NoticedState()
    state.look(
        P, [candidate(k, f"v{k:03d}") for k in range(50)] + [candidate(1, "x" * (VERSION_NAME_MAX + 1))]
    )
    assert sorted(state.looked[P][0]) == [f"v{k:03d}" for k in range(VERSIONS_MAX)]


def test_ids_are_counted_by_pane_with_the_first_place_of_a_repetition() -> None:
    state = NoticedState()
    classes = codes(
        RecordClass.ACCEPTED,
        RecordClass.DUPLICATE,
        RecordClass.DUPLICATE_CONFLICT,
        RecordClass.LABEL_CONFLICT,
    )
    starts = np.array([0, 0, 0, 100])
    state.count(P, block([7, 9, 8, 3]), classes, starts, ["1"] * 4)
    state.count(P, block([2, 4], partition=1), classes[:2], starts[:2], ["1"] * 2)
    assert state.of(P, 0, "1")[1] == Counted(2, 2, 1, (0, 8))
    assert state.of(P, 100, "1")[1] == Counted(0, 0, 1, (0, 3))
    assert state.of(P, 0, "2") == ([], Counted())


def test_closed_panes_are_forgotten() -> None:
    state = NoticedState()
    state.look(P, [candidate(1), candidate(2, start_ms=100)])
    state.forget(P, 100)
    assert list(state.looked[P]) == [100]


def test_the_order_of_keys_and_empty_places_say_nothing() -> None:
    assert list(in_order({2: {"b": 1, "a": 2}, 1: {}})) == [2]
    assert list(in_order({2: {"b": 1, "a": 2}})[2]) == ["a", "b"]
