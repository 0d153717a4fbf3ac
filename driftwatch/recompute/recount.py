"""The recomputation: reads the logs along the journal into a core of its own, and compares at every step (E1)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from driftwatch.errors import StateError
from driftwatch.events.records import Partition
from driftwatch.monitor.changes import Changes, Entry, Journaled, JournalRow, Saved
from driftwatch.monitor.monitor import Inputs, Monitor
from driftwatch.monitor.recorded import PLANS, plans_of
from driftwatch.recompute.compare import Comparison
from driftwatch.recompute.logs import Logs, Open
from driftwatch.recompute.steps import Offsets, SetAside, partition_of, steps
from driftwatch.storage.memory import MemoryCheckpoint


def first_offsets(journal: Sequence[Journaled]) -> dict[Partition, int]:
    """Where counting began in every partition that the journal names."""
    found: dict[Partition, int] = {}
    for _, _, row in journal:
        if row.kind == Entry.START:
            found.setdefault(partition_of(row), int(row.details["first"]))
    return found


class Recount:
    """One recomputation of a checkpoint; iterate `run` once, for progress, then read `comparison`."""

    def __init__(self, live: Saved, journal: Sequence[Journaled], hash_key: bytes, open_: Open) -> None:
        """Raises StateError where the journal does not begin at the beginning, SourceError where logs cannot be opened."""
        if journal and journal[0].number != 1:
            raise StateError("the oldest rows of the journal are gone: it no longer says how counting began")
        self.comparison = Comparison()
        self.records = 0
        self._live, self._journal, self._key = live, journal, hash_key
        first = first_offsets(journal)
        self._logs = Logs(first, {p: live.offsets.get(p, at) for p, at in first.items()}, open_)
        self.total = self._logs.left
        """Offsets to be read in all: an upper bound of the records."""
        self._aside = SetAside.of(journal)
        self._store = MemoryCheckpoint(hash_key=hash_key)
        self._monitor: Monitor | None = None
        self._sequence = 0
        """Number of the live commit at which we stand."""

    def run(self) -> Iterator[int]:
        """Recompute everything; yields the number of records read so far.

        Raises SourceError where a log cannot be read.
        """
        for step in steps(self._journal):
            for row in step.before:
                yield from self._reach(row.offsets, step.sequence - 1)
                self._enter(row)
            if step.offsets is not None:
                yield from self._read(step.offsets, step.admitted)
                said = self._commit(step.inputs, step.sequence)
                self.comparison.decided(step.said, said, step.sequence)
        yield from self._reach(self._live.offsets, self._live.sequence)
        self.comparison.ended(self._live, self._store.load())

    def _reach(self, offsets: Offsets, sequence: int) -> Iterator[int]:
        """Stand where that commit stood, if we do not yet; it had nothing to say."""
        if self._monitor is not None and self._sequence < sequence:
            yield from self._read(offsets, {})
            self.comparison.decided([], self._commit(Inputs(), sequence), sequence)

    def _read(self, offsets: Offsets, admitted: dict[str, frozenset[str]]) -> Iterator[int]:
        monitor = self._core()
        monitor.admit_only(admitted)
        for batch in self._logs.upto(offsets):
            monitor.ingest(batch, self._aside.among(batch))
            self.records += len(batch)
            yield self.records
        monitor.offsets.update(offsets)  # control records move positions, and are not handed over

    def _commit(self, inputs: Inputs, sequence: int) -> list[JournalRow]:
        changes: Changes = self._core().commit(inputs).changes
        self._store.commit(changes)
        self._sequence = sequence
        return changes.journal

    def _enter(self, row: JournalRow) -> None:
        if row.kind == Entry.PLANS:
            data = self._live.states[f"{PLANS}/{row.details['hash']}"]
            plans = plans_of(data, self._live.references)
            saved = self._store.load()
            self._monitor = Monitor(plans, saved, self._store.joins, self._key, bounded=False)
        elif row.kind == Entry.START:
            self._core().assign({partition_of(row): (row.details["first"], row.details["end"])})
        else:
            self._core().activate(partition_of(row))

    def _core(self) -> Monitor:
        if self._monitor is None:
            raise StateError("the journal does not begin with the plans that were counted with")
        return self._monitor
