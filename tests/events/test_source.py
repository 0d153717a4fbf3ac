"""The port's values; the edges are held to it in tests/contracts."""

from __future__ import annotations

from driftwatch.events.records import Partition
from driftwatch.events.source import Polled, Source, Standing
from driftwatch.source.memory import MemorySource


def test_a_poll_brings_nothing_unless_said_otherwise() -> None:
    polled = Polled()
    assert (polled.batches, polled.assigned, polled.lost) == ([], None, False)
    assert Polled(assigned=frozenset()).assigned is not None, "assigned nothing is not: no news"
    assert Polled().batches is not polled.batches


def test_a_source_in_memory_is_a_source() -> None:
    source: Source = MemorySource({"t": 1})
    source.start(["t"], {})
    assert source.poll(0).assigned == {Partition("t", 0)}
    assert source.standing() == {Partition("t", 0): Standing(0, 0, 0)}
    source.close()
