"""How many records ended in which class, per stream and partition: the sums of promise P2."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from driftwatch.events.classes import CLASSES, CODE, RecordClass, Stream

Counts = NDArray[np.int64]


class Tally:
    """Counts per (stream, partition position) and class; `waiting` goes down when others go up."""

    def __init__(self, saved: dict[Stream, dict[int, list[int]]] | None = None) -> None:
        self._counts: dict[tuple[Stream, int], Counts] = {}
        for stream, by_partition in (saved or {}).items():
            for place, counts in by_partition.items():
                self._of(stream, place)[: len(counts)] = counts

    def _of(self, stream: Stream, place: int) -> Counts:
        return self._counts.setdefault((stream, place), np.zeros(len(CLASSES), np.int64))

    def add(self, stream: Stream, place: int, why: RecordClass, count: int = 1) -> None:
        """Count records of one partition."""
        self._of(stream, place)[CODE[why]] += count

    def add_codes(self, stream: Stream, places: NDArray[np.int32], codes: Counts) -> None:
        """Count n records with their partitions' positions int32[n] and class codes int64[n]."""
        for place in np.unique(places).tolist():
            self._of(stream, place)[:] += np.bincount(codes[places == place], minlength=len(CLASSES))

    def add_all(self, stream: Stream, places: NDArray[np.int32], why: RecordClass, sign: int = 1) -> None:
        """Count n records of one class (or, with sign -1, take them out of it)."""
        for place, count in zip(*(a.tolist() for a in np.unique(places, return_counts=True)), strict=True):
            self._of(stream, place)[CODE[why]] += sign * count

    def saved(self) -> dict[Stream, dict[int, list[int]]]:
        """As it stands in the checkpoint."""
        saved: dict[Stream, dict[int, list[int]]] = {}
        for (stream, place), counts in sorted(self._counts.items()):
            saved.setdefault(stream, {})[place] = counts.tolist()
        return saved

    def items(self) -> list[tuple[Stream, int, RecordClass, int]]:
        """Every class that has records."""
        return [
            (stream, place, CLASSES[code], int(counts[code]))
            for (stream, place), counts in self._counts.items()
            for code in np.flatnonzero(counts).tolist()
        ]
