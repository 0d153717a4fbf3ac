"""What the twin in memory offers beyond the contract."""

from __future__ import annotations

import pytest

from driftwatch.errors import FencedError, SourceError
from driftwatch.events.records import Partition
from driftwatch.events.source import Polled, Standing
from driftwatch.source.memory import MemorySource

P0, P1 = Partition("t", 0), Partition("t", 1)


def source(**settings: int) -> MemorySource:
    made = MemorySource({"t": 2}, **settings)
    made.start(["t"], {})
    assert made.poll(0) == Polled(assigned=frozenset({P0, P1}))
    return made


def test_a_poll_brings_at_most_so_many_records_per_partition() -> None:
    made = source(max_records=2)
    assert made.append("t", 0, b"a", b"b", b"c", timestamp_ms=5) == 2
    first, second = made.poll(0).batches + made.poll(0).batches
    assert (first.values, first.next_offset) == ([b"a", b"b"], 2)
    assert (second.values, second.next_offset, second.timestamps_ms.tolist()) == ([b"c"], 3, [5])
    assert made.poll(0).batches == []


def test_offsets_without_records_move_the_position() -> None:
    made = source()
    made.skip("t", 1, 3)
    (batch,) = made.poll(0).batches
    assert (len(batch), batch.next_offset) == (0, 3)


def test_away_means_silence() -> None:
    made = source()
    made.append("t", 0, b"a")
    made.leave(away=True)
    assert (made.poll(0), made.standing(), made.bounds(["t"]), made.connected()) == (Polled(), {}, {}, False)
    made.commit({P0: 1})
    assert made.written == {}
    made.leave(away=False)
    assert len(made.poll(0).batches) == 1


def test_an_assignment_dealt_anew_begins_at_the_commit() -> None:
    made = source()
    made.append("t", 0, b"a", b"b")
    made.poll(0)
    made.commit({P0: 1, P1: 0})
    made.assign([P0])
    assert made.poll(0) == Polled(assigned=frozenset({P0}), lost=True)
    (batch,) = made.poll(0).batches
    assert batch.values == [b"b"]
    assert made.standing() == {P0: Standing(2, 2, 2)}


def test_fenced_until_it_starts_again() -> None:
    made = source()
    made.fence()
    for _ in range(2):
        with pytest.raises(FencedError):
            made.commit({P0: 0})
    made.start(["t"], {})
    made.commit({P0: 0})


def test_retention_passes_the_position() -> None:
    made = source()
    made.append("t", 0, b"a", b"b")
    made.retain("t", 0, 1)
    with pytest.raises(SourceError, match="not in the log"):
        made.poll(0)


def test_what_another_thread_appends_during_a_poll_comes_with_the_next_one() -> None:
    made = source()
    made.append("t", 0, b"a")
    log = made.logs[P0]

    class Growing(list):  # type: ignore[type-arg]
        """Looked through, it has grown by the end."""

        def __iter__(self):  # type: ignore[no-untyped-def]
            yield from list.__iter__(self)
            made.append("t", 0, b"b")

    log.entries = Growing(log.entries)
    (first,) = made.poll(0).batches
    log.entries = list(list.__iter__(log.entries))
    (second,) = made.poll(0).batches
    assert (first.values, second.values) == ([b"a"], [b"b"])
