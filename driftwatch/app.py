"""The wiring: the one place that knows the concrete edges and puts them around the core."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import asdict, replace
from pathlib import Path
from typing import Final

import structlog

from driftwatch.alerts.messages import About
from driftwatch.alerts.notifications import Notification, OutboxRow
from driftwatch.alerts.outbox import Delivery
from driftwatch.config.load import Loaded, load
from driftwatch.config.plan import plan as cost_plan
from driftwatch.config.spec import Configuration
from driftwatch.errors import ConfigurationError, DriftwatchError, Problem
from driftwatch.events.source import Source
from driftwatch.facts import Fact, RecordsRejected
from driftwatch.heap import Heap
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
from driftwatch.monitor.accepting import Accept
from driftwatch.monitor.changes import Saved
from driftwatch.monitor.checkpoint import Checkpoint
from driftwatch.monitor.monitor import Monitor
from driftwatch.monitor.plan import Choice, ModelPlan
from driftwatch.monitor.snapshot import Snapshot
from driftwatch.source.dead_letter_topic import DeadLetterTopic
from driftwatch.source.open import open_source
from driftwatch.storage.dead_letters import DeadLetterFile
from driftwatch.storage.directory import CHECKPOINT_FILE, set_aside_before
from driftwatch.storage.outbox import open_outbox
from driftwatch.storage.sent import deliveries
from driftwatch.storage.sqlite import open_checkpoint
from driftwatch.telemetry.acknowledge import Outcome
from driftwatch.telemetry.board import Board
from driftwatch.telemetry.health import EndpointHealth, Health
from driftwatch.telemetry.port import http_port
from driftwatch.telemetry.recorder import Recorder
from driftwatch.webhooks.instances import instances
from driftwatch.webhooks.reasons import Reason
from driftwatch.webhooks.render import render
from driftwatch.webhooks.sender import Sender
from driftwatch.webhooks.status import AttemptMade, EndpointDisabled, EndpointStatus, Report, SenderFailed

DAY_MS: Final = 86_400_000
STOP_S: Final = 5.0
"""How long attempts under way may take at the end; the whole stop takes less than 10 s (F27)."""
RELOADS_MAX: Final = 10
DELIVERIES_MAX: Final = 200
"""Outbox rows that a page asks for, the newest."""
_log = structlog.get_logger("driftwatch")


def model_plans(loaded: Loaded) -> list[ModelPlan]:
    """The models of a configuration as the core takes them. Raises ReferenceFileError where references disagree."""
    configuration = loaded.configuration
    about = About(configuration.alerting.external_url, loaded.hash)
    return [
        ModelPlan(
            spec=spec,
            choices=tuple(
                Choice(declared.version, reference, declared.learn)
                for declared, reference in zip(spec.references, loaded.references[spec.name], strict=True)
            ),
            about=about,
            max_future_ms=configuration.kafka.max_future,
            max_jump_ms=DAY_MS,
            budget=configuration.alerting.budget_of(rules=bool(spec.rules)),
            sharers=len(configuration.models),
        )
        for spec in configuration.models
    ]


class App:
    """One daemon. `run` blocks until stopped; the HTTP port answers from `start` on."""

    def __init__(
        self,
        loaded: Loaded,
        source: Callable[[str], Source] | None = None,
        reloaded: Callable[[Loaded], None] = lambda loaded: None,
    ) -> None:
        """Takes the state directory; raises StateError, ReferenceFileError, SourceError where that cannot work.

        `source` makes the source from the owner id; default: Kafka as configured. `reloaded` is told of a configuration
        before anything is done under it.
        """
        self._configuration: Configuration = loaded.configuration
        configuration = self._configuration
        directory = self._directory = Path(configuration.state.directory)
        plans = model_plans(loaded)
        costs = cost_plan(configuration, loaded.references)
        self.board = Board(
            Health(
                started_s=time.time(),
                config_hash=loaded.hash,
                reloaded_s=time.time(),
                memory_bound_bytes=costs.memory_bytes,
            )
        )
        self._path = loaded.path
        self._reloaded = reloaded
        self._heap = Heap()
        self._stale = Stale(configuration.kafka.idle_timeout / 1_000)
        self._commit_failed = self._standing_by = ""
        kafka = configuration.kafka
        if set_aside_before(directory):
            kafka = kafka.model_copy(
                update={"start_at": "earliest"}
            )  # what was counted is counted again (F18)
        self._stack = ExitStack()
        self._checkpoint: Checkpoint = open_checkpoint(directory)
        self._stack.callback(self._checkpoint.close)
        self._recorder = Recorder(self.board, _log)
        state = configuration.state
        self._letters = DeadLetterFile(
            Path(state.dead_letters) if state.dead_letters else directory / "dead-letters.ndjson",
            state.dead_letters_max_bytes,
        )
        self._letter_topic = (
            DeadLetterTopic(configuration.kafka, state.dead_letter_topic) if state.dead_letter_topic else None
        )
        if self._letter_topic is not None:
            self._stack.callback(self._letter_topic.close)
        self._stack.callback(self._letters.close)
        self._sender = Sender(
            instances(configuration.endpoints), lambda: open_outbox(directory), tell=self._sent
        )
        owner = self._checkpoint.owner
        timing = Timing(
            commit_every_s=state.commit_every / 1_000,
            idle_timeout_s=configuration.kafka.idle_timeout / 1_000,
            max_future_ms=configuration.kafka.max_future,
        )
        made = source(owner) if source else open_source(kafka, owner)
        try:
            self.loop = Loop(made, self._checkpoint, self._surroundings(plans), timing)
        except BaseException:  # it loads the state; where that is damaged, another may set it aside
            self._stack.close()
            raise
        self._http = http_port(
            self.board,
            configuration.http,
            configuration.telemetry,
            self._submit,
            self._accept,
            self.reload,
            self._deliveries,
        )

    def _surroundings(self, plans: list[ModelPlan]) -> Surroundings:
        def rendered(notifications: Sequence[Notification]) -> list[OutboxRow]:
            endpoints = instances(self._configuration.endpoints)
            return [row for notification in notifications for row in render(notification, endpoints)]

        return Surroundings(
            monotonic_s=time.monotonic,
            wall_s=time.time,
            monitor=self._monitors(plans),
            prepare=self._prepare,
            render=rendered,
            resumed=self._resumed,
            committed=self._committed,
            report=self._report,
            wake=self._sender.notify,
        )

    def _monitors(self, plans: list[ModelPlan]) -> Callable[[Saved], Monitor]:
        checkpoint = self._checkpoint
        return lambda saved: Monitor(plans, saved, checkpoint.joins, checkpoint.hash_key)

    def _prepare(self) -> Prepared:
        """The configuration file as it is now, checked as a whole. Raises DriftwatchError with every mistake."""
        loaded = load(self._path)
        if fixed := _fixed(self._configuration, loaded):
            raise ConfigurationError(problems=fixed)
        plans = model_plans(loaded)
        assert all(plan.streams for plan in plans)  # raises where the references disagree
        memory_bytes = cost_plan(loaded.configuration, loaded.references).memory_bytes

        def adopt() -> None:
            self._reloaded(loaded)
            self._configuration = loaded.configuration
            self._sender.replace(instances(loaded.configuration.endpoints))
            self.board.update(
                lambda health: replace(health, config_hash=loaded.hash, memory_bound_bytes=memory_bytes)
            )

        return Prepared(self._monitors(plans), adopt)

    def reload(self) -> Future[str]:
        """Ask for the configuration file to be taken over (F32), from any thread or signal; the future says why it was not.

        Raises queue.Full when too many wait.
        """
        future: Future[str] = Future()

        def answer(refused: DriftwatchError | None) -> None:
            text = "" if refused is None else str(refused)
            changed = {"reloaded_s": time.time()} if refused is None else {}
            self.board.update(lambda health: replace(health, reload_failed=text, **changed))
            if refused is None:
                _log.info("reloaded", config_hash=self.board.picture.health.config_hash[:12])
            else:
                _log.error("reload_refused", errors=text.splitlines())
            if not future.done():
                future.set_result(text)

        if self.loop.reloads.qsize() >= RELOADS_MAX:
            raise queue.Full
        self.loop.reloads.put(Reload(answer))
        return future

    @property
    def http_port(self) -> int:
        """The port that was taken (the configuration may say 0)."""
        return self._http.port

    def run(self, stop: threading.Event) -> None:
        """Work until `stop` is set. Raises what needs a person (DriftwatchError with its exit code)."""
        with self._stack:
            self._http.start()
            self._stack.callback(self._http.stop)
            self._sender.start()
            self._stack.callback(self._sender.stop, STOP_S)
            _log.info(
                "started", http_port=self.http_port, config_hash=self.board.picture.health.config_hash[:12]
            )
            try:
                self.loop.run(stop)
            finally:
                self.board.update(lambda health: replace(health, stopping=True, running=False))
        _log.info("stopped", classes=_classes(self.board.picture.snapshot))

    def _resumed(self, snapshot: Snapshot) -> None:
        """Memory is that of the last commit: at the start, at an assignment, and whenever it was dropped (E16, E17)."""
        _log.info("resumed", commit=snapshot.sequence)
        self.board.publish(snapshot, self.board.picture.counts)

    def _committed(self, snapshot: Snapshot, facts: Sequence[Fact], duration_s: float) -> None:
        letters = [letter for fact in facts if isinstance(fact, RecordsRejected) for letter in fact.letters]
        if letters:
            self._letters.write(letters)
            dropped = self._letters.dropped
            if self._letter_topic is not None:
                self._letter_topic.send(letters)
                dropped += self._letter_topic.dropped
            self.board.update(lambda health: replace(health, dead_letters_dropped=dropped))
        self._recorder.committed(snapshot, facts, duration_s, self._checkpoint_bytes())
        self._heap.tidy()

    def _checkpoint_bytes(self) -> int:
        files = (self._directory / CHECKPOINT_FILE, self._directory / f"{CHECKPOINT_FILE}-wal")
        return sum(file.stat().st_size for file in files if file.exists())

    def _report(self, status: LoopStatus) -> None:
        self._say_commits(status.commit_failed)
        self._say_standing(status.standing_by)
        self._sender.stand_by(bool(status.standing_by))
        now_s = time.time()
        lags = {key: now_s - newest_ms / 1_000 for key, newest_ms in status.newest_ms.items()}
        endpoints = {name: _endpoint_health(of) for name, of in self._sender.status.items()}
        self.board.update(
            lambda health: replace(
                health,
                running=status.running,
                standing_by=status.standing_by,
                disconnected_at_s=status.disconnected_at_s,
                commit_failed=status.commit_failed,
                turned_at_s=status.turned_at_s,
                lag={(p.topic, p.number): lag for p, lag in status.lag.items()},
                event_time_lag_s=lags,
                stale=self._stale.after(status),
                endpoints=endpoints,
            )
        )

    def _say_commits(self, failed: str) -> None:
        """One line when commits begin to fail, one when they are well again (F16)."""
        if failed and not self._commit_failed:
            _log.warning("commit_failed", reason=failed)
        elif self._commit_failed and not failed:
            _log.info("commit_again")
        self._commit_failed = failed

    def _say_standing(self, why: str) -> None:
        """One line when another member works, or the group refused us, and one when it is over (E17)."""
        if why and not self._standing_by:
            _log.warning("standing_by", reason=why)
        elif self._standing_by and not why:
            _log.info("standing_by_no_more")
        self._standing_by = why

    def _submit(self, episode: str, by: str) -> Future[str]:
        """An acknowledgement on its way to the next commit; raises queue.Full when too many wait."""
        future: Future[str] = Future()

        def answer(refused: str | None) -> None:
            if not future.done():
                future.set_result(refused or Outcome.ACKNOWLEDGED)

        self.loop.acknowledgements.put_nowait(Acknowledgement(episode, by, answer))
        return future

    def _accept(self, asked: Accept) -> Future[str]:
        """A new reference on its way to the next commit; raises queue.Full when too many wait."""
        future: Future[str] = Future()

        def answer(became: str) -> None:
            _log.info("reference_accepted", became=became, **asked.row)
            if not future.done():
                future.set_result(became)

        self.loop.acceptances.put_nowait(Acceptance(asked, answer))
        return future

    def _deliveries(self, subject: str | None) -> list[Delivery]:
        """The newest outbox rows for a page; on the page's own thread, through connections of its own."""
        try:
            return deliveries(self._directory, DELIVERIES_MAX, subject)
        except (DriftwatchError, OSError):  # a page says less then, and the loop says what is wrong
            return []

    def _sent(self, report: Report) -> None:
        """One line per attempt; called on the sender's thread."""
        match report:
            case AttemptMade(reason=Reason.DELIVERED):
                _log.info("attempt", **asdict(report))
            case AttemptMade():
                _log.warning("attempt", **asdict(report))
            case EndpointDisabled():
                _log.error("endpoint_disabled", **asdict(report))
            case SenderFailed():
                _log.error("sender_failed", **asdict(report))


