"""A lasting new state is accepted while the daemon runs: its alert ends, is not told again, and recomputing agrees."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.scene import Scene, Sent
from tests.integration.broker import Broker
from tests.monitor.test_watching import Traffic
from tests.waiting import until

pytestmark = pytest.mark.slow
TOKEN = "let me in"


def test_a_daemon_is_told_that_its_alert_is_the_new_usual(kafka: Broker, tmp_path: Path) -> None:
    scene, traffic = Scene(kafka, tmp_path), Traffic()
    (tmp_path / "token").write_text(TOKEN)
    scene.config["http"]["token"] = {"file": str(tmp_path / "token")}
    scene.config["alerting"] = {"budget": "1 per day"}
    scene.config["kafka"]["idle_timeout"] = "10m"
    # the second window keeps every pane, so that all of it can be counted again
    windows = [{"size": "10m", "slide": "1m"}, {"size": "1d", "slide": "1m"}]
    scene.model("m", {"rules": [], "windows": windows})
    try:
        scene.start()
        send(scene, traffic.add(10).add(16, drifted=True))
        until(lambda: firing(scene), 120, "an alert fires")
        scene.consumed()
        answer = accept(scene)
        assert "accepted; the reference is" in answer.stdout, answer.stderr
        until(lambda: not firing(scene), 60, "it has ended")
        send(scene, traffic.add(25, drifted=True))
        scene.consumed()
        decided = scene.daemon.get("/api/v1/decisions")["decisions"]
        changes = [(d["new"], d["reason"]) for d in reversed(decided) if d["rule"] == "evidence inputs"]
        assert changes[-2:] == [("firing", "held"), ("resolved", "accepted")], "and nothing after it"
        assert firing(scene) == set()
        assert "driftwatch_references_accepted_total" in scene.daemon.get("/metrics")
        (who,) = {line["by"] for line in scene.daemon.lines() if line["event"] == "reference_accepted"}
        assert who == "ana"
        again = accept(scene)
        assert again.returncode != 0
        assert "nothing to accept" in again.stderr
        scene.stop()
    finally:
        scene.daemon.close()


def send(scene: Scene, traffic: Traffic) -> None:
    """What the traffic has that was not sent yet."""
    for topic, values in ((scene.models[0][s]["topic"], v) for s, v in sides(traffic)):
        sent = sum(count for partition, count in scene.sent.items() if partition.topic == topic)
        scene.produce(topic, [Sent(value) for value in values[sent:]])


def sides(traffic: Traffic) -> list[tuple[str, list[bytes]]]:
    return [("predictions", traffic.predicted), ("labels", traffic.labelled)]


def firing(scene: Scene) -> set[str]:
    answer = scene.daemon.get("/api/v1/alerts")
    return {alert["rule"] for alert in answer["alerts"] if alert["state"] == "firing"}


def accept(scene: Scene) -> subprocess.CompletedProcess[str]:
    command = [
        sys.executable,
        "-m",
        "driftwatch",
        "reference",
        "accept",
        "-c",
        str(scene.path),
        "--by",
        "ana",
    ]
    return subprocess.run(command, capture_output=True, text=True, check=False)
