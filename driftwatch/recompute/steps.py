"""The journal as steps: up to where to read, what to decide there, and what the live daemon said of it (E1)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from driftwatch.events.records import Partition, RecordBatch
from driftwatch.monitor.accepting import Accept
from driftwatch.monitor.changes import BEFORE, Entry, Journaled, JournalRow
from driftwatch.monitor.monitor import Inputs

Offsets = Mapping[Partition, int]

SAID: Final = frozenset({Entry.CLOSE, Entry.LAYOUT, Entry.LEARNING, Entry.END, Entry.HALVE, Entry.DECIDE})
"""Entries that a recomputation comes to by itself, so that they can be compared."""


@dataclass(slots=True)
class Step:
    """All rows of one commit."""

    sequence: int
    before: list[JournalRow] = field(default_factory=list[JournalRow])
    """What took effect right after the commit before, at the offsets of that one."""
    offsets: Offsets | None = None
    """Up to where the commit had read; None where nothing of it was journaled."""
    inputs: Inputs = field(default_factory=Inputs)
    admitted: dict[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]])
    """Versions by model that were seen for the first time between the commit before and this one."""
    said: list[JournalRow] = field(default_factory=list[JournalRow])


def steps(journal: Iterable[Journaled]) -> Iterator[Step]:
    """The steps in the order of their commits."""
    for sequence, rows in groupby(journal, key=lambda entry: entry.sequence):
        yield _step(sequence, [entry.row for entry in rows])


def _step(sequence: int, rows: list[JournalRow]) -> Step:
    step = Step(sequence)
    idle: set[Partition] = set()
    acknowledged: list[tuple[str, str]] = []
    accepted: list[Accept] = []
    for row in rows:
        if row.kind in BEFORE:
            step.before.append(row)
            continue
        if row.kind == Entry.SET_ASIDE:
            continue
        step.offsets = row.offsets
        if row.kind == Entry.IDLE:
            idle.add(partition_of(row))
        elif row.kind == Entry.ACKNOWLEDGE:
            acknowledged.append((row.details["episode"], row.details["by"]))
        elif row.kind == Entry.ACCEPT:
            accepted.append(Accept(**row.details))
        elif row.kind == Entry.ADMIT:
            model = row.details["model"]
            step.admitted[model] = step.admitted.get(model, frozenset()) | {row.details["version"]}
        else:
            step.said.append(row)
    step.inputs = Inputs(idle=frozenset(idle), acknowledged=tuple(acknowledged), accepted=tuple(accepted))
    return step


def partition_of(row: JournalRow) -> Partition:
    """The partition of which a row speaks."""
    return Partition(row.details["topic"], row.details["partition"])


@dataclass(slots=True)
class SetAside:
    """Which records the live daemon set aside by the wall clock (E6): journaled offset ranges."""

    ranges: dict[Partition, list[tuple[int, int]]] = field(
        default_factory=dict[Partition, list[tuple[int, int]]]
    )

    @classmethod
    def of(cls, journal: Iterable[Journaled]) -> SetAside:
        """All of a journal."""
        made = cls()
        for _, _, row in journal:
            if row.kind == Entry.SET_ASIDE:
                here = made.ranges.setdefault(partition_of(row), [])
                here.append((row.details["first"], row.details["last"]))
        return made

    def among(self, batch: RecordBatch) -> NDArray[np.bool_]:
        """bool[n]: the records of a batch that were set aside."""
        far = np.zeros(len(batch), np.bool_)
        for first, last in self.ranges.get(batch.partition, ()):
            far |= (batch.offsets >= first) & (batch.offsets <= last)
        return far


def comparable(rows: Iterable[JournalRow]) -> list[tuple[str, Any]]:
    """What rows say, in their order, of what a recomputation comes to by itself."""
    return [(str(row.kind), dict(row.details)) for row in rows if row.kind in SAID]
