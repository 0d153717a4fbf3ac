"""The product's core driven through a case: its commits as they would be stored, whatever crashed in between."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from driftwatch.drift.catalogue import STATISTICS
from driftwatch.drift.gather import Gather, Sides
from driftwatch.drift.reading import Estimate, Pair
from driftwatch.drift.spec import StatisticsSpec
from driftwatch.errors import StateError
from driftwatch.events.records import Partition, RecordBatch
from driftwatch.facts import Fact
from driftwatch.monitor import closing, judging, learning, model
from driftwatch.monitor.changes import Entry, JournalRow, Saved
from driftwatch.monitor.monitor import Inputs, Monitor, Outcome
from driftwatch.monitor.recorded import record
from driftwatch.recompute import recount
from driftwatch.recompute.compare import Comparison
from driftwatch.storage.memory import MemoryCheckpoint
from tests.monitor.world import KEY
from tests.scenarios.case import Assign, Case, Commit, Crash, Read, Reload, Step
from tests.scenarios.plain_records import Line
from tests.scenarios.worlds import ESTABLISHED, JUDGED, LEARNED_MIN, UNWRITTEN, World, world

Classes = Mapping[tuple[str, Partition], Mapping[str, int]]
DRAINING_MAX: Final = 2_000
"""Steps after which logs that are still not read to their ends never will be."""


@dataclass
class Committed:
    """One commit that was stored."""

    offsets: dict[Partition, int]
    journal: list[JournalRow]
    facts: list[Fact]
    classes: dict[str, Classes]
    """By model."""
    events: dict[tuple[str, str, str, str, int], list[int]]
    """Events of each window that was read, slice by slice, by (model, version, stream, window, end)."""
    idle: frozenset[Partition]
    finish: bool


@dataclass
class Run:
    """A core with its store."""

    world: World
    logs: Mapping[Partition, Sequence[Line]]
    block: int
    store: MemoryCheckpoint = field(default_factory=lambda: MemoryCheckpoint(hash_key=KEY))
    commits: list[Committed] = field(default_factory=list)
    bounds: dict[Partition, tuple[int, int]] = field(default_factory=dict)
    unbounded: bool = False
    """Never hold records back: follow what another run has taken."""

    def __post_init__(self) -> None:
        self.current = self.world
        self.load()

    def load(self) -> None:
        """As after a crash: the last commit is all there is."""
        plans, saved = [of.plan for of in self.current.models], self.store.load()
        self.monitor = Monitor(
            plans, saved, self.store.joins, KEY, keep_readings=True, bounded=not self.unbounded
        )
        self.monitor.assign(self.bounds)

    def reload(self, variant: int) -> None:
        """Another configuration from the last commit on; one that does not fit is refused, and the old one goes on."""
        before, worlds = self.current, (self.world, *self.world.variants)
        self.current = worlds[variant % len(worlds)]
        try:
            self.load()
        except StateError:
            self.current = before
            self.load()

    def configure(self, journal: Sequence[JournalRow]) -> None:
        """Go on with the configuration that these rows name, if they do."""
        hashes = [record([of.plan for of in w.models]).hash for w in (self.world, *self.world.variants)]
        for row in journal:
            if row.kind == Entry.PLANS and (self.commits or row.details["hash"] != hashes[0]):
                self.reload(hashes.index(row.details["hash"]))

    def assign(self, bounds: Iterable[tuple[Partition, int, int]]) -> None:
        new = {partition: (first, end) for partition, first, end in bounds if partition not in self.bounds}
        self.bounds |= new
        self.monitor.assign(new)

    def read(self, partition: Partition, records: int, wall_ms: int | None = None) -> bool:
        """Hand over the next records; answers whether there were any."""
        if partition not in self.bounds:
            return False
        expected = self.monitor.expected(partition)
        lines = [line for line in self.logs[partition] if line.offset >= expected]
        taken = lines[:records]
        if not taken:
            return False
        after = lines[records].offset if records < len(lines) else taken[-1].offset + 1
        batch = batch_of(partition, taken, after)
        far = None if wall_ms is None else batch.timestamps_ms > wall_ms
        self.monitor.ingest(batch, far)
        return True

    def read_to(
        self, partition: Partition, records: int, end: int, aside: set[tuple[Partition, int]]
    ) -> None:
        """Hand over the next records below `end`, with those set aside that were."""
        expected = self.monitor.expected(partition)
        lines = [line for line in self.logs[partition] if expected <= line.offset < end]
        taken = lines[:records]
        batch = batch_of(partition, taken, lines[records].offset if records < len(lines) else end)
        self.monitor.ingest(batch, np.array([(partition, line.offset) in aside for line in taken], np.bool_))

    def admit(self, journal: Sequence[JournalRow]) -> None:
        """Only versions that were admitted before this commit may come (E11)."""
        names: dict[str, frozenset[str]] = {}
        for row in journal:
            if row.kind == Entry.ADMIT:
                model = row.details["model"]
                names[model] = names.get(model, frozenset()) | {row.details["version"]}
        self.monitor.admit_only(names)

    @property
    def saved(self) -> Saved:
        """The last commit."""
        return self.store.load()

    def small(self) -> AbstractContextManager[None]:
        """See below."""
        return small(self.block, judged=bool(self.world.plan.spec.rules))

    def recomputed(self) -> Comparison:
        """Journal and logs once more, compared with what is stored."""
        kept = recount.plans_of
        if self.world.name == UNWRITTEN:
            plans = {record([w.plan]).data: [w.plan] for w in (self.world, *self.world.variants)}
            recount.plans_of = lambda data, _: plans[data]
        try:
            with self.small():
                made = recount.Recount(self.saved, self.store.journal(limit=10**6), KEY, self.open)
                for _ in made.run():
                    pass
        finally:
            recount.plans_of = kept
        return made.comparison

    def open(self, bounds: Mapping[Partition, tuple[int, int]]) -> Mapping[Partition, Iterator[RecordBatch]]:
        """The logs between offsets, for a recomputation, in batches of another size."""
        return {p: self._pieces(p, first, end) for p, (first, end) in bounds.items()}

    def _pieces(self, partition: Partition, first: int, end: int) -> Iterator[RecordBatch]:
        lines = [line for line in self.logs[partition] if first <= line.offset < end]
        for place in range(0, len(lines), 7):
            taken = lines[place : place + 7]
            yield batch_of(partition, taken, taken[-1].offset + 1)

    def commit(self, idle: Iterable[Partition] = (), *, finish: bool = False) -> None:
        """Only what has been taken to its end can be idle."""
        standing = frozenset(p for p in idle if p in self.bounds and p not in self.monitor.held)
        outcome = self.monitor.commit(Inputs(idle=standing, finish=finish))
        self.store.commit(outcome.changes)
        self.commits.append(self._committed(outcome, standing, finish))
        self.monitor.take_held()

    def _committed(self, outcome: Outcome, idle: frozenset[Partition], finish: bool) -> Committed:
        changes = outcome.changes
        classes: dict[str, dict[tuple[str, Partition], dict[str, int]]] = {}
        for name, of in self.monitor.models.items():
            found = classes.setdefault(name, {})
            for stream, place, why, count in of.tally.items():
                found.setdefault((stream, self.monitor._partitions.at(place)), {})[why] = count
        events = {
            (r.model, r.version, str(r.stream), r.window, r.end_ms): r.events.tolist()
            for r, _ in outcome.readings
        }
        return Committed(dict(changes.offsets), changes.journal, outcome.facts, classes, events, idle, finish)

    def step(self, step: Step) -> None:
        if isinstance(step, Assign):
            self.assign(step.bounds)
        elif isinstance(step, Read):
            self.read(step.partition, step.records, step.wall_ms)
        elif isinstance(step, Commit):
            self.commit(step.idle)
        elif isinstance(step, Reload):
            self.reload(step.variant)
        else:
            assert isinstance(step, Crash)
            if step.committing:
                self.monitor.commit(Inputs())
            self.load()

    def drain(self, finish: bool) -> None:
        """Read everything to its end, as far as partitions are not paused (E7); what is at its end is idle."""
        self.assign((p, lines[0].offset if lines else 0, 10**6) for p, lines in self.logs.items())
        for _ in range(DRAINING_MAX):
            left = {
                p for p, lines in self.logs.items() if lines and self.monitor.expected(p) <= lines[-1].offset
            }
            open_ = left - self.monitor.paused()
            for partition in sorted(open_):
                self.read(partition, 20)
            if not left and not self.monitor.held:
                break
            if not open_ or self.monitor.held:
                self.commit(self.logs.keys() - left)
        else:
            raise AssertionError("partitions are paused or records held for ever")
        self.commit()
        self.commit(finish=finish)


def batch_of(partition: Partition, lines: Sequence[Line], after: int) -> RecordBatch:
    """These records as a source hands them over; `after` is the position behind them."""
    return RecordBatch(
        partition,
        np.array([line.offset for line in lines], np.int64),
        np.array([line.stamp_ms for line in lines], np.int64),
        [line.value for line in lines],
        after,
    )


def run(case: Case) -> Run:
    """The case as it happens."""
    made = Run(world(case.world), case.logs, case.block)
    with made.small():
        for step in case.steps:
            made.step(step)
        made.drain(case.finish)
    return made


@contextmanager
def small(block: int, *, judged: bool) -> Iterator[None]:
    """Sizes that a log of a few dozen records reaches; only statistics that rules look at are computed."""
    kept = model.BLOCK, closing.ESTABLISHED, learning.EVENTS_MIN, judging.read
    model.BLOCK, closing.ESTABLISHED, learning.EVENTS_MIN = block, ESTABLISHED, LEARNED_MIN  # type: ignore[misc]
    judging.read = _some if judged else _none  # type: ignore[assignment]
    try:
        yield
    finally:
        model.BLOCK, closing.ESTABLISHED, learning.EVENTS_MIN, judging.read = kept  # type: ignore[misc]


def _some(pair: Pair, settings: StatisticsSpec, gather: Gather) -> dict[str, Estimate]:
    sides = Sides.of(pair, settings.confidence, gather)
    looked_at = (STATISTICS[name] for name in JUDGED)
    return {s.name: s.compute(sides) for s in looked_at if s.applies(pair.layout, pair.part)}


def _none(*_: object) -> dict[str, Estimate]:
    return {}


def follow(case: Case, made: Run, seed: int) -> Run:
    """The same commits once more without a crash: in between, the records in another interleaving (E1)."""
    rng = random.Random(seed)
    with made.small():
        again = Run(made.world, case.logs, case.block, unbounded=True)
        for commit in made.commits:
            again.configure(commit.journal)
            starts = [row.details for row in commit.journal if row.kind == Entry.START]
            again.assign((Partition(d["topic"], d["partition"]), d["first"], d["end"]) for d in starts)
            again.admit(commit.journal)
            aside = _aside(commit.journal)
            while left := [p for p, end in commit.offsets.items() if again.monitor.offsets[p] < end]:
                partition = rng.choice(left)
                again.read_to(partition, rng.choice([1, 5, 40]), commit.offsets[partition], aside)
            again.commit(commit.idle, finish=commit.finish)
    return again


def _aside(journal: Sequence[JournalRow]) -> set[tuple[Partition, int]]:
    return {
        (Partition(row.details["topic"], row.details["partition"]), offset)
        for row in journal
        if row.kind == Entry.SET_ASIDE
        for offset in range(row.details["first"], row.details["last"] + 1)
    }
