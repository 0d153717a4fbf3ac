"""The stage of the demonstration: broker, receiver, daemon, retrainer and traffic, started and connected."""

from __future__ import annotations

import queue
import secrets
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from driftwatch.demo.acts import Happening
from driftwatch.demo.api import Api
from driftwatch.demo.background import Background
from driftwatch.demo.clock import EventClock
from driftwatch.demo.daemon import run_daemon
from driftwatch.demo.feed import PAST_MS, SPEED, TRAINING_MS, feed, first_model
from driftwatch.demo.receiver import Delivery, Receiver
from driftwatch.demo.records import TOPICS
from driftwatch.demo.retrainer import Request, Retrainer
from driftwatch.demo.setting import Setting, prepare
from driftwatch.demo.traffic import Traffic
from driftwatch.demo.world import STEP_MS, World
from driftwatch.source.embedded import EmbeddedBroker, RecordProducer

SEED: Final = 20_240


@dataclass(frozen=True, slots=True)
class Stage:
    """Everything that runs, and where it can be heard."""

    world: World
    """As it is at the start."""
    traffic: Traffic
    api: Api
    parts: tuple[Background, ...]
    retrain: Callable[[Request], None]
    """Hands a verified request to the retrainer."""
    arrived: queue.Queue[Delivery]
    """What reached the receiver."""
    happenings: queue.Queue[Happening]
    """What the parts tell."""
    opening: tuple[Happening, ...]
    """What a reader is told first."""

    @property
    def error(self) -> BaseException | None:
        """What ended a part that should still be running."""
        return next((part.error for part in self.parts if part.error is not None), None)


def build(folder: Path, stack: ExitStack) -> Stage:
    """Start everything; `stack` stops it again, the traffic first and the broker last.

    `folder` gets the daemon's configuration, state and log. Raises SourceError without the extra `confluent`.
    """
    arrived: queue.Queue[Delivery] = queue.Queue()
    happenings: queue.Queue[Happening] = queue.Queue()
    now_ms = int(time.time() * 1_000)
    start_ms = (now_ms - PAST_MS) // STEP_MS * STEP_MS
    trained_ms = start_ms - 2 * TRAINING_MS
    world = World(SEED)
    model, accepted = first_model(world, trained_ms), world.stretch(trained_ms, start_ms)
    broker = stack.enter_context(EmbeddedBroker())
    producer = RecordProducer(broker.bootstrap_servers)
    producer.ensure(TOPICS)
    key = secrets.token_bytes(32)
    receiver = Receiver([key], arrived.put)
    stack.callback(receiver.close)
    receiver.start()
    setting = prepare(folder, broker.bootstrap_servers, receiver.url, key, (accepted, model), now_ms)
    traffic = Traffic(world, model, start_ms, "demo")
    api = Api(setting.url, setting.token)
    retrainer = Retrainer(traffic, api, happenings.put)
    works = {
        "retrainer": retrainer.work,
        "daemon": partial(run_daemon, setting.configuration, setting.secrets),
        "traffic": partial(feed, traffic, EventClock(start_ms, SPEED), producer),
    }
    parts = tuple(stack.enter_context(Background(name, work)) for name, work in works.items())
    opening = _opening(model.accuracy(accepted), broker.bootstrap_servers, setting)
    return Stage(world, traffic, api, parts, retrainer.take, arrived, happenings, opening)


def _opening(accuracy: float, bootstrap_servers: str, setting: Setting) -> tuple[Happening, ...]:
    return (
        Happening(
            "world",
            f"a lender in four countries; model 1 was trained on the past and is right in {accuracy:.0%}",
            details=(
                f"topics {', '.join(TOPICS)} on the embedded broker {bootstrap_servers}",
                f"event time runs {SPEED:,.0f} times as fast as the wall: {SPEED / 60:g} minutes a second",
            ),
        ),
        Happening(
            "driftwatch",
            f"watches as {setting.configuration} says",
            details=(
                f"status page {setting.url}/",
                f"metrics     {setting.url}/metrics",
                f"API         {setting.url}/api/v1/models",
            ),
        ),
    )
