"""The order of effects, turn by turn: a source and a checkpoint in memory, clocks that the test sets."""

from __future__ import annotations

import random
import threading
from dataclasses import dataclass, field
from typing import Any

import pytest

from driftwatch.alerts.notifications import OutboxRow
from driftwatch.errors import (
    CommitUnknownError,
    ConfigurationError,
    DriftwatchError,
    FencedError,
    ReplacedError,
    StateError,
)
from driftwatch.events.classes import RecordClass, Stream
from driftwatch.events.memory_joins import MemoryJoinTable
from driftwatch.events.records import Partition
from driftwatch.facts import PartitionIdle
from driftwatch.loop import (
    Acceptance,
    Acknowledgement,
    Loop,
    LoopStatus,
    Prepared,
    Reload,
    Surroundings,
    Timing,
)
from driftwatch.monitor import model
from driftwatch.monitor.accepting import Accept
from driftwatch.monitor.changes import Changes
from driftwatch.monitor.monitor import Monitor
from driftwatch.monitor.snapshot import Snapshot
from driftwatch.monitor.spec import ModelSpec
from driftwatch.references.reference import Reference
from driftwatch.source.memory import MemorySource
from driftwatch.storage.memory import MemoryCheckpoint
from tests.monitor.world import MINUTE, REFERENCE, SPEC, START, plan, prediction, reference
from tests.waiting import until

P = Partition("p", 0)


class Checkpoint(MemoryCheckpoint):
    """A memory checkpoint whose commits fail when a test says so."""

    def __init__(self, order: list[str]) -> None:
        super().__init__()
        self.failures: list[Exception] = []
        self._order = order

    def commit(self, changes: Changes) -> int:
        if self.failures:
            error = self.failures.pop(0)
            if isinstance(error, CommitUnknownError):
                self.rollback()
            raise error
        self._order.append("checkpoint")
        return super().commit(changes)


class Source(MemorySource):
    """A memory source that notes when it is told of a commit."""

    order: list[str]

    def commit(self, offsets: Any) -> None:
        self.order.append("kafka")
        super().commit(offsets)


@dataclass
class World:
    """A loop with everything around it."""

    partitions: int = 1
    now_s: float = 1_000.0
    wall_s: float = START / 1_000 + 100 * 86_400
    order: list[str] = field(default_factory=list)
    shown: list[Snapshot] = field(default_factory=list)
    facts: list[Any] = field(default_factory=list)
    statuses: list[LoopStatus] = field(default_factory=list)
    spec: ModelSpec = SPEC
    ref: Reference = REFERENCE
    mistake: DriftwatchError | None = None
    """What is wrong with the configuration that a reload finds."""

    def __post_init__(self) -> None:
        self.source = Source({"p": self.partitions, "l": 1})
        self.source.order = self.order
        self.checkpoint = Checkpoint(self.order)
        around = Surroundings(
            monotonic_s=self._tick,
            wall_s=lambda: self.wall_s,
            monitor=lambda saved: Monitor([plan()], saved, self.checkpoint.joins, bytes(16)),
            prepare=self._prepare,
            render=lambda told: [OutboxRow(n.id, "hook", n.type, n.subject, n.time_ms, b"{}") for n in told],
            resumed=lambda snapshot: self.order.append("resumed"),
            committed=self._committed,
            report=self.statuses.append,
            wake=lambda: self.order.append("wake"),
        )
        self.loop = Loop(self.source, self.checkpoint, around, Timing(1.0, 60.0, 10 * MINUTE))
        self.source.start(["l", "p"], {})

    def _prepare(self) -> Prepared:
        if self.mistake is not None:
            raise self.mistake
        plans = [plan(self.spec, self.ref)]
        return Prepared(
            lambda saved: Monitor(plans, saved, self.checkpoint.joins, bytes(16)),
            lambda: self.order.append("adopted"),
        )

    def _tick(self) -> float:
        self.now_s += 0.001
        return self.now_s

    def _committed(self, snapshot: Snapshot, facts: Any, took_s: float) -> None:
        assert took_s >= 0
        self.order.append("shown")
        self.shown.append(snapshot)
        self.facts += facts

    def feed(self, first: int, count: int, **more: Any) -> None:
        rng = random.Random(first)
        for n in range(first, first + count):
            time = START + n * 500
            self.source.append("p", 0, prediction(n, time, rng, **more), timestamp_ms=time)

    def turns(self, count: int = 3, seconds: float = 1.1) -> None:
        for _ in range(count):
            self.now_s += seconds
            self.loop.turn()

    def accepted(self) -> int:
        classes = self.shown[-1].models["m"].classes
        return classes.get((Stream.PREDICTIONS, P, RecordClass.ACCEPTED), 0)


