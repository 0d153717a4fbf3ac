"""Where partitions without a stored offset are begun (F30)."""

from __future__ import annotations

from collections.abc import Mapping

from driftwatch.events.records import Partition


def beginnings(
    bounds: Mapping[Partition, tuple[int, int]], committed: Mapping[Partition, int], start_at: str
) -> dict[Partition, int]:
    """The offsets of partitions with (first, end) offsets that have none in `committed`.

    `start_at` says where a topic is begun that was never counted. A partition that was added to one that was is
    begun at its first record: all of it was written since, and at `latest` that would be passed over silently.
    """
    counted = {partition.topic for partition in committed}
    return {
        partition: end if start_at == "latest" and partition.topic not in counted else first
        for partition, (first, end) in bounds.items()
        if partition not in committed
    }