def _fixed(before: Configuration, loaded: Loaded) -> tuple[Problem, ...]:
    """Sections that only a restart takes over, where they have changed."""
    after = loaded.configuration
    return tuple(
        Problem(
            str(loaded.path),
            0,
            0,
            f"`{name}` has changed, and is read at the start only",
            "the old value, or restart",
        )
        for name in ("kafka", "state", "http", "telemetry")
        if getattr(before, name) != getattr(after, name)
    )


class Stale:
    """Which streams had no new event time for so long, by the monotonic clock (E8)."""

    def __init__(self, after_s: float) -> None:
        self._after_s = after_s
        self._seen: dict[tuple[str, str], tuple[int, float]] = {}

    def after(self, status: LoopStatus) -> frozenset[tuple[str, str]]:
        """The stale streams (model, stream) at this moment."""
        for key, newest_ms in status.newest_ms.items():
            if self._seen.get(key, (None, 0.0))[0] != newest_ms:
                self._seen[key] = newest_ms, status.turned_at_s
        limit_s = status.turned_at_s - self._after_s
        return frozenset(key for key, (_, since_s) in self._seen.items() if since_s <= limit_s)


def _endpoint_health(status: EndpointStatus) -> EndpointHealth:
    return EndpointHealth(
        pending=status.pending,
        disabled=status.disabled,
        outcomes=status.outcomes,
        last_attempt_s=status.last_attempt_s,
        last_delivered_s=status.last_delivered_s,
        last_failure=status.last_failure,
    )


def _classes(snapshot: Snapshot) -> dict[str, int]:
    """Records by `stream class`, over all models and partitions."""
    totals: dict[str, int] = {}
    for model in snapshot.models.values():
        for (stream, _, why), count in model.classes.items():
            totals[f"{stream} {why}"] = totals.get(f"{stream} {why}", 0) + count
    return totals
