"""One model: records in; at a commit labels meet predictions, panes close, windows are read and alerts decided."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from driftwatch.alerts.lifecycle import AlertCause
from driftwatch.errors import ReferenceFileError
from driftwatch.events.block import Block
from driftwatch.events.classes import RecordClass, Stream
from driftwatch.events.joins import JoinTables
from driftwatch.events.order import AFTER_ALL
from driftwatch.events.records import Partition, RecordBatch
from driftwatch.events.waiting import Waiting
from driftwatch.facts import (
    Fact,
    RecordsRejected,
    ReferenceLearned,
    SampleHalved,
    SlicesFolded,
    SplitIds,
)
from driftwatch.monitor.changes import Changes, Entry, JournalRow, Saved
from driftwatch.monitor.closing import Closing
from driftwatch.monitor.counting import ALL_IDS, Counting
from driftwatch.monitor.decisions import Decisions, DecisionState, journaled
from driftwatch.monitor.forgetting import drop_generations, expired_ms, halve_sample, lower_sample, pass_over
from driftwatch.monitor.history import History, HistoryState
from driftwatch.monitor.inflow import Inflow, inflow_of
from driftwatch.monitor.inspecting import Inspecting, InspectState
from driftwatch.monitor.learning import Learning
from driftwatch.monitor.limits import release_limits
from driftwatch.monitor.partitions import Partitions
from driftwatch.monitor.plan import ModelPlan
from driftwatch.monitor.resuming import inputs_wait, resumed, still_accepted, version_states
from driftwatch.monitor.snapshot import ModelView
from driftwatch.monitor.spec import SKEW_PANES
from driftwatch.monitor.state import ModelState, StreamState, check, load
from driftwatch.monitor.tally import Tally
from driftwatch.monitor.values import SliceValues
from driftwatch.monitor.versions import Versions
from driftwatch.monitor.view import version_views
from driftwatch.monitor.watching import Watching, stored_evidence
from driftwatch.references.codec import encode
from driftwatch.references.reference import Reference

BLOCK: Final = 8_192
"""Events that are counted together: large enough for NumPy, small enough for the cache."""
WAITING_MAX: Final = 200_000
"""Events that may wait per stream; beyond it the stream is paused (E7)."""
_ORDER: Final = (Stream.PREDICTIONS, Stream.FEATURES, Stream.LABELS)


@dataclass(frozen=True, slots=True)
class Followed:
    """What one commit of the live daemon decided by memory that a recomputation does not have (E14)."""

    ended: frozenset[tuple[str, str]] = frozenset()
    """(version, layout) of those that had left every window."""
    limits: tuple[int, ...] = ()
    """New limits of the sample, in their order (E12)."""


class ModelMonitor:
    """All of one model's state; only `ingest` and `settle` change it, in the thread that owns it."""

    def __init__(
        self,
        plan: ModelPlan,
        saved: Saved,
        joins: JoinTables,
        partitions: Partitions,
        hash_key: bytes,
        *,
        keep_readings: bool = False,
    ) -> None:
        self._partitions = partitions
        state = load(saved, f"{plan.name}/model", ModelState)
        stored = version_states(plan.name, saved)
        plan = resumed(plan, state, stored, saved)
        check(plan, state, inputs_wait=inputs_wait(saved, plan.name))
        self.plan = plan
        self.tally = Tally(state.tally)
        self.values = SliceValues(plan.slice_columns, state.values)
        self.versions = Versions(plan, self.values, state.versions)
        self.versions.learned_hashes, self.versions.accepted = state.learned, still_accepted(plan, state)
        self.inspecting = Inspecting(
            plan, load(saved, f"{plan.name}/inspection", InspectState), partitions.at
        )
        self.counting = Counting(
            plan, self.versions, self.values, self.tally, joins, self.inspecting, state.scored
        )
        self.counting.limit = min(
            state.limit, int((plan.spec.labels.sample if plan.spec.labels else 1.0) * ALL_IDS)
        )
        self.decisions = Decisions(plan, load(saved, f"{plan.name}/decisions", DecisionState))
        self.decisions.reconfigure()
        self.watching = Watching(plan, stored_evidence(plan.name, saved))
        self.history = History(load(saved, f"{plan.name}/history", HistoryState))
        self.closing = Closing(
            plan,
            self.versions,
            self.decisions,
            self.watching,
            self.inspecting,
            self.history,
            keep_readings=keep_readings,
        )
        self.inflows: dict[Stream, Inflow] = {}
        self.waiting: dict[Stream, Waiting] = {}
        for stream in plan.streams:
            inflow = inflow_of(plan, stream, hash_key)
            released_ms = inflow.frontier_ms
            if known := state.streams.get(stream):
                inflow.restore(known.orders, known.frontier_ms, known.reached_ms)
                released_ms = known.released_ms
            self.inflows[stream] = inflow
            self.waiting[stream] = Waiting(f"{plan.name}/{stream}", saved.chunks, released_ms)
        for name in self.versions.restore(stored, saved):
            self.decisions.end_version(name, AlertCause.RECONFIGURED)
        for version in self.versions.live.values():
            self.watching.restore(version)
        self._forgotten: dict[str, bytes | None] = {}
        """Chunks of references that need not be learned any more."""
        for name, learning_state in state.learning.items():
            learning = Learning(plan, name, learning_state, saved.chunks)
            choice = plan.choice(name)
            if choice is not None and choice.learn_ms is not None:
                self.versions.learning[name] = learning
            else:
                self._forgotten |= learning.forget()
        self._written: dict[str, bytes] = {
            k: v for k, v in saved.states.items() if k.startswith(f"{plan.name}/")
        }
        self.followed: Followed | None = None
        """`recompute` beyond its horizon: what the journal says instead of what memory would."""

    def room(self, batch: RecordBatch) -> int:
        """How many of the batch's first records may be taken before a commit (P7)."""
        place = self._partitions.place(batch.partition)
        return min(
            (inflow.room(batch, place) for inflow in self._inflows(batch.partition)), default=len(batch)
        )

    def presses(self, partition: Partition) -> bool:
        """Whether a stream without room waits for this partition."""
        place = self._partitions.place(partition)
        return any(inflow.presses(place) for inflow in self._inflows(partition))

    @property
    def topics(self) -> set[str]:
        """Topics that this model reads."""
        return {stream.topic for stream in self.plan.streams.values()}

    def meet(self, partition: Partition, *, empty: bool) -> bool:
        """A partition exists and is assigned (E4); answers whether that is new to some stream."""
        place = self._partitions.place(partition)
        new = [inflow.meet(place, empty=empty) for inflow in self._inflows(partition)]
        return any(new)

    def activate(self, partition: Partition) -> None:
        """An idle partition will hand over a record again: what `ingest` notices by itself (E4)."""
        for inflow in self._inflows(partition):
            inflow.activate(self._partitions.place(partition))

    def _inflows(self, partition: Partition) -> Iterator[Inflow]:
        return (inflow for inflow in self.inflows.values() if inflow.plan.topic == partition.topic)

    def ingest(self, batch: RecordBatch) -> bool:
        """Take a batch; answers whether an idle partition is active again (a journal row)."""
        place = self._partitions.place(batch.partition)
        returned = False
        for inflow in self._inflows(batch.partition):
            block, active_again = inflow.take(batch, place, self.tally)
            returned |= active_again
            if len(block) and self.plan.learns:
                self._learn_from(inflow.stream, block, batch)
            if inflow.buffered >= BLOCK:
                self._flush(inflow)
        return returned

    def _learn_from(self, stream: Stream, block: Block, batch: RecordBatch) -> None:
        """Keep what a reference may be learned from; looking a version up here admits it for learning."""
        if stream is Stream.PREDICTIONS:
            for name in dict.fromkeys(block.versions):
                self.versions.find(name)
        for learning in self.versions.learning.values():
            learning.keep(stream, block, batch)

    def set_aside(self, partition: Partition, records: int) -> None:
        """Records from beyond the wall clock were set aside by the loop: class `future` (E6)."""
        for inflow in self._inflows(partition):
            self.tally.add(inflow.stream, self._partitions.place(partition), RecordClass.FUTURE, records)

    def _flush(self, inflow: Inflow) -> None:
        self.inspecting.look(inflow.stream, inflow.take_candidates())
        block = inflow.drain()
        if block is None:
            return
        arrive = {
            Stream.PREDICTIONS: self.counting.arrive_predictions,
            Stream.FEATURES: self.counting.arrive_features,
            Stream.LABELS: self.counting.arrive_labels,
        }[inflow.stream]
        if (waiting := arrive(block)) is not None:
            self.waiting[inflow.stream].add(waiting)

    def settle(self, offsets: Mapping[Partition, int], changes: Changes, *, finish: bool) -> list[Fact]:
        """Everything that happens at a commit (E1): frontiers, releases, closing, reading, deciding."""
        for stream in _ORDER:
            if (inflow := self.inflows.get(stream)) is not None:
                self._flush(inflow)
                inflow.advance()
        if finish:
            for inflow in self.inflows.values():
                inflow.finish()
        pass_over(self.plan, self._limits(), self.inflows)
        limits = self._release()
        if finish:
            limits = dict.fromkeys(limits, self._ends_ms())
        if self.plan.own_labels:
            limits[Stream.LABELS] = limits[Stream.PREDICTIONS]
        facts = self.closing.close(limits)
        if facts:
            if Stream.LABELS in self.inflows:
                self.decisions.judge_lateness(self.tally)
            self.decisions.mark(max(inflow.newest_ms for inflow in self.inflows.values()), offsets)
            said = {"limits": dict(limits), "panes": self.closing.take_digests()}
            self._journal(changes, Entry.CLOSE, offsets, said)
        if not finish:
            facts.extend(self._learn(offsets, changes))
        facts.extend(self._end_versions(limits, offsets, changes))
        for name in self.versions.take_admitted():
            self._journal(changes, Entry.ADMIT, offsets, {"version": name})
        facts.extend(self._noticed())
        facts.extend(self._bound_joins(offsets, changes))
        told = self._told(changes)
        if decided := journaled(told):
            self._journal(changes, Entry.DECIDE, offsets, decided)
        self._store(changes)
        return [*facts, *told]

    def _journal(
        self, changes: Changes, kind: Entry, offsets: Mapping[Partition, int], details: Mapping[str, Any]
    ) -> None:
        changes.journal.append(JournalRow(kind, dict(offsets), {"model": self.plan.name, **details}))

    def _ends_ms(self) -> int:
        """End of the last window that holds something: up to here everything closes when the inputs end.

        An event may lie beyond every running maximum: it may be ahead of its record (E6).
        """
        series = [s for version in self.versions.all for s in version.series.values()]
        open_ms = [start_ms for s in series if (start_ms := s.newest_ms) is not None]
        newest = max([*open_ms, *(inflow.newest_ms for inflow in self.inflows.values())])
        origin = self.plan.spec.origin_ms
        return max(newest - (newest - origin) % w.slide_ms + w.slide_ms for w in self.plan.windows)

    def _limits(self) -> dict[Stream, int]:
        limits = release_limits(
            self.plan,
            {stream: inflow.frontier_ms for stream, inflow in self.inflows.items()},
            {stream: inflow.holding_ms for stream, inflow in self.inflows.items()},
        )
        return {stream: max(limit, self.waiting[stream].released_ms) for stream, limit in limits.items()}

    def _expired_ms(self) -> int:
        released_ms = {stream: waiting.released_ms for stream, waiting in self.waiting.items()}
        return expired_ms(self.plan, released_ms, self.inflows)

    def _release(self) -> dict[Stream, int]:
        limits = self._limits()
        release = {
            Stream.PREDICTIONS: self.counting.release_predictions,
            Stream.FEATURES: self.counting.release_features,
            Stream.LABELS: self.counting.release_labels,
        }
        for stream in (stream for stream in _ORDER if stream in limits):
            waiting = self.waiting[stream]
            for stop_ms in waiting.stops(limits[stream]):
                if (block := waiting.release(stop_ms)) is not None:
                    release[stream](block)
        return limits

    def _learn(self, offsets: Mapping[Partition, int], changes: Changes) -> list[Fact]:
        """Versions that have been watched for long enough get their reference; their layout starts after it (E10)."""
        facts: list[Fact] = []
        inflow = self.inflows[Stream.PREDICTIONS]
        for name, learning in sorted(self.versions.learning.items()):
            choice = self.plan.choice(name)
            if (
                choice is None
                or choice.learn_ms is None
                or not learning.due(inflow.frontier_ms, choice.learn_ms)
            ):
                changes.chunks |= learning.changes()
                continue
            try:
                reference = learning.learn(created_ms=inflow.frontier_ms)
                plan = self.plan.with_reference(name, reference)
                self._replan(plan)
            except ReferenceFileError as error:
                became = self._learn_on(learning, inflow.frontier_ms, choice.learn_ms, changes)
                row = {"version": name, "became": became, "why": str(error)}
                self._journal(changes, Entry.LEARNING, offsets, row)
                continue
            changes.chunks |= learning.forget()
            changes.references[reference.hash] = encode(reference)
            starts_ms = self.versions.learned(name, reference, learning.state.last_ms)
            row = {"version": name, "layout": reference.layout.hash, "starts_ms": starts_ms}
            self._journal(changes, Entry.LAYOUT, offsets, row)
            facts.append(ReferenceLearned(self.plan.name, name, reference.hash, reference.events))
        for learning in self.versions.learning.values():
            learning.state.settled = True
        return facts

    def _learn_on(self, learning: Learning, frontier_ms: int, learn_ms: int, changes: Changes) -> str:
        """What was kept makes no reference: too little, or its fields are of other kinds than other versions' are.

        Answers what becomes of it: `given_up` or `put_off`.
        """
        changes.chunks |= learning.changes()
        if learning.over(frontier_ms, learn_ms):
            changes.chunks |= learning.forget()
            del self.versions.learning[learning.version]
            return "given_up"
        learning.postpone(frontier_ms)
        return "put_off"

    def _replan(self, plan: ModelPlan) -> None:
        """Read and count by another plan from now on; blocks are drained, and only labels can be waiting."""
        streams = plan.streams  # raises where the references disagree, before anything changes
        self.plan = plan
        for stream, inflow in self.inflows.items():
            inflow.replan(streams[stream])
        self.counting.plan = plan
        self.inspecting.replan(plan)
        self.versions.replan(plan)

    def take_over(self, version: str, reference: Reference) -> None:
        """Compare a live version with another reference in its layout from now on; its evidence starts anew."""
        self.plan = self.counting.plan = self.plan.with_reference(version, reference)
        self.versions.accept(self.plan, version, reference)
        self.watching.forget(version)

    def _end_versions(
        self, limits: dict[Stream, int], offsets: Mapping[Partition, int], changes: Changes
    ) -> list[Fact]:
        if self.followed is None:
            gone = self.versions.ended(limits[Stream.PREDICTIONS], self._expired_ms())
        else:
            gone = self.versions.end(self.followed.ended)
        for version in gone:
            if not version.draining:
                self.decisions.end_version(version.name)
                self.watching.forget(version.name)
                self.inspecting.forget(version.name)
            row = {"version": version.name, "layout": version.layout.hash}
            self._journal(changes, Entry.END, offsets, row)
        return self.versions.take_facts()

    def _noticed(self) -> list[Fact]:
        noticed, model = self.counting.take_noticed(), self.plan.name
        facts: list[Fact] = self.inspecting.take_facts()
        facts += [SlicesFolded(model, column, count) for column, count in noticed.folded.items()]
        facts += [SplitIds(model, stream, count) for stream, count in noticed.split.items()]
        for inflow in self.inflows.values():
            if inflow.letters:
                facts.append(RecordsRejected(tuple(inflow.letters)))
                inflow.letters = []
        return facts

    def _bound_joins(self, offsets: Mapping[Partition, int], changes: Changes) -> list[Fact]:
        """Forget what nothing can reach any more, and halve the sample at the hard limit (E12)."""
        drop_generations(self.plan, self.counting, self._expired_ms())
        facts: list[Fact] = []
        if self.followed is None:
            limits = halve_sample(self.plan, self.counting)
        else:
            limits = lower_sample(self.counting, self.followed.limits)
        for limit in limits:
            self._journal(changes, Entry.HALVE, offsets, {"limit": limit})
            facts.append(SampleHalved(self.plan.name, limit / ALL_IDS))
        return facts

    def _told(self, changes: Changes) -> list[Fact]:
        facts, self.decisions.facts = self.decisions.facts, []
        changes.notifications += self.decisions.notifications
        self.decisions.notifications = []
        return facts

    def _store(self, changes: Changes) -> None:
        name = self.plan.name
        for waiting in self.waiting.values():
            changes.chunks |= waiting.changes()
        changes.chunks |= self._forgotten
        self._forgotten = {}
        for version in self.versions.all:
            changes.panes |= version.changes()
        changes.panes |= self.versions.take_dropped()
        now = {f"{name}/version/{v}": state for v, state in self.versions.states().items()}
        now |= {f"{name}/evidence/{v}": state for v, state in self.watching.states().items()}
        now[f"{name}/model"] = msgspec.msgpack.encode(self._state())
        now[f"{name}/inspection"] = self.inspecting.encoded()
        now[f"{name}/history"] = self.history.encoded()
        now[f"{name}/decisions"] = msgspec.msgpack.encode(self.decisions.state)
        for key, state in now.items():
            if self._written.get(key) != state:
                changes.states[key] = state
        for key in self._written.keys() - now.keys():
            changes.states[key] = None
        self._written = now

    @property
    def states(self) -> Mapping[str, bytes]:
        """What the checkpoint holds of this model, as of the last commit."""
        return self._written

    def _state(self) -> ModelState:
        streams = {
            stream: StreamState(
                inflow.orders, inflow.frontier_ms, self.waiting[stream].released_ms, inflow.reached_ms
            )
            for stream, inflow in self.inflows.items()
        }
        return ModelState(
            streams=streams,
            tally=self.tally.saved(),
            versions=self.versions.names,
            columns=list(self.values.columns),
            scored=self.counting.class_scores.known,
            values=self.values.saved(),
            limit=self.counting.limit,
            learned=self.versions.learned_hashes,
            accepted=self.versions.accepted,
            learning={name: learning.state for name, learning in self.versions.learning.items()},
            generation_ms=self.plan.generation_ms,
            counted_with=self.plan.counted_with,
        )

    def pauses(self) -> tuple[set[Partition], set[Partition]]:
        """Partitions to be paused: ahead of their stream (E7), or of a stream in which too much waits; and those
        that a stream needs to come on: pausing them for another stream's sake would hold both for ever.
        """
        skew_ms = SKEW_PANES * min(window.slide_ms for window in self.plan.windows)
        paused: set[int] = set()
        needed: set[int] = set()
        for stream, inflow in self.inflows.items():
            if self._crowded(stream):
                paused |= set(inflow.orders)
            else:
                paused |= inflow.ahead(skew_ms)
                needed |= inflow.furthest_behind()
        at = self._partitions.at
        return {at(place) for place in paused}, {at(place) for place in needed}

    def _crowded(self, stream: Stream) -> bool:
        """Whether too much waits for streams that are behind; the one that is furthest behind must come on."""
        awaited = [
            i.holding_ms for s, i in self.inflows.items() if s is not stream and s is not Stream.LABELS
        ]
        behind = min(awaited, default=AFTER_ALL) < self.inflows[stream].frontier_ms
        return behind and len(self.waiting[stream]) > WAITING_MAX

    def view(self) -> ModelView:
        """The picture of this model for the snapshot."""
        at = self._partitions.at
        return ModelView(
            model=self.plan.name,
            task=self.plan.spec.task.value,
            versions=version_views(
                self.versions,
                self.watching.views,
                self.inspecting.views,
                self.decisions.state.late.verdict,
                self.watching.prospects,
                self.history.verdicts,
            ),
            alerts=self.decisions.alerts(),
            episodes=self.decisions.episodes(),
            decisions=self.decisions.log(),
            history=self.history.lines,
            classes={(stream, at(place), why): n for stream, place, why, n in self.tally.items()},
            frontiers_ms={stream: inflow.frontier_ms for stream, inflow in self.inflows.items()},
            waiting=sum(len(waiting) for waiting in self.waiting.values()),
            remembered=len(self.counting.predictions),
            sample=self.counting.limit / ALL_IDS,
        )
