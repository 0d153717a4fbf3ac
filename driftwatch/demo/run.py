"""`driftwatch demo`: puts broker, daemon, receiver, retrainer and traffic together, and plays the story."""

from __future__ import annotations

import queue
import secrets
import shutil
import signal
import tempfile
import threading
import time
from collections.abc import Generator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Final, TypeVar

from rich.console import Console

from driftwatch.demo.acts import Happening, Scene, following
from driftwatch.demo.api import Api
from driftwatch.demo.background import Background
from driftwatch.demo.clock import EventClock
from driftwatch.demo.daemon import LOG, run_daemon
from driftwatch.demo.deliveries import Deliveries
from driftwatch.demo.feed import PAST_MS, SPEED, TRAINING_MS, feed, feed_elsewhere, first_model
from driftwatch.demo.receiver import Delivery, Receiver
from driftwatch.demo.records import TOPICS
from driftwatch.demo.retrainer import Retrainer
from driftwatch.demo.setting import SLIDE_MS, Setting, prepare
from driftwatch.demo.story import Story
from driftwatch.demo.traffic import Traffic
from driftwatch.demo.watch import CALM, Watch
from driftwatch.demo.world import GROSS_TO_NET, STEP_MS, World
from driftwatch.errors import ExitCode
from driftwatch.source.embedded import EmbeddedBroker, RecordProducer

T = TypeVar("T")
DEADLINE_S: Final = 170.0
SEED: Final = 20_240
_TICK_S: Final = 0.3
_LAST_TICKS: Final = 3
"""For what is still on its way when the last act was seen."""


def demo(keep: bool, traffic: str | None) -> int:
    """Play the demonstration, or with `traffic` only feed that Kafka; returns the exit code.

    0: all five acts were seen (or feeding was ended); 1: some were not; 130: ended before. Raises
    SourceError without a broker to feed or without the extra `confluent`.
    """
    story = Story(Console())
    with _stopped_by_signals() as stop:
        if traffic is not None:
            feed_elsewhere(traffic, story.tell, stop)
            return ExitCode.OK
        folder = Path(tempfile.mkdtemp(prefix="driftwatch-demo-"))
        try:
            with ExitStack() as stack:
                return Play(story, stop, folder, stack).run(keep)
        finally:
            if story.complete:
                shutil.rmtree(folder)
            else:
                story.tell(Happening("demo", f"configuration, state and {LOG} stay in {folder}"))


