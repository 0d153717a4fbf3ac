"""A reload with errors under load keeps the old configuration; a good one is taken over as a whole (F32)."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.load import Load
from tests.faults.scene import Scene, series
from tests.integration.broker import Broker
from tests.integration.receiver import Receiver
from tests.waiting import until

pytestmark = pytest.mark.slow


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as running:
        yield running


def successful(scene: Scene) -> float:
    found = series(scene.daemon.get("/metrics"), "driftwatch_config_last_reload_successful")
    return sum(found.values())


def test_f32_a_bad_reload_changes_nothing_and_a_good_one_everything(
    kafka: Broker, receiver: Receiver, tmp_path: Path
) -> None:
    scene = Scene(kafka, tmp_path)
    load = Load(scene, receiver)
    (rule,) = scene.models[0]["rules"]
    try:
        scene.start()
        config_hash = scene.daemon.get("/api/v1/status")["config_hash"]
        with load.flowing():
            until(lambda: receiver.ids("alert.firing"), 60, "an alert is told")
            text = scene.path.read_text()
            scene.path.write_text(text.replace("psi > 0.5 for 2 panes", "psy > 0.5 for 2 panes"))
            os.kill(scene.daemon.pid, signal.SIGHUP)
            until(lambda: load.count("reload_refused"), 30, "it is refused")
            assert successful(scene) == 0
            assert scene.daemon.get("/api/v1/status")["config_hash"] == config_hash
            told = len(receiver.ids())
            until(lambda: len(receiver.ids()) > told, 60, "the old configuration goes on")
            rule |= {"name": "psi again", "when": "psi > 0.4 for 2 panes"}
            scene.write()
            os.kill(scene.daemon.pid, signal.SIGHUP)
            until(lambda: load.count("reloaded"), 30, "it is taken over")
            assert successful(scene) == 1
            assert scene.daemon.get("/api/v1/status")["config_hash"] != config_hash
            until(lambda: rules(receiver) == {"psi", "psi again"}, 60, "the new rule is judged")
        load.settle()
        figures = load.check(scene.stop(errors=["reload_refused"]))
        (refused,) = [line for line in scene.daemon.lines() if line["event"] == "reload_refused"]
    finally:
        scene.daemon.close()
    place = next(n for n, line in enumerate(text.splitlines(), 1) if "psi > 0.5" in line)
    assert f"driftwatch.yaml:{place}:" in refused["errors"][0]
    print(f"F32 {figures}")


def rules(receiver: Receiver) -> set[str]:
    return {one["data"]["alert"]["rule"] for one in list(receiver.seen) if one["type"] == "alert.firing"}
