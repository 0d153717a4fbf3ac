"""Partitions as numbers that stay."""

from __future__ import annotations

from driftwatch.events.records import Partition
from driftwatch.monitor.partitions import Partitions


def test_a_partition_keeps_its_number_for_ever() -> None:
    partitions = Partitions([])
    seen = [Partition("t", 3), Partition("a", 0), Partition("t", 3), Partition("t", 0)]
    assert [partitions.place(partition) for partition in seen] == [0, 1, 0, 2]
    again = Partitions(partitions.listed())
    assert [again.place(partition) for partition in seen] == [0, 1, 0, 2]
    assert again.at(1) == Partition("a", 0)
    assert again.place(Partition("new", 0)) == 3
    assert again.listed() == [("t", 3), ("a", 0), ("t", 0), ("new", 0)]
