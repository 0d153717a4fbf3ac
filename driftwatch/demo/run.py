"""`driftwatch demo`: plays the story on its stage, scene by scene, until every act was seen."""

from __future__ import annotations

import queue
import shutil
import signal
import tempfile
import threading
from collections.abc import Generator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Final, TypeVar

from rich.console import Console

from driftwatch.demo.acts import Happening, Scene, following
from driftwatch.demo.daemon import LOG
from driftwatch.demo.deliveries import Deliveries
from driftwatch.demo.feed import feed_elsewhere
from driftwatch.demo.setting import SLIDE_MS
from driftwatch.demo.stage import Stage, build
from driftwatch.demo.story import Story
from driftwatch.demo.watch import CALM, Watch
from driftwatch.demo.world import GROSS_TO_NET
from driftwatch.errors import ExitCode

T = TypeVar("T")
DEADLINE_S: Final = 170.0
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
                return Play(story, stop, build(folder, stack)).run(keep)
        finally:
            if story.complete:
                shutil.rmtree(folder)
            else:
                story.tell(Happening("demo", f"configuration, state and {LOG} stay in {folder}"))


class Play:
    """One performance, and the scene that is being played."""

    def __init__(self, story: Story, stop: threading.Event, stage: Stage) -> None:
        self._story = story
        self._stop = stop
        self._stage = stage
        self._world = stage.world
        self._watch = Watch(stage.traffic.model.version)
        self._deliveries = Deliveries(stage.retrain)
        self._scene, self._scene_since_s = Scene.CALM, 0.0
        self._calm_since_s: float | None = None

    def run(self, keep: bool) -> ExitCode:
        """Play until every act was seen, the deadline, or a signal; then with `keep` until a signal."""
        for happening in self._stage.opening:
            self._story.tell(happening)
        while self._scene is not Scene.END and self._story.elapsed_s < DEADLINE_S and not self._stop.is_set():
            self._tick()
        for _ in range(_LAST_TICKS):
            self._tick()
        code = self._story.close()
        if self._stop.is_set() and not self._story.complete:
            return ExitCode.INTERRUPTED
        if keep:
            self._story.tell(Happening("demo", f"goes on; Ctrl-C ends it: {self._stage.api.url}/"))
            while not self._stop.is_set():
                self._tick()
        return code

    def _tick(self) -> None:
        """Tell what happened since the last time, and turn the world when the story says so."""
        self._stop.wait(_TICK_S)
        if self._stage.error is not None:
            raise self._stage.error
        # What is delivered was decided before: first let the daemon say so.
        arrived, happened = _taken(self._stage.arrived), _taken(self._stage.happenings)
        decided = self._watch.look(self._stage.api)
        received = [happening for delivery in arrived for happening in self._deliveries.read(delivery)]
        for happening in (*decided, *received, *happened):
            self._story.tell(happening)
        self._direct()

    def _direct(self) -> None:
        now_s = self._story.elapsed_s
        if self._calm_since_s is None and CALM in self._watch.verdicts.values():
            self._calm_since_s = now_s
        calm_s = 0.0 if self._calm_since_s is None else now_s - self._calm_since_s
        scene = following(self._scene, now_s - self._scene_since_s, self._story.seen, calm_s)
        if scene is not self._scene:
            self._scene, self._scene_since_s = scene, now_s
            self._turn(scene)

    def _turn(self, scene: Scene) -> None:
        now_ms = self._stage.traffic.now_ms
        if scene is Scene.GROSS:
            # From the next pane on, so that both features cross the limit in the same one.
            pane_ms = -(-now_ms // SLIDE_MS) * SLIDE_MS
            self._world = replace(self._world, gross_from_ms=pane_ms)
            text = f"Portugal's feed changes: incomes arrive gross, {GROSS_TO_NET:g} times the net ones"
        elif scene is Scene.DOWNTURN:
            self._world = replace(self._world, downturn_from_ms=now_ms)
            text = "interest rates rise: now those who earn and borrow much default; labels will tell, later"
        else:
            return
        self._stage.traffic.turn(self._world)
        self._story.tell(Happening("world", text))


def _taken(waiting: queue.Queue[T]) -> list[T]:
    """Everything that waits now."""
    found: list[T] = []
    with suppress(queue.Empty):
        while True:
            found.append(waiting.get_nowait())
    return found


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
