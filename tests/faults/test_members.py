"""Members of one group that start, stop and die in any order, with the same and with other instance ids (F4, P4)."""

from __future__ import annotations

import copy
import random
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from driftwatch.errors import ExitCode
from tests.faults.load import Load
from tests.faults.scene import Scene
from tests.integration.broker import Broker
from tests.integration.receiver import Receiver
from tests.waiting import until

pytestmark = pytest.mark.slow

SESSION_MS = 6_000


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as running:
        yield running


def beside(first: Load, name: str) -> Load:
    """Another daemon of the same group over the same topics, with a state directory and port of its own."""
    folder = first.scene.folder.parent / name
    folder.mkdir()
    scene = Scene(first.scene.kafka, folder)
    scene.models, scene.references, scene.sent = first.scene.models, first.scene.references, first.scene.sent
    port = scene.config["http"]["port"]
    scene.config = copy.deepcopy(first.scene.config)
    scene.config["state"]["directory"] = str(folder / "state")
    scene.config["http"]["port"] = port
    other = copy.copy(first)
    other.scene = scene
    return other


def working(load: Load) -> bool:
    status, answer = load.scene.daemon.ready()
    return status == 200 and not answer["reasons"]


def standing_by(load: Load) -> bool:
    return "standing_by" in load.scene.daemon.ready()[1].get("reasons", {})


@pytest.fixture
def first(kafka: Broker, receiver: Receiver, tmp_path: Path) -> Load:
    (tmp_path / "first").mkdir()
    load = Load(Scene(kafka, tmp_path / "first"), receiver)
    load.scene.config["kafka"]["session_timeout_ms"] = SESSION_MS
    return load


def test_f4_the_second_stands_by_and_takes_over(first: Load) -> None:
    second = beside(first, "second")
    try:
        first.scene.start()
        until(lambda: working(first), 20, "the first works")
        second.scene.start()
        until(lambda: standing_by(second), 20, "the second stands by")
        first.send(900)
        first.scene.consumed()
        assert standing_by(second)
        first.scene.daemon.stop(signal.SIGKILL)
        until(lambda: working(second), 30, "the second takes over")
        first.scene.start()
        until(lambda: standing_by(first), 20, "the first stands by when it comes back")
        first.send(900)
        second.rows = first.rows
        second.settle()
        assert standing_by(first)
        second.check_panes(second.scene.stop().saved)
        until(lambda: working(first), 30, "and works again")
        first.scene.consumed()
        first.kills = len(
            first.receiver.seen
        )  # two states tell the same transitions; the receiver knows them by their ids
        figures = first.check(first.scene.stop())
    finally:
        first.scene.daemon.close()
        second.scene.daemon.close()
    print(f"F4 {figures}")


def test_f4_two_on_copies_of_one_state_are_not_both_at_work(first: Load) -> None:
    """The same instance id: the group fences who was there before, and that one ends."""
    other = beside(first, "other")
    try:
        first.scene.start()
        first.send(900)
        first.scene.consumed()
        assert first.scene.daemon.stop() == 0
        shutil.copytree(first.scene.folder / "state", other.scene.folder / "state")
        first.scene.start()
        first.send(450)
        first.scene.consumed()
        other.scene.start()
        with first.flowing():
            assert first.scene.daemon.wait(30) == ExitCode.FENCED
        other.rows = first.rows
        other.settle()
        other.kills = len(other.receiver.seen)
        figures = other.check(other.scene.stop())
        first.check_stored()
    finally:
        first.scene.daemon.close()
        other.scene.daemon.close()
    print(f"F4 same id: {figures}")


@pytest.mark.full
def test_f4_in_any_order(first: Load) -> None:
    rng = random.Random(4)
    loads = [first, beside(first, "second"), beside(first, "third")]
    running: set[int] = set()
    try:
        with first.flowing():
            for _ in range(30):
                number = rng.randrange(3)
                daemon = loads[number].scene.daemon
                if number not in running:
                    loads[number].scene.write()
                    daemon.launch()
                    running.add(number)
                else:
                    daemon.stop(rng.choice([signal.SIGTERM, signal.SIGKILL]), within_s=30)
                    running.discard(number)
                    if rng.random() < 0.5:
                        until(
                            lambda: not running or sum(working(loads[i]) for i in running) == 1,
                            40,
                            "one works",
                        )
                # one that gives way says so at the end of its turn, when the other may be at work already
                until(lambda: sum(working(loads[i]) for i in running) <= 1, 10, "never two for long")
        for number in sorted(running)[1:]:
            assert loads[number].scene.daemon.stop(within_s=30) in (0, -signal.SIGTERM)
        last = loads[min(running)] if running else first
        if not running:
            last.scene.start()
        last.rows = first.rows
        until(lambda: working(last), 40, "the last works")
        last.settle(120)
        last.kills = len(last.receiver.seen)
        figures = last.check(last.scene.stop())
        for load in loads:
            load.rows = first.rows
            if (load.scene.folder / "state").exists():
                load.check_stored()
    finally:
        for load in loads:
            load.scene.daemon.close()
    print(f"F4 any order: {figures}")
