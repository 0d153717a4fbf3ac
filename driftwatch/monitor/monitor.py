"""The whole core: several models over one set of partitions, one commit for all of them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from driftwatch.alerts.lifecycle import IllegalTransitionError
from driftwatch.drift.reading import Reading
from driftwatch.events.joins import JoinTables
from driftwatch.events.order import BEFORE_ALL
from driftwatch.events.records import Partition, RecordBatch
from driftwatch.facts import Fact, PartitionIdle, ReferenceAccepted
from driftwatch.monitor.accepting import Accept, Refusal, accept
from driftwatch.monitor.changes import Changes, Entry, JournalRow, Saved
from driftwatch.monitor.model import Followed, ModelMonitor
from driftwatch.monitor.partitions import Partitions
from driftwatch.monitor.plan import ModelPlan
from driftwatch.monitor.recorded import PLANS, record, references_of
from driftwatch.monitor.savepoints import PREFIX, Savepoint, Savepoints
from driftwatch.monitor.snapshot import RuleView, Snapshot
from driftwatch.references.codec import encode

PARTITIONS: Final = "partitions"
"""The state that holds the partitions by position."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """What the logs do not determine and enters at a commit (E1)."""

    idle: frozenset[Partition] = frozenset()
    """Partitions that have been idle for long enough (E4)."""
    finish: bool = False
    """The inputs ended for good (files)."""
    acknowledged: tuple[tuple[str, str], ...] = ()
    """(episode, by whom)."""
    accepted: tuple[Accept, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a commit has decided; nothing of it is true before `changes` are stored."""

    changes: Changes
    facts: list[Fact] = field(default_factory=list[Fact])
    refused: dict[str, str] = field(default_factory=dict[str, str])
    """Acknowledgements that were refused: episode and why (`unknown`, `conflict`)."""
    accepted: dict[Accept, str] = field(default_factory=dict[Accept, str])
    """What became of each: the hash of the new reference, or a `Refusal`."""
    readings: list[tuple[Reading, tuple[RuleView, ...]]] = field(
        default_factory=list[tuple[Reading, tuple[RuleView, ...]]]
    )
    """Every reading with what the rules said of it, where asked for."""


