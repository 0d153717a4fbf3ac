"""The order of effects: poll, ingest, decide, commit, publish, tell Kafka; one thread, and nothing happens elsewhere."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, TypeVar

from driftwatch.alerts.notifications import Notification, OutboxRow
from driftwatch.errors import (
    CommitUnknownError,
    DamagedStateError,
    DriftwatchError,
    FencedError,
    ReplacedError,
)
from driftwatch.events.records import Partition, RecordBatch
from driftwatch.events.source import Polled, Source
from driftwatch.facts import Fact
from driftwatch.monitor.accepting import Accept
from driftwatch.monitor.changes import Saved
from driftwatch.monitor.checkpoint import Checkpoint
from driftwatch.monitor.monitor import Inputs, Monitor, Outcome
from driftwatch.monitor.snapshot import Snapshot
from driftwatch.monitor.topics import TOPICS, CountedTopics

POLL_S: Final = 0.2
RETRY_S: Final = 1.0
"""Between attempts to write a commit that could not be written (F16)."""


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """A person (or a pipeline) takes care of a retraining; `answer` is told None, or why it was refused."""

    episode: str
    by: str
    answer: Callable[[str | None], None]


@dataclass(frozen=True, slots=True)
class Acceptance:
    """A person accepts a new state as the reference; `answer` is told the hash of it, or why it was refused."""

    asked: Accept
    answer: Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Reload:
    """Take the configuration file over as it is now; `answer` is told None, or the error for which it was refused."""

    answer: Callable[[DriftwatchError | None], None]


@dataclass(frozen=True, slots=True)
class Prepared:
    """A new configuration, checked as a whole and not in force yet."""

    monitor: Callable[[Saved], Monitor]
    """A core that continues at a commit under it; raises StateError where the state does not allow that (E9)."""
    adopt: Callable[[], None]
    """Puts everything else into force; cannot fail."""


@dataclass(frozen=True, slots=True)
class LoopStatus:
    """How the loop is doing; replaced as a whole. Times are of the monotonic clock."""

    running: bool = False
    standing_by: str = ""
    disconnected_at_s: float | None = 0.0
    commit_failed: str = ""
    turned_at_s: float = 0.0
    lag: Mapping[Partition, int] = field(default_factory=dict[Partition, int])
    newest_ms: Mapping[tuple[str, str], int] = field(default_factory=dict[tuple[str, str], int])
    """Newest event time by (model, stream), of streams that had one."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the loop needs from outside: clocks to read, and where to hand what it has done."""

    monotonic_s: Callable[[], float]
    wall_s: Callable[[], float]
    monitor: Callable[[Saved], Monitor]
    """A core that continues at a commit."""
    prepare: Callable[[], Prepared]
    """Reads the configuration again; raises DriftwatchError with every mistake."""
    render: Callable[[Sequence[Notification]], list[OutboxRow]]
    resumed: Callable[[Snapshot], None]
    """Memory was loaded: the picture as of the last commit."""
    committed: Callable[[Snapshot, Sequence[Fact], float], None]
    """The picture and the facts of a commit that is stored, and the seconds that it took."""
    report: Callable[[LoopStatus], None]
    wake: Callable[[], None]
    """New rows are in the outbox."""


@dataclass(frozen=True, slots=True)
class Timing:
    """Durations that the configuration sets."""

    commit_every_s: float
    idle_timeout_s: float
    max_future_ms: int


