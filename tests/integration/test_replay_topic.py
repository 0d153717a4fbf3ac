"""Replay of a topic range gives what replay of the same records from a file gives."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
import yaml
from kafka import KafkaProducer

from driftwatch.cli.program import run
from driftwatch.references.codec import encode
from tests.integration.broker import Broker
from tests.monitor.world import REFERENCE, SPEC, START, prediction

EVENTS = 3_000


@pytest.fixture
def folder(kafka: Broker, tmp_path: Path) -> Path:
    rng = random.Random(1)
    values = [prediction(n, START + n * 500, rng, drifted=n > 1_500) for n in range(EVENTS)]
    (tmp_path / "p.jsonl").write_bytes(b"\n".join(values))
    (tmp_path / "m.ref").write_bytes(encode(REFERENCE))
    topic = kafka.create_topic(partitions=2)
    producer = KafkaProducer(bootstrap_servers=kafka.bootstrap_servers, linger_ms=20)
    for n, value in enumerate(values):
        producer.send(topic, value, partition=n % 2, timestamp_ms=START + n * 500)
    producer.flush()
    producer.close()
    model = json.loads(SPEC.model_dump_json(exclude_defaults=True))
    model |= {"windows": [{"size": "10m", "slide": "1m"}], "reference": "m.ref", "join_within": "1m"}
    model["predictions"] |= {"lateness": "2m", "topic": topic}
    model["labels"] |= {"lateness": "3m", "max_delay": "60m"}
    config = {"kafka": {"bootstrap_servers": [kafka.bootstrap_servers]}, "models": [model]}
    (tmp_path / "driftwatch.yaml").write_text(yaml.safe_dump(config))
    (tmp_path / "topic").write_text(topic)
    return tmp_path


def alerts(folder: Path, where: str, *more: str) -> list[str]:
    topic = (folder / "topic").read_text()
    out = folder / "alerts.ndjson"
    command = [
        "replay",
        "-c",
        str(folder / "driftwatch.yaml"),
        f"{topic}={where}",
        "--alerts",
        str(out),
        *more,
    ]
    assert run(command) == 0
    return out.read_text().splitlines()


def test_a_topic_gives_the_same_alerts_as_a_file(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from_topic = alerts(folder, "kafka:")
    assert f"accepted    {EVENTS:,}".replace(",", " ") in capsys.readouterr().out
    assert len(from_topic) == 1
    assert alerts(folder, str(folder / "p.jsonl")) == from_topic


def test_only_the_records_of_the_range_are_read(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    alerts(folder, "kafka:", "--json", "--to", "2023-11-14T22:23:20Z")  # 1 200 events after the start
    counted = json.loads(capsys.readouterr().out)["classes"]["m"]["predictions"]["accepted"]
    assert 0 < counted < EVENTS
    assert run(["replay", "-c", str(folder / "driftwatch.yaml"), "p=kafka:", "--from", "yesterday"]) == 2
