"""A daemon that is stopped, slow, or told the wrong time (F5, F6, F28): it drops what it may no longer know, and counts on."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.load import Load
from tests.faults.scene import Scene, series
from tests.integration.broker import Broker
from tests.integration.receiver import SECRET, Receiver
from tests.waiting import stays, until
from tests.webhooks.receiver import receiving, status

pytestmark = pytest.mark.slow

SESSION_MS = 6_000
POLL_INTERVAL_MS = 1_000


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as running:
        yield running


@pytest.fixture
def second_receiver() -> Iterator[Receiver]:
    with Receiver() as running:
        yield running


def test_f5_f6_frozen_past_its_session_and_too_slow_for_its_group(
    kafka: Broker, receiver: Receiver, second_receiver: Receiver, tmp_path: Path
) -> None:
    frozen, slow = (
        scene_of(kafka, receiver, tmp_path / "frozen"),
        scene_of(kafka, second_receiver, tmp_path / "slow"),
    )
    frozen.scene.config["kafka"]["session_timeout_ms"] = SESSION_MS
    slow.scene.config["kafka"]["max_poll_interval_ms"] = POLL_INTERVAL_MS
    try:
        frozen.scene.start()
        frozen.send(800)
        until(frozen.receiver.ids, 120, "an alert is told")
        pid, resumed = frozen.scene.daemon.pid, frozen.count("resumed")
        told = len(receiver.seen)
        os.kill(pid, signal.SIGSTOP)
        frozen.send(900)
        until(lambda: not members(kafka, frozen), 120, "the group has forgotten it")
        figures = too_slow(slow)
        assert len(receiver.seen) == told, "no webhook from it"
        os.kill(pid, signal.SIGCONT)
        frozen.settle()
        print(f"F5 {frozen.check(frozen.scene.stop())}")
        print(f"F6 {figures}")
        assert frozen.count("resumed") > resumed, "it dropped what it may no longer know"
    finally:
        frozen.scene.daemon.close()
        slow.scene.daemon.close()


def too_slow(load: Load) -> dict[str, int]:
    """F6: its first records take longer than the group waits."""
    load.scene.write()
    load.send(800)
    load.scene.daemon.start(module=("tests.faults.failing", f"slow@{2.5 * POLL_INTERVAL_MS / 1_000}x2"))
    load.settle()
    end = load.scene.stop()
    late = [line for line in end.lines if line["event"] == "poll_too_late"]
    assert late
    assert {(line["setting"], line["value"]) for line in late} == {
        ("kafka.max_poll_interval_ms", POLL_INTERVAL_MS)
    }
    return load.check(end)


def scene_of(kafka: Broker, receiver: Receiver, folder: Path) -> Load:
    folder.mkdir()
    return Load(Scene(kafka, folder), receiver)


def members(kafka: Broker, load: Load) -> list[str]:
    from confluent_kafka.admin import AdminClient

    group = load.scene.config["kafka"]["group_id"]
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap_servers})
    return [m.member_id for m in admin.describe_consumer_groups([group])[group].result(20).members]


def test_f28_the_wall_clock_jumps_by_an_hour(kafka: Broker, receiver: Receiver, tmp_path: Path) -> None:
    load = scene_of(kafka, receiver, tmp_path / "jumps")
    scene = load.scene
    with receiving(status(500), status(200)) as flaky:
        allowed = {"secret": {"file": str(scene.folder / "secret")}, "allow_networks": ["127.0.0.0/8"]}
        scene.config["endpoints"].append(
            {"name": "flaky", "url": f"http://127.0.0.1:{flaky.port}/", **allowed}
        )
        try:
            scene.write()
            scene.daemon.start(module=("tests.faults.failing", "clock@3600"))
            load.send(800)
            until(lambda: flaky.requests, 120, "the first attempt")
            stays(lambda: len(flaky.requests) == 1, 3.0, "no retry before its time")
            until(lambda: len(flaky.requests) > 1, 120, "and a retry after it")
            metrics = scene.daemon.get("/metrics")
            load.send(800)
            load.settle()
            end = scene.stop()
        finally:
            scene.daemon.close()
        receiver.refused.clear()  # signatures carry the wrong hour
        figures = load.check(end)
        until(lambda: len(flaky.requests) > figures["transitions"], 120, "every transition, and one again")
    print(f"F28 {figures}")
    assert SECRET not in scene.daemon.log.read_text()
    assert negative_durations(metrics) == {}
    waits = [line["next_in_s"] for line in end.lines if line["event"] == "attempt"]
    assert all(0 <= wait <= 6 for wait in waits)


@pytest.mark.parametrize("stopped_s", [2, pytest.param(600, marks=pytest.mark.full)])
def test_f28_stopped_for_ten_minutes(
    kafka: Broker, receiver: Receiver, tmp_path: Path, stopped_s: int
) -> None:
    """As a laptop's lid or a hypervisor does it: what came meanwhile is counted in its windows, and nothing is told twice."""
    load = scene_of(kafka, receiver, tmp_path / "stopped")
    try:
        load.scene.start()
        load.send(800)
        until(receiver.ids, 120, "an alert is told")
        pid = load.scene.daemon.pid
        os.kill(pid, signal.SIGSTOP)
        load.send(900)
        told = len(receiver.seen)
        stays(lambda: len(receiver.seen) == told, stopped_s, "a stopped process tells nobody", every_s=0.5)
        os.kill(pid, signal.SIGCONT)
        load.send(800)
        load.settle()
        metrics = load.scene.daemon.get("/metrics")
        assert load.scene.daemon.pid == pid, "it is the same process"
        end = load.scene.stop()
    finally:
        load.scene.daemon.close()
    print(f"F28 stopped for {stopped_s} s: {load.check(end)}")
    assert negative_durations(metrics) == {}


def negative_durations(metrics: str) -> dict[str, float]:
    return {
        name: value
        for name in ("commit_duration_seconds_sum", "process_cpu_seconds_total")
        for value in series(metrics, f"driftwatch_{name}").values()
        if value < 0
    }