def test_a_commit_is_stored_then_shown_then_told_to_kafka() -> None:
    world = World()
    world.feed(0, 100)
    world.turns()
    start = world.order.index("checkpoint")
    assert world.order[start : start + 3] == ["checkpoint", "shown", "kafka"]
    assert "kafka" not in world.order[:start], "who was told of what is not stored would lose it (E15)"
    assert world.accepted() == 100
    assert world.source.written[P] == 100


def test_the_sender_is_woken_when_there_is_something_to_send() -> None:
    world = World()
    world.feed(0, 3_000, drifted=True)
    world.turns(5)
    assert world.order.index("wake") > world.order.index("shown")
    assert len(world.checkpoint.outbox_rows()) == 1


def test_nothing_is_committed_while_nothing_moves() -> None:
    world = World()
    world.feed(0, 10)
    world.turns(3)
    commits = world.order.count("checkpoint")
    world.turns(5)
    assert world.order.count("checkpoint") == commits


@pytest.mark.parametrize("lost", [True, False])
def test_a_new_assignment_drops_memory_and_nothing_counts_twice(lost: bool) -> None:
    world = World()
    world.feed(0, 100)
    world.turns()
    world.feed(100, 100)
    world.loop.turn()  # read, but not committed yet
    world.source.assign(lost=lost)
    world.turns()
    assert world.accepted() == 200
    assert not any(status.standing_by for status in world.statuses), "and nothing had to be refused"


def test_what_was_held_belongs_to_the_next_commit_e1(monkeypatch: pytest.MonkeyPatch) -> None:
    # one event per hour, more panes than may be open at once; small blocks are counted as soon as they are taken
    monkeypatch.setattr(model, "BLOCK", 4)
    world = World()
    for n in range(60):
        time = START + n * 60 * MINUTE
        world.source.append("p", 0, prediction(n, time, random.Random(n)), timestamp_ms=time)
    for _ in range(60):
        world.turns(1)
        world.source.assign(lost=True)  # what was taken since the commit is read again
        world.turns(1)
    assert world.accepted() == 60


def test_an_unknown_outcome_loads_the_last_commit_and_nothing_counts_twice() -> None:
    world = World()
    world.feed(0, 100)
    world.turns()
    world.feed(100, 100)
    world.checkpoint.failures = [CommitUnknownError("power cut")]
    world.turns(1)
    assert world.order[-1] == "resumed"
    world.turns(4)
    assert world.accepted() == 200


def test_a_full_disk_is_waited_for_with_the_same_changes() -> None:
    world = World()
    world.feed(0, 100)
    world.checkpoint.failures = [OSError(28, "No space left on device")] * 2
    world.turns(4)
    assert world.accepted() == 100
    told = [status.commit_failed for status in world.statuses]
    assert any("No space left" in text for text in told)
    assert told[-1] == ""
    assert world.order.count("checkpoint") == len(world.shown)


