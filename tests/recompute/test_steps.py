"""The journal as steps: one for each commit that had something to say."""

from __future__ import annotations

import numpy as np

from driftwatch.events.records import Partition, RecordBatch
from driftwatch.monitor.changes import Entry, Journaled, JournalRow
from driftwatch.recompute.steps import SetAside, comparable, steps

P0, P1 = Partition("t", 0), Partition("t", 1)
AT = {"topic": "t", "partition": 0}


def rows(*entries: tuple[int, Entry, dict[Partition, int], dict]) -> list[Journaled]:
    return [
        Journaled(n, seq, JournalRow(kind, offsets, said))
        for n, (seq, kind, offsets, said) in enumerate(entries, 1)
    ]


JOURNAL = rows(
    (1, Entry.PLANS, {}, {"hash": "h"}),
    (1, Entry.START, {}, AT | {"first": 3, "end": 9}),
    (1, Entry.SET_ASIDE, {}, AT | {"first": 4, "last": 5}),
    (1, Entry.ADMIT, {P0: 8}, {"model": "m", "version": "1"}),
    (1, Entry.ADMIT, {P0: 8}, {"model": "m", "version": "2"}),
    (4, Entry.ACTIVE, {P0: 20}, AT),
    (5, Entry.IDLE, {P0: 30}, AT),
    (5, Entry.ACKNOWLEDGE, {P0: 30}, {"episode": "e", "by": "b"}),
    (5, Entry.CLOSE, {P0: 30}, {"model": "m"}),
    (6, Entry.IDLE, {P0: 30}, {"topic": "t", "partition": 1}),
)


def test_a_step_is_a_commit_with_what_came_before_it_and_what_it_said() -> None:
    first, fourth, fifth, sixth = steps(JOURNAL)
    assert [row.kind for row in first.before] == ["plans", "start"]
    assert (first.offsets, first.admitted) == ({P0: 8}, {"m": frozenset({"1", "2"})})
    assert (fourth.offsets, [row.kind for row in fourth.before]) == (None, ["active"])
    assert fifth.inputs.idle == {P0}
    assert fifth.inputs.acknowledged == (("e", "b"),)
    assert [row.kind for row in fifth.said] == ["close"]
    assert (sixth.offsets, sixth.inputs.idle) == ({P0: 30}, {P1}), "the same offsets, another commit"


def test_records_that_were_set_aside_are_known_by_their_offsets() -> None:
    batch = RecordBatch(P0, np.arange(3, 8), np.zeros(5, np.int64), [b""] * 5, 8)
    aside = SetAside.of(JOURNAL)
    assert aside.among(batch).tolist() == [False, True, True, False, False]
    other = RecordBatch(P1, batch.offsets, batch.timestamps_ms, batch.values, 8)
    assert not aside.among(other).any()


def test_only_what_is_come_to_by_counting_is_compared() -> None:
    said = comparable(row for _, _, row in JOURNAL)
    assert [kind for kind, _ in said] == ["close"]
