"""The partitions of a daemon as small numbers: the form in which rows and counts name them, for ever the same."""

from __future__ import annotations

from driftwatch.events.records import Partition


class Partitions:
    """Partitions by position; the list only ever grows and is part of the checkpoint."""

    def __init__(self, known: list[tuple[str, int]]) -> None:
        self._known = [Partition(topic, number) for topic, number in known]
        self._place = {partition: place for place, partition in enumerate(self._known)}

    def place(self, partition: Partition) -> int:
        """The position of a partition, given at first sight."""
        found = self._place.get(partition)
        if found is None:
            found = self._place[partition] = len(self._known)
            self._known.append(partition)
        return found

    def at(self, place: int) -> Partition:
        """The partition at a position."""
        return self._known[place]

    def listed(self) -> list[tuple[str, int]]:
        """All of them, in order."""
        return [(partition.topic, partition.number) for partition in self._known]
