"""What only a person can decide: a topic that is not there, and offsets that are gone: the daemon stops and says so (F30)."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient

from driftwatch.errors import ExitCode
from driftwatch.events.classes import RecordClass as Class
from driftwatch.events.records import Partition
from driftwatch.storage.sqlite import open_checkpoint
from tests.faults.scene import Scene, Sent, log_lines
from tests.integration.broker import Broker
from tests.monitor.world import START, prediction
from tests.waiting import until

pytestmark = pytest.mark.slow

PART = 200


def scene_of_one(kafka: Broker, folder: Path) -> Scene:
    scene = Scene(kafka, folder)
    scene.model("watched", {"labels": None, "rules": None})
    return scene


def part(number: int) -> list[Sent]:
    rng = random.Random(number)
    times = [(n, START + n * 100) for n in range(number * PART, (number + 1) * PART)]
    return [Sent(prediction(n, time_ms, rng), time_ms) for n, time_ms in times]


def ended(scene: Scene) -> str:
    """Start the daemon, which ends by itself with exit code 6; what it says on stderr."""
    scene.write()
    command = [sys.executable, "-m", "driftwatch", "run", "-c", str(scene.path)]
    log = scene.folder / "ended.log"
    with log.open("wb") as out:
        process = subprocess.run(
            command, stdout=out, stderr=subprocess.PIPE, text=True, timeout=30, check=False
        )
    assert process.returncode == ExitCode.SOURCE, process.stderr
    assert not [line for line in log_lines(log) if line["level"] in ("error", "critical")]
    (said,) = process.stderr.splitlines()
    assert said.startswith("driftwatch: error: ")
    return said


def retention_passes(admin: AdminClient, scene: Scene) -> None:
    """All that was counted and half of what came since is gone."""
    scene.produce(scene.topic("watched"), part(1))
    place = TopicPartition(scene.topic("watched"), 0, PART + PART // 2)
    for future in admin.delete_records([place]).values():
        future.result(20)


def topic_is_made_anew(admin: AdminClient, scene: Scene) -> None:
    """The same name, with less in it than was counted."""
    topic = scene.topic("watched")
    admin.delete_topics([topic])[topic].result(20)
    scene.kafka.create_topic(topic)
    scene.sent.clear()
    scene.produce(
        topic, part(1)[: PART // 2], **{"client.id": "anew"}
    )  # a producer that does not know the old one


def topic_is_made_anew_and_longer(admin: AdminClient, scene: Scene) -> None:
    """The same name, with more in it than was counted: no offset is out of range."""
    topic_is_made_anew(admin, scene)
    scene.produce(scene.topic("watched"), part(2), **{"client.id": "anew"})


def test_f30_a_missing_topic_stops_it_with_an_instruction(kafka: Broker, tmp_path: Path) -> None:
    scene = scene_of_one(kafka, tmp_path)
    scene.models[0]["predictions"]["topic"] = "nobody-made-this"
    said = ended(scene)
    assert "no such topic: nobody-made-this; create it or correct its name" in said


def test_f30_offsets_that_are_gone_stop_it_with_an_instruction(kafka: Broker, tmp_path: Path) -> None:
    scene = scene_of_one(kafka, tmp_path)
    try:
        scene.start()
        scene.produce(scene.topic("watched"), part(0))
        scene.consumed()
        assert scene.stop().of("watched") == {Class.ACCEPTED: PART}
    finally:
        scene.daemon.close()
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap_servers})
    retention_passes(admin, scene)
    said = ended(scene)
    assert "the stored offset is not in the log any more" in said
    assert f"{scene.topic('watched')}-0 at {PART}" in said
    assert "`driftwatch state rebuild --all` lets the next start count again" in said
    assert stored(scene) == {PART}, "nothing was skipped or counted"
    for happens in (topic_is_made_anew, topic_is_made_anew_and_longer):
        happens(admin, scene)
        said = ended(scene)
        assert f"the topic was made anew since it was counted: {scene.topic('watched')}." in said
        assert stored(scene) == {PART}, "nothing was skipped or counted"


def stored(scene: Scene) -> set[int]:
    """The offsets of the last commit."""
    checkpoint = open_checkpoint(scene.folder / "state")
    try:
        return set(checkpoint.load().offsets.values())
    finally:
        checkpoint.close()


@pytest.mark.parametrize(
    ("happens", "left"), [(retention_passes, PART // 2), (topic_is_made_anew_and_longer, PART // 2 + PART)]
)
def test_f30_where_it_may_it_counts_again_what_is_left(
    kafka: Broker, tmp_path: Path, happens: Callable[[AdminClient, Scene], None], left: int
) -> None:
    scene = scene_of_one(kafka, tmp_path)
    scene.config["kafka"] |= {
        "on_reset": "rebuild",
        "start_at": "latest",
    }  # a rebuilt state begins at the beginning
    topic = scene.topic("watched")
    try:
        scene.start()
        until(scene.works, 30, "it knows where the topic ends")
        scene.produce(topic, part(0))
        scene.consumed()
        assert scene.stop().of("watched") == {Class.ACCEPTED: PART}
        happens(AdminClient({"bootstrap.servers": kafka.bootstrap_servers}), scene)
        scene.sent.clear()
        scene.sent[Partition(topic, 0)] = left
        scene.start()
        scene.consumed()
        assert scene.daemon.stop() == 0
        (line,) = [line for line in scene.daemon.lines() if line["event"] == "state_set_aside"]
        assert "was made anew" in line["reason"] or "not in the log any more" in line["reason"]
        run = scene.recompute()
        assert run.records == left
        aside = tmp_path / "state" / "checkpoint.sqlite.aside-1"
        assert line["files"] == [str(aside)]
        assert aside.exists()
    finally:
        scene.daemon.close()
