"""A learner keeps the same records whatever the order, and never more than its bounds (E10)."""

from __future__ import annotations

import json
import zlib

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.errors import StateError
from driftwatch.events.classes import Stream
from driftwatch.references.build import build
from driftwatch.references.learn import Learner
from tests.references.records import START_MS, labels, predictions, subject

P = Stream.PREDICTIONS
records = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 2), st.binary(max_size=6)), max_size=40).map(
    lambda made: [(rank, partition, offset, value) for offset, (rank, partition, value) in enumerate(made)]
)


def offered(learner: Learner, made, stream: Stream = P) -> Learner:
    ranks, partitions, offsets = (np.array([m[i] for m in made], np.int64) for i in range(3))
    learner.add(stream, ranks, partitions, offsets, np.full(len(made), START_MS), [m[3] for m in made])
    return learner


def learner(made, events_max: int = 5, bytes_max: int = 20) -> Learner:
    return offered(Learner(events_max, bytes_max), made)


def plain(made, events_max: int = 5, bytes_max: int = 20) -> list[bytes]:
    kept, size = [], 0
    for record in sorted(made)[:events_max]:
        size += len(record[3])
        if size > bytes_max:
            break
        kept.append(record[3])
    return kept


@given(records, st.randoms(use_true_random=False))
def test_the_smallest_hashes_are_kept_in_any_order(made, random) -> None:
    expected = plain(made)
    random.shuffle(made)
    one_by_one = Learner(5, 20)
    for record in made:
        offered(one_by_one, [record])
    for of in (learner(made), one_by_one):
        assert [row.value for row in of.rows(P)] == expected


@given(records, st.data())
def test_merging_is_order_free(made, data) -> None:
    sides = data.draw(st.lists(st.integers(0, 2), min_size=len(made), max_size=len(made)))
    parts = [[m for m, side in zip(made, sides, strict=True) if side == i] for i in range(3)]
    whole = learner(made).to_bytes()
    for order in ((0, 1, 2), (2, 1, 0), (1, 0, 2)):
        merged = learner(parts[order[0]])
        for i in order[1:]:
            merged.merge(learner(parts[i]))
        assert Learner.from_bytes([merged.to_bytes()], 5, 20).rows(P) == Learner.from_bytes(
            [whole], 5, 20
        ).rows(P)


@given(records, st.integers(1, 10))
def test_chunks_restore_the_learner(made, step: int) -> None:
    live, chunks = Learner(5, 20), []
    for start in range(0, len(made), step):
        offered(live, made[start : start + step])
        if chunk := live.take_new():
            chunks.append(chunk)
    assert live.take_new() is None
    for order in (chunks, chunks[::-1]):
        assert Learner.from_bytes(order, 5, 20).rows(P) == live.rows(P)


def test_a_record_that_only_lowers_the_limit_is_told_to_the_checkpoint() -> None:
    """It is not kept itself, but what it drops lies in an earlier chunk."""
    made = [
        (0, 0, 0, b"aaaaaa"),
        (0, 0, 1, b"bbbbbb"),
        (0, 0, 2, b"cccccc"),
        (9, 0, 3, b"d"),
        (1, 0, 4, b"eeeeee"),
    ]
    live, chunks = Learner(5, 20), []
    for record in made:
        offered(live, [record])
        chunks += [chunk] if (chunk := live.take_new()) else []
    assert live.take_new() is None
    for of in (live, Learner.from_bytes(chunks, 5, 20)):
        assert [row.offset for row in of.rows(P)] == [0, 1, 2]


def test_memory_is_bounded_even_if_nobody_takes_the_chunks() -> None:
    live = Learner(10, 10**6)
    for start in range(0, 5_000, 100):
        offered(live, [((i * 7919) % 5_003, 0, i, b"x") for i in range(start, start + 100)])
        assert len(live._new[P]) <= 11
    assert len(live) == 10


@given(records, st.integers(1, 7))
def test_what_is_new_holds_nothing_that_was_dropped(made, step: int) -> None:
    """Else large records would live on in it until somebody takes the chunk (P7)."""
    live = Learner(16, 80)
    for start in range(0, len(made), step):
        offered(live, made[start : start + step])
        kept = live._kept[P]._rows
        assert all(row.key in kept for row in live._new[P])
        assert len(kept) <= 18
        assert sum(len(row.value) for row in kept.values()) <= 90


def test_only_wanted_records_need_their_values() -> None:
    live = learner([(rank, 0, rank, b"") for rank in range(20)])
    assert len(live) == 5
    found = live.wanted(P, np.array([0, 4, 5, 6, 19]), np.zeros(5, np.int64), np.arange(5))
    assert found.tolist() == [True, True, True, False, False]


def test_streams_without_ids_are_sampled_by_their_place() -> None:
    made = [(-1, i % 3, i, b"%d" % i) for i in range(300)]
    kept = [row.offset for row in learner(made, 50, 10**6).rows(P)]
    assert len(kept) == 50
    assert kept == [row.offset for row in learner(made[::-1], 50, 10**6).rows(P)]
    assert max(kept) > 200  # spread over the log, not its beginning


def test_damaged_or_newer_chunks_are_refused() -> None:
    with pytest.raises(StateError, match="damaged"):
        Learner.from_bytes([b"junk"])
    saved = msgspec.msgpack.decode(zlib.decompress(learner([]).to_bytes()))
    newer = zlib.compress(msgspec.msgpack.encode([2, *saved[1:]]))
    with pytest.raises(StateError, match="has format 2"):
        Learner.from_bytes([newer])


def test_what_was_learned_is_built_like_any_reference() -> None:
    live = Learner(100)
    rows, turned_out = predictions(200), labels(200)
    ranks = np.array([(i * 7919) % 1_000_003 for i in range(200)], np.int64)
    for stream, made in ((P, rows), (Stream.LABELS, turned_out)):
        values = [json.dumps(row).encode() for row in made]
        zeros = np.zeros(200, np.int64)
        live.add(stream, ranks, zeros, np.arange(200), zeros, values)
    topics = {P: "predictions", Stream.LABELS: "labels"}
    reference = build(subject(), lambda: live.batches(topics), source="learned", created_ms=0).reference
    assert reference.events == 100
    labels_part = reference.layout.part(Stream.LABELS)
    assert labels_part is not None
    assert reference.totals[Stream.LABELS][0, -1] == 100