def test_a_full_disk_that_stays_full_does_not_keep_the_daemon_from_stopping_f27() -> None:
    world = World()
    world.feed(0, 100)
    world.checkpoint.failures = [OSError(28, "No space left on device")] * 1_000_000
    stop = threading.Event()
    thread = threading.Thread(target=world.loop.run, args=(stop,))
    thread.start()
    until(lambda: any(s.commit_failed for s in world.statuses), within_s=10, what="the disk is full")
    stop.set()
    thread.join(10)
    assert not thread.is_alive()
    assert world.shown == []
    assert world.checkpoint.load().offsets == {}, "the next start begins where the last commit left off"


def test_a_disk_that_is_full_in_the_middle_of_counting_pauses_and_goes_on_alone_f16(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World()
    add, full = MemoryJoinTable.add, [True]

    def add_if_room(table: MemoryJoinTable, *rows: Any) -> None:
        if full:
            world.checkpoint.rollback()
            raise CommitUnknownError("No space left on device: going back to the last commit")
        add(table, *rows)

    monkeypatch.setattr(MemoryJoinTable, "add", add_if_room)
    world.feed(0, 100)
    world.turns(2)
    assert "No space left" in world.statuses[-1].commit_failed, "not ready"
    reads = len(world.order)
    world.turns(5, 0.1)
    assert len(world.order) <= reads + 1, "nothing is read and dropped over and over"
    assert world.source._positions[P] == 0
    full.clear()
    world.turns(4)
    assert world.accepted() == 100
    assert world.statuses[-1].commit_failed == ""


def test_a_failed_commit_is_no_longer_told_of_once_one_succeeds_though_nothing_moves() -> None:
    world = World()
    world.feed(0, 100)
    world.turns(3)
    world.checkpoint.failures = [CommitUnknownError("power cut")]
    world.loop.acknowledgements.put(Acknowledgement("ep_nothing", "me", lambda _: None))
    world.turns(1)
    assert world.statuses[-1].commit_failed == "power cut"
    world.turns(4)
    assert world.statuses[-1].commit_failed == ""


def test_a_source_that_hands_over_records_while_nothing_can_be_written_is_read_again() -> None:
    world = World()
    world.feed(0, 100)
    world.turns(3)
    world.feed(100, 100)
    world.checkpoint.failures = [OSError(28, "No space left on device")]
    world.source.pause = lambda partitions: world.feed(200, 1) if world.checkpoint.failures == [] else None  # type: ignore[method-assign]
    world.turns(1)
    del world.source.pause
    world.turns(4)
    classes = world.shown[-1].models["m"].classes
    assert sum(n for (_, p, _), n in classes.items() if p == P) == world.source.logs[P].high_watermark


@pytest.mark.parametrize("error", [FencedError("gone"), CommitUnknownError("power cut"), OSError(28, "full")])
def test_whatever_happens_to_the_last_commit_the_daemon_ends_f27(error: Exception) -> None:
    world = World()
    world.feed(0, 100)
    world.loop.turn()
    world.loop.turn()
    stop = threading.Event()
    stop.set()
    world.feed(100, 10)
    world.loop._take(world.source.poll(0))
    world.checkpoint.failures = [error]
    world.loop.run(stop)
    assert len(world.checkpoint.load().offsets) in (0, 2)


def test_with_less_than_all_partitions_nothing_is_counted_e17() -> None:
    world = World(partitions=2)
    world.feed(0, 100)
    world.source.assign({P, Partition("l", 0)})
    world.turns(4)
    assert world.shown == []
    world.source.stand_by("another member works on host x")
    world.turns(4)
    assert world.shown == []
    assert world.statuses[-1].standing_by == "another member works on host x"
    world.source.stand_by(None)
    world.turns(4)
    assert world.accepted() == 100


def test_a_partition_whose_records_are_held_is_not_idle_e4() -> None:
    # p0: one event per hour, more panes than may be open at once; p1: a transaction that hangs
    world = World(partitions=2)
    for n in range(60):
        time = START + n * 60 * MINUTE
        world.source.append("p", 0, prediction(n, time, random.Random(n)), timestamp_ms=time)
    world.source.append("p", 1, prediction(98, START, random.Random(9)), timestamp_ms=START)
    world.source.open_transaction("p", 1)
    time = START + 60 * 60 * MINUTE
    world.source.append("p", 1, prediction(99, time, random.Random(9)), timestamp_ms=time)
    world.turns(6, 61.0)
    assert 0 < world.accepted() < 60
    assert world.loop._monitor.held == {P}, "all were handed over, and not all could be taken"
    assert P not in world.shown[-1].idle
    world.source.end_transaction("p", 1, abort=False)
    world.turns(60)
    classes = world.shown[-1].models["m"].classes
    assert world.accepted() == 60, classes


def test_who_is_fenced_drops_memory_and_comes_back() -> None:
    world = World()
    world.feed(0, 100)
    world.source.fence()
    world.turns(1, 0.1)
    world.turns(4)
    assert world.accepted() == 100, "stored before the fence was seen, and not counted again"
    assert world.order.count("resumed") == 4, "the start and the fence, each with its assignment"
    world.feed(100, 50)
    world.turns(4)
    assert world.accepted() == 150


def test_who_is_replaced_by_its_own_owner_id_stops() -> None:
    world = World()
    world.turns(1)
    world.feed(0, 100)

    def replaced(offsets: Any) -> None:
        raise ReplacedError("two daemons")

    world.source.commit = replaced  # type: ignore[method-assign]
    with pytest.raises(ReplacedError):
        world.turns(3)


def test_a_record_below_the_expected_offset_is_refused() -> None:
    world = World()
    world.feed(0, 100)
    world.turns()
    world.source._positions[P] = 50  # a client that goes back by itself
    world.turns(1)
    assert world.order[-1] == "resumed"
    world.turns(3)
    assert world.accepted() == 100


def test_records_from_beyond_the_wall_clock_are_future() -> None:
    world = World()
    ahead = int(world.wall_s * 1_000) + 60 * MINUTE
    world.source.append("p", 0, prediction(1, START, random.Random(1)), timestamp_ms=ahead)
    world.feed(2, 10)
    world.turns()
    classes = world.shown[-1].models["m"].classes
    assert classes[Stream.PREDICTIONS, P, RecordClass.FUTURE] == 1
    assert world.accepted() == 10


def test_a_partition_at_its_end_for_long_enough_is_idle_and_an_unreachable_one_is_not() -> None:
    world = World()
    world.feed(0, 100)
    world.turns(3)
    world.source.leave(away=True)
    world.turns(2, 100.0)
    assert world.shown[-1].idle == {Partition("l", 0)}, (
        "the label topic is empty; nothing was learned while away"
    )
    world.source.leave(away=False)
    world.turns(2, 1.0)
    assert P not in world.shown[-1].idle
    world.turns(3, 61.0)
    assert P in world.shown[-1].idle
    assert PartitionIdle("p", 0, idle=True) in world.facts


def test_a_partition_with_an_open_transaction_is_not_idle_e4() -> None:
    # all that is stable was read; what the transaction wrote will come, with times of now
    world = World()
    world.feed(0, 100)
    world.source.open_transaction("p", 0)
    world.feed(100, 1)
    world.turns(8, 61.0)
    assert world.shown[-1].idle == {Partition("l", 0)}
    world.source.end_transaction("p", 0, abort=True)
    world.turns(8, 61.0)
    assert P in world.shown[-1].idle


def test_an_unknown_episode_is_refused_and_the_asker_is_told() -> None:
    world = World()
    world.turns(1)
    answers: list[str | None] = []
    world.loop.acknowledgements.put(Acknowledgement("ep_nothing", "me", answers.append))
    world.turns(2)
    assert answers == ["unknown"]


def test_what_nobody_can_accept_is_refused_and_the_asker_is_told() -> None:
    world = World()
    world.turns(1)
    answers: list[str] = []
    world.loop.acceptances.put(Acceptance(Accept("m", "7", "me"), answers.append))
    world.turns(2)
    assert answers == ["unknown"]
    world.loop.acceptances.put(Acceptance(Accept("m", "7", "me"), answers.append))
    world.checkpoint.failures = [CommitUnknownError("power cut")]
    world.turns(1)
    assert answers == ["unknown", "the commit failed; ask again"]


def test_an_asker_is_told_when_the_commit_fails() -> None:
    world = World()
    world.turns(1)
    answers: list[str | None] = []
    world.loop.acknowledgements.put(Acknowledgement("ep_nothing", "me", answers.append))
    world.checkpoint.failures = [CommitUnknownError("power cut")]
    world.turns(1)
    assert answers == ["the commit failed; ask again"]


def test_lag_and_newest_event_are_reported() -> None:
    world = World()
    world.feed(0, 100)
    world.turns()
    status = world.statuses[-1]
    assert status.lag == {P: 0, Partition("l", 0): 0}
    assert status.newest_ms[("m", "predictions")] == START + 99 * 500
    assert status.disconnected_at_s is None


def test_run_ends_with_a_last_commit_and_leaves_cleanly() -> None:
    world = World()
    world.feed(0, 100)
    stop = threading.Event()
    thread = threading.Thread(target=world.loop.run, args=(stop,))
    thread.start()
    until(lambda: world.shown and world.accepted() == 100, within_s=10, what="all are counted")
    stop.set()
    thread.join(10)
    assert not thread.is_alive()


def reload(world: World) -> list[DriftwatchError | None]:
    answers: list[DriftwatchError | None] = []
    world.loop.reloads.put(Reload(answers.append))
    world.turns(2, 0.01)
    return answers


def test_a_reload_commits_first_and_goes_on_at_that_commit_f32() -> None:
    world = World()
    world.feed(0, 100)
    world.turns(2, 0.01)  # read, and not committed yet
    world.ref = reference(seed=8)
    assert reload(world) == [None]
    assert world.order.index("checkpoint") < world.order.index("adopted")
    world.feed(100, 100)
    world.turns()
    assert world.accepted() == 200, "nothing is lost, nothing is counted twice"
    layouts = {version.layout.hash for version in world.loop._monitor.models["m"].versions.all}
    assert layouts == {REFERENCE.layout.hash, world.ref.layout.hash}
    kinds = [row.kind for _, _, row in world.checkpoint.journal()]
    assert kinds.count("plans") == 2


def test_a_reload_is_stored_although_nothing_arrives() -> None:
    world = World()
    world.feed(0, 10)
    world.turns()
    world.ref = reference(seed=8)
    reload(world)
    world.turns()
    assert [row.kind for _, _, row in world.checkpoint.journal()].count("plans") == 2


def test_a_bad_file_changes_nothing_and_tells_every_mistake_f32() -> None:
    world = World()
    world.feed(0, 100)
    world.turns()
    before = world.loop._monitor
    world.mistake = ConfigurationError("two mistakes")
    assert reload(world) == [world.mistake]
    assert world.loop._monitor is before
    assert "adopted" not in world.order
    world.feed(100, 100)
    world.turns()
    assert world.accepted() == 200


def test_what_the_state_does_not_allow_is_refused_and_the_old_configuration_counts_on() -> None:
    world = World()
    world.feed(0, 100)
    world.turns()
    world.spec = SPEC.model_copy(update={"origin": "2024-01-01T00:00:30Z"})
    (refused,) = reload(world)
    assert isinstance(refused, StateError)
    assert "origin" in str(refused)
    assert "adopted" not in world.order
    world.feed(100, 100)
    world.turns(5)
    assert world.accepted() == 200


def test_a_commit_that_fails_before_a_reload_leaves_everything_as_it_was() -> None:
    world = World()
    world.feed(0, 100)
    world.turns(2, 0.01)
    world.checkpoint.failures.append(CommitUnknownError("gone"))
    (refused,) = reload(world)
    assert isinstance(refused, CommitUnknownError)
    assert "adopted" not in world.order
    world.turns(6)
    assert world.accepted() == 100
