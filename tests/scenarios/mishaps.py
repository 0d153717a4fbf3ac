"""The loop with memory edges through random mishaps: fences, dealt anew, brokers away, commits lost or unknown, reloads (E9, E15 to E17)."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from driftwatch.errors import CommitUnknownError
from driftwatch.events.records import Partition, RecordBatch
from driftwatch.loop import Loop, LoopStatus, Prepared, Reload, Surroundings, Timing
from driftwatch.monitor.changes import Changes, JournalRow, Saved
from driftwatch.monitor.monitor import Monitor
from driftwatch.recompute.recount import Recount
from driftwatch.source.memory import MemorySource
from driftwatch.storage.memory import MemoryCheckpoint
from tests.monitor.world import KEY
from tests.scenarios.case import draw
from tests.scenarios.compare import agrees_with
from tests.scenarios.drive import batch_of, small
from tests.scenarios.plain_records import Line
from tests.scenarios.worlds import MINUTE, START, UNWRITTEN, World, world

SETTLING_MAX: Final = 3_000
"""Turns after which a loop whose surroundings are whole again must have read everything."""
_TURN_S: Final = (0.1, 1.1, 40.0)
_WALL_S: Final = (START + 10**6 * MINUTE) / 1_000


class Checkpoint(MemoryCheckpoint):
    """Keeps what was committed, and fails as it is told: `full`, `lost`, or `stored` although the answer got lost."""

    def __init__(self) -> None:
        super().__init__(hash_key=KEY)
        self.failures: list[str] = []
        self.commits: list[tuple[dict[Partition, int], list[JournalRow]]] = []

    def commit(self, changes: Changes) -> int:
        failure = self.failures.pop(0) if self.failures else ""
        if failure == "full":
            raise OSError("no space left")
        if failure == "lost":
            self.rollback()
            raise CommitUnknownError("nobody knows")
        self.commits.append((dict(changes.offsets), list(changes.journal)))
        sequence = super().commit(changes)
        if failure == "stored":
            raise CommitUnknownError("nobody knows")
        return sequence


@dataclass
class Daemon:
    """A loop with memory edges, clocks of its own, and records that are yet to be produced."""

    world: World
    rest: dict[Partition, list[Line]]
    now_s: float = 1_000.0
    refused: list[str] = field(default_factory=list)
    """Names of members that the loop stood by for, and refused records."""

    def __post_init__(self) -> None:
        self.current = self.next = self.world
        """The configuration in force, and the one that lies in the file."""
        topics: dict[str, int] = {}
        for partition in self.rest:
            topics[partition.topic] = max(topics.get(partition.topic, 0), partition.number + 1)
        self.source = MemorySource(topics, max_records=7)
        self.checkpoint = Checkpoint()
        around = Surroundings(
            monotonic_s=self._tick,
            wall_s=lambda: _WALL_S,
            monitor=self._monitor(self.world),
            prepare=self._prepare,
            render=lambda _: [],
            resumed=lambda _: None,
            committed=lambda *_: None,
            report=self._reported,
            wake=lambda: None,
        )
        self.loop = Loop(self.source, self.checkpoint, around, Timing(1.0, 60.0, 3 * MINUTE))
        self.source.start(sorted(topics), {})

    def _monitor(self, configured: World) -> Callable[[Saved], Monitor]:
        return lambda saved: Monitor([configured.plan], saved, self.checkpoint.joins, KEY)

    def _prepare(self) -> Prepared:
        configured = self.next

        def adopt() -> None:
            self.current = configured

        return Prepared(self._monitor(configured), adopt)

    def _tick(self) -> float:
        self.now_s += 0.001
        return self.now_s

    def _reported(self, status: LoopStatus) -> None:
        if status.standing_by:
            self.refused.append(status.standing_by)

    def produce(self, partition: Partition, records: int) -> None:
        """The next records reach the brokers; offsets that no record has are used up as markers are."""
        log = self.source.logs[partition]
        for line in self.rest[partition][:records]:
            log.high_watermark = max(log.high_watermark, line.offset)
            self.source.append(*partition, line.value, timestamp_ms=line.stamp_ms)
        del self.rest[partition][:records]

    def turns(self, count: int, seconds: float) -> None:
        for _ in range(count):
            self.now_s += seconds
            self.loop.turn()

    @property
    def logs(self) -> dict[Partition, list[Line]]:
        """What the topics hold: aborted records are gone."""
        return {
            partition: [Line(e.offset, e.timestamp_ms, e.value) for e in log.entries]
            for partition, log in self.source.logs.items()
        }

    def settle(self) -> None:
        """Everything is whole again and produced: the loop must come to the end of it."""
        self.checkpoint.failures.clear()
        self.source.leave(away=False)
        self.source.stand_by(None)
        for partition, log in self.source.logs.items():
            if log.open_from is not None:
                self.source.end_transaction(*partition, abort=False)
            self.produce(partition, 10**6)
        for _ in range(SETTLING_MAX):
            self.turns(1, 30.0)
            ends = {partition: log.stable for partition, log in self.source.logs.items()}
            # not `load`: that would roll back what was counted since
            if (
                self.checkpoint.commits
                and self.checkpoint.commits[-1][0] == ends
                and not self.loop._monitor.held
            ):
                return
        raise AssertionError("the loop does not come to the end")

    def recount(self) -> Recount:
        return Recount(self.checkpoint.load(), self.checkpoint.journal(limit=10**6), KEY, self._open)

    def _open(self, bounds: Mapping[Partition, tuple[int, int]]) -> Mapping[Partition, Iterator[RecordBatch]]:
        return {
            p: iter(
                [batch_of(p, lines, end)]
                if (lines := [r for r in self.logs[p] if first <= r.offset < end])
                else []
            )
            for p, (first, end) in bounds.items()
        }


def mishap(daemon: Daemon, rng: random.Random) -> None:
    """One thing that goes wrong, or is put right."""
    source = daemon.source
    partition = rng.choice(sorted(source.logs))
    some = [p for p in source.logs if rng.random() < 0.7]

    def transaction() -> None:
        if source.logs[partition].open_from is None:
            source.open_transaction(*partition)
        else:
            source.end_transaction(*partition, abort=rng.random() < 0.5)

    def reload() -> None:
        daemon.next = rng.choice([daemon.world, *daemon.world.variants])
        daemon.loop.reloads.put(Reload(lambda _: None))

    whats: list[Callable[[], Any]] = [
        source.fence,
        lambda: source.assign(lost=rng.random() < 0.5),
        lambda: source.assign(some),
        lambda: source.leave(away=rng.random() < 0.5),
        lambda: source.stand_by(rng.choice([None, "another member"])),
        lambda: daemon.checkpoint.failures.append(rng.choice(["full", "lost", "stored"])),
        transaction,
        reload,
    ]
    rng.choice(whats)()


def lived(seed: int, asked: str | None = None) -> Daemon:
    """A daemon through the records of a case, with mishaps in between."""
    case, rng = draw(seed, asked), random.Random(seed)
    daemon = Daemon(world(case.world).alone, {p: list(lines) for p, lines in case.logs.items()})
    with small(case.block, judged=bool(daemon.world.plan.spec.rules)):
        for _ in range(rng.randrange(5, 25)):
            partition = rng.choice(sorted(daemon.rest))
            daemon.produce(partition, rng.choice([1, 5, 20]))
            if rng.random() < 0.4:
                mishap(daemon, rng)
            daemon.turns(rng.choice([1, 1, 3]), rng.choice(_TURN_S))
        daemon.settle()
    return daemon


def difference(seed: int, asked: str | None = None) -> str | None:
    """The first difference between the daemon, the plain model, and a recomputation; None where there is none."""
    daemon = lived(seed, asked)
    case = draw(seed, asked)
    with small(case.block, judged=bool(daemon.world.plan.spec.rules)):
        saved = daemon.checkpoint.load()
        monitor = Monitor([daemon.current.plan], saved, daemon.checkpoint.joins, KEY)
        what = agrees_with(daemon.world, daemon.logs, daemon.checkpoint.commits, saved, monitor)
        if what is None and daemon.world.name != UNWRITTEN:
            recount = daemon.recount()
            for _ in recount.run():
                pass
            what = recount.comparison.first_difference or None
    return what
