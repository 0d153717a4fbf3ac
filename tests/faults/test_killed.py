"""kill -9 at random moments under load (F1) and at every durable step (F2): nothing lost, nothing double (P1, P5)."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.failing import STEPS
from tests.faults.load import WATCHED, Load
from tests.faults.scene import Scene
from tests.integration.broker import Broker
from tests.integration.receiver import Receiver
from tests.waiting import until

pytestmark = pytest.mark.slow


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as running:
        yield running


@pytest.mark.parametrize(
    ("kills", "seed"), [(4, 1), *(pytest.param(30, seed, marks=pytest.mark.full) for seed in range(2, 7))]
)
def test_f1_killed_at_random_moments_under_load(
    kafka: Broker, receiver: Receiver, tmp_path: Path, kills: int, seed: int
) -> None:
    scene = Scene(kafka, tmp_path)
    figures = killed(scene, Load(scene, receiver), kills, random.Random(seed))
    print(f"F1 {figures}")
    assert figures["transitions"] > 0


@pytest.mark.parametrize(
    ("kills", "seed"), [(4, 7), *(pytest.param(30, seed, marks=pytest.mark.full) for seed in range(8, 11))]
)
def test_f1_evidence_is_the_same_to_the_last_bit(
    kafka: Broker, receiver: Receiver, tmp_path: Path, kills: int, seed: int
) -> None:
    """Under a budget alone; `recompute` compares the state of every bet and not only what was decided by it."""
    scene = Scene(kafka, tmp_path)
    scene.config["alerting"] = {"budget": "1 per day"}
    load = Load(scene, receiver, changes={**WATCHED, "rules": None})
    figures = killed(scene, load, kills, random.Random(seed))
    print(f"F1 evidence {figures}")
    assert figures["transitions"] > 0
    assert any("/evidence/" in name for name in load.check_stored().states)
    found = subprocess.run(
        [sys.executable, "-m", "driftwatch", "recompute", "-c", str(scene.path), "--json"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, found.stdout + found.stderr
    assert json.loads(found.stdout)["compared"]["states"]["same"] > 0


def killed(scene: Scene, load: Load, kills: int, rng: random.Random) -> dict[str, int]:
    """Kill the daemon again and again under load, most times while it counts; the figures of `Load.check` in the end."""
    scene.write()
    load.send(500)
    stored = 0
    try:
        with load.flowing():
            for _ in range(kills):
                scene.daemon.launch()
                if rng.random() < 0.7:  # else while it starts
                    until(lambda n=stored: offsets(load) > n, 120, "it counts")
                pause(rng.uniform(0.0, 0.8))
                assert scene.daemon.stop(signal.SIGKILL) == -signal.SIGKILL
                load.kills += 1
                stored = sum(load.check_stored().offsets.values())
            scene.daemon.start()
        load.settle()
        return load.check(scene.stop())
    finally:
        scene.daemon.close()


def pause(seconds: float) -> None:
    """A moment nobody chose."""
    import threading

    threading.Event().wait(seconds)


LATER = {
    "committed": 3,
    "not-committed": 4,
    "state-written": 2,
    "log-copied": 16,  # the one that copies
    "offsets-committed": 2,
    "outbox-inserted": 2,
    "marked": 2,
}


TELLING = (
    "checkpoint-filled",
    "state-written",
    "not-committed",
    "committed",
    "offsets-not-committed",
    "answered",
)
"""Steps of the short form: one of each kind, on the side where more could go wrong."""


@pytest.mark.parametrize(
    "steps", [TELLING, pytest.param(tuple(STEPS), marks=pytest.mark.full)], ids=["telling", "all"]
)
def test_f2_killed_at_every_durable_step(
    kafka: Broker, receiver: Receiver, tmp_path: Path, steps: tuple[str, ...]
) -> None:
    scene = Scene(kafka, tmp_path)
    load = Load(scene, receiver)
    scene.write()
    try:
        with load.flowing():
            for step in steps:
                scene.daemon.launch(module=("tests.faults.failing", f"{step}@{LATER.get(step, 1)}"))
                assert scene.daemon.wait(120) == -signal.SIGKILL, step
                load.kills += 1
                if step not in ("owner-not-made", "owner-made", "checkpoint-filled"):
                    load.check_stored()
        receiver.before_answer = scene.daemon.kill
        with load.flowing():
            scene.daemon.launch()
            assert scene.daemon.wait(120) == -signal.SIGKILL, "sent, not answered"
        receiver.before_answer = None
        load.kills += 1
        load.check_stored()
        scene.daemon.start()
        load.settle()
        figures = load.check(scene.stop())
    finally:
        receiver.before_answer = None
        scene.daemon.close()
    print(f"F2 {figures}")
    bodies: dict[str, set[str]] = {}
    for one in receiver.seen:
        bodies.setdefault(one["id"], set()).add(str(one))
    assert all(len(same) == 1 for same in bodies.values()), "the same id has the same body"
    # one request is under way at a time, so each kill finds at most one that is sent and not marked
    assert figures["delivered_again"] <= figures["kills"], "only what was sent and not marked is sent again"


@pytest.mark.parametrize("times", [2, pytest.param(10, marks=pytest.mark.full)])
def test_p3_it_consumes_again_soon_after_a_kill(
    kafka: Broker, receiver: Receiver, tmp_path: Path, times: int
) -> None:
    scene = Scene(kafka, tmp_path)
    load = Load(scene, receiver)
    took_s: list[float] = []
    try:
        scene.start()
        with load.flowing():
            for _ in range(times):
                until(lambda: offsets(load) > 0, 120, "it counts")
                before = offsets(load)
                assert scene.daemon.stop(signal.SIGKILL) == -signal.SIGKILL
                load.kills += 1
                started_s = time.monotonic()
                scene.daemon.launch()
                until(lambda n=before: offsets(load) > n, 120, "it counts again")
                took_s.append(time.monotonic() - started_s)
        load.settle()
        figures = load.check(scene.stop())
    finally:
        scene.daemon.close()
    print(f"P3 {figures}, consuming again after {', '.join(f'{s:.1f}' for s in sorted(took_s))} s")
    assert times < 10 or max(took_s) < 15  # a figure of the full form: the short one runs on any machine


def offsets(load: Load) -> int:
    """Offsets of the last commit, in sum."""
    answer = load.scene.daemon.get("/api/v1/status")
    return sum(one["offset"] for one in answer["partitions"]) if answer else 0