class Play:
    """One performance: everything that runs, and the scene that is being played."""

    def __init__(self, story: Story, stop: threading.Event, folder: Path, stack: ExitStack) -> None:
        """Start everything; `stack` stops it again, the traffic first and the broker last."""
        self._story = story
        self._stop = stop
        self._happenings: queue.Queue[Happening] = queue.Queue()
        self._arrived: queue.Queue[Delivery] = queue.Queue()
        self._scene, self._scene_since_s = Scene.CALM, 0.0
        self._calm_since_s: float | None = None

        now_ms = int(time.time() * 1_000)
        start_ms = (now_ms - PAST_MS) // STEP_MS * STEP_MS
        self._world = World(SEED)
        model = first_model(self._world, start_ms - 2 * TRAINING_MS)
        accepted = self._world.stretch(start_ms - 2 * TRAINING_MS, start_ms)
        broker = stack.enter_context(EmbeddedBroker())
        producer = RecordProducer(broker.bootstrap_servers)
        producer.ensure(TOPICS)
        key = secrets.token_bytes(32)
        receiver = Receiver([key], self._arrived.put)
        stack.callback(receiver.close)
        receiver.start()
        setting = prepare(folder, broker.bootstrap_servers, receiver.url, key, (accepted, model), now_ms)
        self._traffic = Traffic(self._world, model, start_ms, "demo")
        self._api = Api(setting.url, setting.token)
        self._watch = Watch(model.version)
        retrainer = Retrainer(self._traffic, self._api, self._happenings.put)
        self._deliveries = Deliveries(retrainer.take)
        clock = EventClock(start_ms, SPEED)
        daemon = partial(run_daemon, setting.configuration, setting.secrets)
        self._parts = [
            stack.enter_context(Background("retrainer", retrainer.work)),
            stack.enter_context(Background("daemon", daemon)),
            stack.enter_context(Background("traffic", partial(feed, self._traffic, clock, producer))),
        ]
        story.tell(
            Happening(
                "world",
                f"a lender in four countries; model 1 was trained on the past and is right in {model.accuracy(accepted):.0%}",
                details=(
                    f"topics {', '.join(TOPICS)} on the embedded broker {broker.bootstrap_servers}",
                    f"event time runs {SPEED:,.0f} times as fast as the wall: {SPEED / 60:g} minutes a second",
                ),
            )
        )
        story.tell(Happening("driftwatch", f"watches {setting.configuration}", details=_addresses(setting)))

    def run(self, keep: bool) -> ExitCode:
        """Play until every act was seen, the deadline, or a signal; then with `keep` until a signal."""
        while self._scene is not Scene.END and self._story.elapsed_s < DEADLINE_S and not self._stop.is_set():
            self._tick()
        for _ in range(_LAST_TICKS):
            self._tick()
        code = self._story.close()
        if self._stop.is_set():
            return ExitCode.INTERRUPTED
        if keep:
            self._story.tell(Happening("demo", f"goes on; Ctrl-C ends it: {self._api.url}/"))
            while not self._stop.is_set():
                self._tick()
        return code

    def _tick(self) -> None:
        """Tell what happened since the last time, and turn the world when the story says so."""
        self._stop.wait(_TICK_S)
        for part in self._parts:
            if part.error is not None:
                raise part.error
        # What is delivered was decided before: first let the daemon say so.
        arrived, happened = _taken(self._arrived), _taken(self._happenings)
        decided = self._watch.look(self._api)
        received = [happening for delivery in arrived for happening in self._deliveries.read(delivery)]
        for happening in (*decided, *received, *happened):
            self._story.tell(happening)
        now_s = self._story.elapsed_s
        if self._calm_since_s is None and CALM in self._watch.verdicts.values():
            self._calm_since_s = now_s
        calm_s = 0.0 if self._calm_since_s is None else now_s - self._calm_since_s
        scene = following(self._scene, now_s - self._scene_since_s, self._story.seen, calm_s)
        if scene is not self._scene:
            self._scene, self._scene_since_s = scene, now_s
            self._turn(scene)

    def _turn(self, scene: Scene) -> None:
        now_ms = self._traffic.now_ms
        if scene is Scene.GROSS:
            # From the next pane on, so that no window mixes the two more than it must.
            pane_ms = -(-now_ms // SLIDE_MS) * SLIDE_MS
            self._world = replace(self._world, gross_from_ms=pane_ms)
            text = f"Portugal's feed changes: incomes arrive gross, {GROSS_TO_NET:g} times the net ones"
        elif scene is Scene.DOWNTURN:
            self._world = replace(self._world, downturn_from_ms=now_ms)
            text = "interest rates rise: now those who earn and borrow much default; labels will tell, later"
        else:
            return
        self._traffic.turn(self._world)
        self._story.tell(Happening("world", text))


def _taken(waiting: queue.Queue[T]) -> list[T]:
    """Everything that waits now."""
    found: list[T] = []
    with suppress(queue.Empty):
        while True:
            found.append(waiting.get_nowait())
    return found


def _addresses(setting: Setting) -> tuple[str, ...]:
    return (
        f"status page {setting.url}/",
        f"metrics     {setting.url}/metrics",
        f"API         {setting.url}/api/v1/models",
    )


@contextmanager
def _stopped_by_signals() -> Generator[threading.Event]:
    """An event that SIGINT and SIGTERM set, instead of ending the process in the middle of things."""
    stop = threading.Event()
    wanted = (signal.SIGINT, signal.SIGTERM)
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return

    def told(number: int, frame: FrameType | None) -> None:
        stop.set()

    before = {number: signal.signal(number, told) for number in wanted}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
