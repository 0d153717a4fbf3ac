"""The recomputation: reads the logs along the journal into a core of its own, and compares at every step (E1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from driftwatch.errors import StateError
from driftwatch.events.records import Partition
from driftwatch.monitor.changes import Changes, Entry, Journaled, JournalRow, Saved
from driftwatch.monitor.model import Followed
from driftwatch.monitor.monitor import Inputs, Monitor
from driftwatch.monitor.recorded import PLANS, plans_of
from driftwatch.monitor.savepoints import Savepoint
from driftwatch.monitor.state import ModelState
from driftwatch.recompute.compare import Comparison
from driftwatch.recompute.horizon import beginning, model_states
from driftwatch.recompute.logs import Logs, Open
from driftwatch.recompute.steps import Offsets, SetAside, partition_of, steps
from driftwatch.storage.memory import MemoryCheckpoint


class Recount:
    """One recomputation of a checkpoint; iterate `run` once, for progress, then read `comparison`."""

    def __init__(
        self,
        live: Saved,
        journal: Sequence[Journaled],
        hash_key: bytes,
        open_: Open,
        earliest: Mapping[Partition, int] | None = None,
    ) -> None:
        """`earliest`: the first offset that each partition still has; by default everything is there.

        Raises StateError where the journal does not begin at the beginning and SourceError where records are gone, each
        unless a savepoint is left to begin at (E14); SourceError where logs cannot be opened.
        """
        self.begins = begins = beginning(live, journal, earliest or {})
        self.comparison = Comparison(begins.horizons)
        self.records = 0
        self._live, self._key = live, hash_key
        self._journal = [entry for entry in journal if entry.sequence > begins.sequence]
        self.comparison.passed_over(row for _, at, row in journal if at <= begins.sequence)
        first = begins.first
        self._logs = Logs(first, {p: live.offsets.get(p, at) for p, at in first.items()}, open_)
        self.total = self._logs.left
        """Offsets to be read in all: an upper bound of the records."""
        self._aside = SetAside.of(journal)
        self._store = MemoryCheckpoint(hash_key=hash_key)
        self._monitor: Monitor | None = None
        self._plans_hash = ""
        self._sequence = begins.sequence
        """Number of the live commit at which we stand."""
        if begins.sequence:
            self._store.commit(
                Changes(
                    offsets=dict(begins.offsets),
                    states=dict(begins.states),
                    references=dict(live.references),
                )
            )
            self._load(begins.states[PLANS].decode())

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
                said = self._commit(step.inputs, step.sequence, step.said)
                self.comparison.decided(step.said, said, step.sequence)
                self._begin_alerts(step.said)
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

    def _commit(self, inputs: Inputs, sequence: int, said: Sequence[JournalRow] = ()) -> list[JournalRow]:
        monitor = self._core()
        monitor.follow({model: followed(model, said) for model in self.begins.horizons})
        changes: Changes = monitor.commit(inputs).changes
        self._store.commit(changes)
        self._sequence = sequence
        return changes.journal

    def _begin_alerts(self, said: Sequence[JournalRow]) -> None:
        """At a savepoint behind a model's horizon, go on with what its alerts, evidence and classes were there (E14)."""
        names = [row.details["name"] for row in said if row.kind == Entry.SAVEPOINT]
        kept = [Savepoint.decoded(data) for name in names if (data := self._live.states.get(name))]
        for savepoint in kept:
            for model, state in model_states(savepoint.states).items():
                if model in self.comparison.blind and self.begins.horizons[model].begins(state):
                    self._take_up(model, savepoint.states, state)
                    self.comparison.blind.discard(model)

    def _take_up(self, model: str, states: Mapping[str, bytes], state: ModelState) -> None:
        """All of a model's states but how far its streams have come, which was counted again from the savepoint before."""
        counted, prefix = self._store.load(), f"{model}/"
        own = msgspec.msgpack.decode(counted.states[f"{prefix}model"], type=ModelState)
        taken: dict[str, bytes | None] = {name: None for name in counted.states if name.startswith(prefix)}
        taken |= {name: data for name, data in states.items() if name.startswith(prefix)}
        taken[f"{prefix}model"] = msgspec.msgpack.encode(msgspec.structs.replace(own, tally=state.tally))
        self._store.commit(Changes(states=taken))
        self._load(self._plans_hash)

    def _enter(self, row: JournalRow) -> None:
        if row.kind == Entry.PLANS:
            self._load(row.details["hash"])
        elif row.kind == Entry.START:
            self._core().assign({partition_of(row): (row.details["first"], row.details["end"])})
        else:
            self._core().activate(partition_of(row))

    def _load(self, plans_hash: str) -> None:
        """Go on from the last commit under the plans of this hash."""
        self._plans_hash = plans_hash
        plans = plans_of(self._live.states[f"{PLANS}/{plans_hash}"], self._live.references)
        self._monitor = Monitor(plans, self._store.load(), self._store.joins, self._key, bounded=False)

    def _core(self) -> Monitor:
        if self._monitor is None:
            raise StateError("the journal does not begin with the plans that were counted with")
        return self._monitor


def followed(model: str, said: Sequence[JournalRow]) -> Followed:
    """What a commit said of a model that rests on memory of before."""
    rows = [row for row in said if row.details.get("model") == model]
    return Followed(
        ended=frozenset((r.details["version"], r.details["layout"]) for r in rows if r.kind == Entry.END),
        limits=tuple(r.details["limit"] for r in rows if r.kind == Entry.HALVE),
    )