class Loop:
    """Owns source, core and checkpoint connection (E15). `run` returns when told to stop, and raises what needs a person."""

    def __init__(self, source: Source, checkpoint: Checkpoint, around: Surroundings, timing: Timing) -> None:
        self._source, self._checkpoint, self._around, self._timing = source, checkpoint, around, timing
        self.acknowledgements: queue.Queue[Acknowledgement] = queue.Queue(maxsize=100)
        self.acceptances: queue.Queue[Acceptance] = queue.Queue(maxsize=100)
        self.reloads: queue.SimpleQueue[Reload] = queue.SimpleQueue()
        """Simple, so that a signal handler can fill it while this thread empties it."""
        self._make_monitor = around.monitor
        self.status = LoopStatus()
        self._assigned: frozenset[Partition] = frozenset()
        self._met = False
        """Whether the core knows the assigned partitions."""
        self._stored: dict[Partition, int] = {}
        self._idle_since: dict[Partition, tuple[int, float]] = {}
        self._idle: frozenset[Partition] = frozenset()
        self._next_commit_s = 0.0
        self._meet_s = 0.0
        """Not before this is anything counted: after a failed write the next one may fail too (F16)."""
        self._stop = threading.Event()
        self._changed = False
        """Whether the core goes on under another configuration than the last commit was made with."""
        self._monitor = self._load()

    def run(self, stop: threading.Event) -> None:
        """Until `stop` is set; then one last commit, and the source is left cleanly."""
        self._stop = stop
        try:
            self._source.start(self._monitor.topics, dict(self._stored))
            self._report(running=True, disconnected_at_s=self._around.monotonic_s())
            while not stop.is_set():
                self.turn()
            self._commit_last()
        finally:
            self._source.close()
            self._checkpoint.close()

    def turn(self) -> None:
        """One round: what arrived is counted, and when it is time, committed."""
        try:
            self._take(self._source.poll(POLL_S))
            if self._met and (self._monitor.held or self._around.monotonic_s() >= self._next_commit_s):
                self._commit()
            if not self.reloads.empty():
                self._reload()
        except CommitUnknownError as error:
            self._report(commit_failed=str(error))
            self._meet_s = self._around.monotonic_s() + RETRY_S
            self._restart()
        except ReplacedError:
            raise  # another process has our owner id: coming back would only fence it in turn (E17)
        except FencedError as error:
            self._restart()
            self._report(standing_by=str(error))
        self._report(
            turned_at_s=self._around.monotonic_s(),
            disconnected_at_s=self._away_since_s(),
            standing_by=self._source.standing_by() or "",
        )

    def _away_since_s(self) -> float | None:
        if self._source.connected():
            return None
        since_s = self.status.disconnected_at_s
        return self._around.monotonic_s() if since_s is None else since_s

    def _load(self) -> Monitor:
        """Memory as of the last commit; whatever was counted since is counted again (E16)."""
        self._checkpoint.rollback()
        saved = self._checkpoint.load()
        self._stored = dict(saved.offsets)
        self._met = False
        self._idle_since.clear()
        self._topics = CountedTopics(saved.states.get(TOPICS))
        monitor = self._make_monitor(saved)
        self._around.resumed(monitor.snapshot(saved.sequence))
        return monitor

    def _restart(self) -> None:
        """Nothing that was not committed may stay: after a fence (E17), or when a commit's outcome is unknown."""
        self._monitor = self._load()
        self._assigned = frozenset()
        self._source.start(self._monitor.topics, dict(self._stored))

    def _reload(self) -> None:
        """Commit under the old configuration, then go on at that commit under the new one; or keep the old one (F32)."""
        asked = [self.reloads.get_nowait() for _ in range(self.reloads.qsize())]
        refused: DriftwatchError | None = None
        try:
            prepared = self._around.prepare()
            if self._met:
                self._commit()
            self._take_over(prepared)
        except (CommitUnknownError, FencedError, DamagedStateError):
            for one in asked:  # nothing was decided; the old configuration goes on
                one.answer(CommitUnknownError("the commit before the reload failed; ask again"))
            raise
        except DriftwatchError as error:
            refused = error
        for one in asked:
            one.answer(refused)

    def _take_over(self, prepared: Prepared) -> None:
        topics, old = self._monitor.topics, self._make_monitor
        whole = not self._monitor.held and self._monitor.offsets == self._stored
        self._make_monitor = prepared.monitor
        try:
            self._monitor = self._load()
        except DriftwatchError:
            self._make_monitor = old
            self._restart()  # loading has dropped what was not committed
            raise
        self._changed = True
        prepared.adopt()
        if not whole or self._monitor.topics != topics:
            self._restart()

    def _take(self, polled: Polled) -> None:
        if polled.lost or polled.assigned is not None:
            self._monitor = self._load()
            self._assigned = polled.assigned or frozenset()
        if self._assigned and not self._met:
            self._meet()
        for batch in polled.batches:
            self._ingest(batch)
        if polled.batches:
            self._source.pause(self._monitor.paused())

    def _meet(self) -> None:
        """Tell the core which partitions there are, once the brokers say; all of them, or nothing is counted (E17)."""
        waits = self._around.monotonic_s() < self._meet_s
        bounds = {} if waits else self._source.bounds(self._monitor.topics)
        if bounds and self._assigned >= bounds.keys():
            self._topics.meet(self._source.identities(self._monitor.topics))
            self._monitor.assign(bounds)
            self._met = True
            self._source.pause(self._monitor.paused())
        else:
            self._source.pause(set(self._assigned))

    def _ingest(self, batch: RecordBatch) -> None:
        expected = self._monitor.expected(batch.partition)
        if not self._met or (len(batch) and int(batch.offsets[0]) < expected):
            raise FencedError(f"{batch.partition} was handed over again below offset {expected}")
        limit_ms = int(self._around.wall_s() * 1_000) + self._timing.max_future_ms
        self._monitor.ingest(batch, batch.timestamps_ms > limit_ms)

    def _commit(self) -> None:
        self._next_commit_s = self._around.monotonic_s() + self._timing.commit_every_s
        asked, accepting = _emptied(self.acknowledgements), _emptied(self.acceptances)
        inputs = Inputs(
            idle=self._idle_partitions(),
            acknowledged=tuple((a.episode, a.by) for a in asked),
            accepted=tuple(a.asked for a in accepting),
        )
        moved = self._monitor.offsets != self._stored or inputs.idle != self._idle or self._changed
        if not moved and not asked and not accepting and not self.status.commit_failed:
            return
        started_s = self._around.monotonic_s()
        outcome = self._monitor.commit(inputs)
        outcome.changes.outbox = self._around.render(outcome.changes.notifications)
        if (topics := self._topics.unsaved()) is not None:
            outcome.changes.states[TOPICS] = topics
        try:
            sequence = self._write(outcome)
        except (CommitUnknownError, FencedError):
            for one in (*asked, *accepting):
                one.answer("the commit failed; ask again")
            raise
        self._topics.saved(topics)
        self._idle = inputs.idle
        self._changed = False
        self._stored = dict(outcome.changes.offsets)
        self._tell(outcome, sequence, asked, self._around.monotonic_s() - started_s)
        for one in accepting:
            one.answer(outcome.accepted[one.asked])
        self._source.commit(self._stored)
        self._monitor.take_held()
        self._source.pause(self._monitor.paused())

    def _commit_last(self) -> None:
        """Whatever goes wrong now, the commit before stands, and the next start goes on from there."""
        try:
            if self._met:
                self._commit()
        except (CommitUnknownError, FencedError) as error:
            self._report(commit_failed=str(error))

    def _write(self, outcome: Outcome) -> int:
        """Write until it is written; a full disk pauses consumption meanwhile (F16). Told to stop, give up (F27)."""
        while True:
            try:
                sequence = self._checkpoint.commit(outcome.changes)
            except OSError as error:
                self._report(commit_failed=str(error))
                if self._stop.is_set():
                    raise CommitUnknownError(f"stopped while nothing could be written: {error}") from error
                self._source.pause(set(self._assigned))
                self._wait_without_records()
            else:
                if self.status.commit_failed:
                    self._report(commit_failed="")
                return sequence

    def _wait_without_records(self) -> None:
        """Stay in the group while nothing can be written; paused partitions hand over nothing."""
        until_s = self._around.monotonic_s() + RETRY_S
        while self._around.monotonic_s() < until_s and not self._stop.is_set():
            polled = self._source.poll(POLL_S)
            if polled.lost or polled.assigned is not None or polled.batches:
                raise FencedError("the assignment changed while nothing could be committed")
            self._report(turned_at_s=self._around.monotonic_s())

    def _tell(self, outcome: Outcome, sequence: int, asked: list[Acknowledgement], took_s: float) -> None:
        self._around.committed(self._monitor.snapshot(sequence), outcome.facts, took_s)
        if outcome.changes.outbox:
            self._around.wake()
        for one in asked:
            one.answer(outcome.refused.get(one.episode))

    def _idle_partitions(self) -> frozenset[Partition]:
        """Reached, at the end, nothing hanging in a transaction, and so for long enough (E4); also notes the lag."""
        now_s, standing = self._around.monotonic_s(), self._source.standing()
        for partition, where in standing.items():
            at_end = where.position == where.end_offset == where.high_watermark
            at_end = at_end and partition not in self._monitor.held  # handed over, but not yet taken
            since = self._idle_since.get(partition)
            if not at_end:
                self._idle_since.pop(partition, None)
            elif since is None or since[0] != where.position:
                self._idle_since[partition] = (where.position, now_s)
        for partition in self._idle_since.keys() - standing.keys():
            del self._idle_since[partition]
        lag = {p: max(0, where.end_offset - self._monitor.offsets.get(p, 0)) for p, where in standing.items()}
        self._report(lag=lag, newest_ms=self._monitor.newest_ms())
        limit_s = now_s - self._timing.idle_timeout_s
        return frozenset(p for p, (_, since_s) in self._idle_since.items() if since_s <= limit_s)

    def _report(self, **changed: object) -> None:
        self.status = replace(self.status, **changed)  # type: ignore[arg-type]
        self._around.report(self.status)


T = TypeVar("T")


def _emptied(commands: queue.Queue[T]) -> list[T]:
    """All that wait."""
    found: list[T] = []
    while not commands.empty():
        found.append(commands.get_nowait())
    return found