class Monitor:
    """Pure but for the join tables handed in: the same records, commits and inputs give the same outcomes."""

    def __init__(
        self,
        plans: Sequence[ModelPlan],
        saved: Saved,
        joins: JoinTables,
        hash_key: bytes,
        *,
        keep_readings: bool = False,
        bounded: bool = True,
    ) -> None:
        """Continues at `saved`; raises StateError where it does not fit the plans.

        With `keep_readings` outcomes carry every reading (replay); the daemon shows only the last ones. With
        `bounded` false nothing is held (`recompute`, where the journal says when panes close).
        """
        self._bounded = bounded
        stored = saved.states.get(PARTITIONS)
        self._partitions = Partitions(
            msgspec.msgpack.decode(stored, type=list[tuple[str, int]]) if stored else []
        )
        self._stored_partitions = stored
        self.models = {
            p.name: ModelMonitor(p, saved, joins, self._partitions, hash_key, keep_readings=keep_readings)
            for p in plans
        }
        self.offsets: dict[Partition, int] = dict(saved.offsets)
        self._committed = dict(self.offsets)
        self._held: dict[Partition, deque[tuple[RecordBatch, NDArray[np.bool_]]]] = {}
        self._journal: list[JournalRow] = []
        self._facts: list[Fact] = []
        self._savepoints = Savepoints(saved.states)
        self._other_states = {name: data for name, data in saved.states.items() if self._is_other(name)}
        """Of models that the configuration has no more: should one come back, it goes on where it was."""
        self._plans = record(plans)
        self._new_plans: tuple[ModelPlan, ...] = ()
        if saved.states.get(PLANS) != self._plans.hash.encode():
            self._new_plans = tuple(plans)
            self._enter(Entry.PLANS, {"hash": self._plans.hash})

    def _enter(self, kind: Entry, details: dict[str, Any]) -> None:
        """A journal row of something that takes effect right after the last commit."""
        self._journal.append(JournalRow(kind, dict(self._committed), details))

    @property
    def topics(self) -> list[str]:
        """All topics that some model reads."""
        return sorted({topic for model in self.models.values() for topic in model.topics})

    def assign(self, partitions: Mapping[Partition, tuple[int, int]]) -> None:
        """Partitions with their (first, end) offsets: a non-empty one is active from before all times (E4)."""
        for partition, (first, end) in sorted(partitions.items()):  # numbers decide ties (E2)
            self.offsets.setdefault(partition, first)
            new = [model.meet(partition, empty=first == end) for model in self.models.values()]
            if any(new):
                row = {"partition": partition.number, "topic": partition.topic, "first": first, "end": end}
                self._enter(Entry.START, row)

    def ingest(self, batch: RecordBatch, far: NDArray[np.bool_] | None = None) -> None:
        """Take a batch that continues its partition's log, as far as open panes leave room; the rest is held.

        `far` bool[n] marks records from beyond the wall clock: class `future`, never decoded (E6).
        """
        far = np.zeros(len(batch), np.bool_) if far is None else far
        self._held.setdefault(batch.partition, deque()).append((batch, far))
        self._take_held(batch.partition)

    @property
    def held(self) -> frozenset[Partition]:
        """Partitions of which records are held until a commit has closed panes: commit soon."""
        return frozenset(self._held)

    def take_held(self) -> None:
        """Go on with what was held. Call it once a commit is stored: what is taken now belongs to the next one."""
        for partition in sorted(self._held):
            self._take_held(partition)

    def expected(self, partition: Partition) -> int:
        """The offset from which the next batch must go on."""
        queue = self._held.get(partition)
        return queue[-1][0].next_offset if queue else self.offsets.get(partition, 0)

    def _take_held(self, partition: Partition) -> None:
        queue = self._held[partition]
        while queue:
            batch, far = queue.popleft()
            near = batch.without(far)
            room = self._room(near)
            if room == len(near):
                self._take(batch, near, far)
                continue
            cut = int(np.count_nonzero(batch.offsets < near.offsets[room]))
            if cut > 0:
                head, rest = batch.split(cut)
                self._take(head, head.without(far[:cut]), far[:cut])
                batch, far = rest, far[cut:]
            queue.appendleft((batch, far))
            return
        del self._held[partition]

    def _room(self, batch: RecordBatch) -> int:
        if not self._bounded:
            return len(batch)
        room = min(model.room(batch) for model in self.models.values())
        if room or not len(batch):
            return room
        # One stream waits for this partition, another for one that is held for the sake of the first: go on by one.
        return int(any(model.presses(batch.partition) for model in self.models.values()))

    def _take(self, batch: RecordBatch, near: RecordBatch, far: NDArray[np.bool_]) -> None:
        topic, number = batch.partition
        for start, stop in _runs(far):
            row = {
                "topic": topic,
                "partition": number,
                "first": int(batch.offsets[start]),
                "last": int(batch.offsets[stop - 1]),
            }
            self._enter(Entry.SET_ASIDE, row)
            for model in self.models.values():
                model.set_aside(batch.partition, stop - start)
        returned = [model.ingest(near) for model in self.models.values()]
        if any(returned):
            self._facts.append(PartitionIdle(topic, number, idle=False))
            self._enter(Entry.ACTIVE, {"topic": topic, "partition": number})
        self.offsets[batch.partition] = batch.next_offset

    def activate(self, partition: Partition) -> None:
        """`recompute`: an idle partition hands over a record again before the next commit (E4)."""
        for model in self.models.values():
            model.activate(partition)

    def admit_only(self, names: Mapping[str, frozenset[str]] | None) -> None:
        """`recompute`: by model the versions that may be admitted before the next commit (E11); None: any."""
        for name, model in self.models.items():
            model.versions.admissible = None if names is None else names.get(name, frozenset())

    def follow(self, said: Mapping[str, Followed]) -> None:
        """`recompute`: by model what the next commit takes from the journal, for memory of before is missing (E14)."""
        for name in self.models.keys() & said.keys():
            self.models[name].followed = said[name]

    def commit(self, inputs: Inputs) -> Outcome:
        """Decide everything that can be decided now, and say what to store."""
        changes = Changes(offsets=dict(self.offsets))
        changes.journal, self._journal = self._journal, []
        self._keep_plans(changes)
        refused = self._acknowledge(inputs, changes)
        accepted = self._accept(inputs, changes)
        facts, self._facts = self._facts, []
        facts += self._idle(inputs, changes)
        for model in self.models.values():
            facts += model.settle(self.offsets, changes, finish=inputs.finish)
        listed = msgspec.msgpack.encode(self._partitions.listed())
        if listed != self._stored_partitions:
            changes.states[PARTITIONS] = self._stored_partitions = listed
        self._save(changes)
        readings = [reading for model in self.models.values() for reading in model.closing.take_readings()]
        self._committed = dict(self.offsets)
        return Outcome(changes, facts, refused, accepted, readings)

    def _is_other(self, name: str) -> bool:
        model = name.partition("/")[0]
        return "/" in name and model not in self.models and not name.startswith((f"{PLANS}/", PREFIX))

    def _save(self, changes: Changes) -> None:
        """Once a day of event time keep what a recomputation cannot count again where records are gone (E14)."""
        decided_ms = max((model.decisions.state.time_ms for model in self.models.values()), default=0)
        if not self._savepoints.due(decided_ms) or self._stored_partitions is None:
            return
        states = {PLANS: self._plans.hash.encode(), PARTITIONS: self._stored_partitions}
        for of in (self._other_states, *(model.states for model in self.models.values())):
            states |= of
        name, kept = self._savepoints.take(decided_ms, Savepoint.of(self.offsets, states))
        changes.states |= kept
        changes.journal.append(JournalRow(Entry.SAVEPOINT, dict(self.offsets), {"name": name}))

    def _keep_plans(self, changes: Changes) -> None:
        """What `recompute` needs beside the topics: the configuration and the references counted with."""
        if self._new_plans:
            changes.states |= self._plans.states
            changes.references |= references_of(self._new_plans)
            self._new_plans = ()

    def _idle(self, inputs: Inputs, changes: Changes) -> list[Fact]:
        places = frozenset(self._partitions.place(partition) for partition in inputs.idle)
        inflows = [inflow for model in self.models.values() for inflow in model.inflows.values()]
        for inflow in inflows:
            # What a partition brought before it fell idle moves its stream first: else it would depend on how many
            # commits there were in between, and those that close nothing are not in the journal.
            inflow.advance()
        changed = {place for inflow in inflows for place, _ in inflow.set_idle(places)}
        facts: list[Fact] = []
        for place in sorted(changed):
            topic, number = self._partitions.at(place)
            row = {"topic": topic, "partition": number}
            changes.journal.append(JournalRow(Entry.IDLE, dict(self.offsets), row))
            facts.append(PartitionIdle(topic, number, idle=True))
        return facts

    def _acknowledge(self, inputs: Inputs, changes: Changes) -> dict[str, str]:
        refused: dict[str, str] = {}
        for episode, by in inputs.acknowledged:
            known = next((m for m in self.models.values() if m.decisions.knows(episode)), None)
            try:
                if known is None:
                    refused[episode] = "unknown"
                    continue
                known.decisions.acknowledge(episode, by)
            except IllegalTransitionError:
                refused[episode] = "conflict"
            else:
                row = {"episode": episode, "by": by}
                changes.journal.append(JournalRow(Entry.ACKNOWLEDGE, dict(self.offsets), row))
        return refused

    def _accept(self, inputs: Inputs, changes: Changes) -> dict[Accept, str]:
        became: dict[Accept, str] = {}
        for asked in inputs.accepted:
            model = self.models.get(asked.model)
            found = Refusal.UNKNOWN if model is None else accept(model, asked)
            if isinstance(found, Refusal):
                became[asked] = found
                continue
            became[asked] = found.hash
            self._facts.append(ReferenceAccepted(asked.model, asked.version, found.hash, asked.by))
            changes.references[found.hash] = encode(found)
            changes.journal.append(JournalRow(Entry.ACCEPT, dict(self.offsets), asked.row))
        return became

    def paused(self) -> set[Partition]:
        """Partitions that should hand over nothing for now: ahead of their stream (E7), or held already."""
        pauses = [model.pauses() for model in self.models.values()]
        paused = {partition for ahead, _ in pauses for partition in ahead}
        return (paused - {partition for _, needed in pauses for partition in needed}) | self.held

    def newest_ms(self) -> dict[tuple[str, str], int]:
        """The newest event time by (model, stream), of streams that had one."""
        return {
            (name, stream.value): inflow.newest_ms
            for name, model in self.models.items()
            for stream, inflow in model.inflows.items()
            if inflow.newest_ms > BEFORE_ALL
        }

    def snapshot(self, sequence: int) -> Snapshot:
        """The picture after the commit of this number."""
        models = {name: model.view() for name, model in self.models.items()}
        inflows = [i for model in self.models.values() for i in model.inflows.values()]
        idle = {
            self._partitions.at(place) for i in inflows for place, order in i.orders.items() if order.idle
        }
        series = [s for m in self.models.values() for v in m.versions.all for s in v.series.values()]
        return Snapshot(
            sequence=sequence,
            models=models,
            offsets=dict(self.offsets),
            open_panes=sum(s.open_panes for s in series),
            idle=frozenset(idle),
        )


def _runs(marked: NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    """Where consecutive records are marked: (first, behind the last)."""
    places = np.flatnonzero(marked)
    if len(places):
        for run in np.split(places, np.flatnonzero(np.diff(places) > 1) + 1):
            yield int(run[0]), int(run[-1]) + 1
