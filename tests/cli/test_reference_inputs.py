import json
from pathlib import Path

import pytest

from driftwatch.cli.reference_inputs import Inputs, Span, check_streams, moment_ms, streams_of
from driftwatch.errors import SourceError
from driftwatch.events.classes import Stream
from driftwatch.source.spec import KafkaSpec
from tests.integration.broker import Broker

TOPICS = {Stream.PREDICTIONS: "p", Stream.LABELS: "l"}
NOWHERE = KafkaSpec(bootstrap_servers=["127.0.0.1:1"])


def test_streams() -> None:
    assert streams_of("a", None, "c") == {Stream.PREDICTIONS: "a", Stream.LABELS: "c"}
    check_streams(streams_of("a", None, "c"), TOPICS, "m")
    with pytest.raises(SourceError, match="no stream of features"):
        check_streams(streams_of("a", "b", None), TOPICS, "m")
    with pytest.raises(SourceError, match="--features"):
        check_streams(streams_of("a", None, None), {**TOPICS, Stream.FEATURES: "f"}, "m")


def test_moments() -> None:
    assert moment_ms(None) is None
    assert moment_ms("2024-01-01T00:00:00Z") == 1_704_067_200_000
    with pytest.raises(ValueError, match="write one such as"):
        moment_ms("soon")


def test_files_are_read_as_often_as_asked_and_progress_is_told(tmp_path: Path) -> None:
    (tmp_path / "p.jsonl").write_text('{"id": 1}\n{"id": 2}\n')
    (tmp_path / "l.csv").write_text("id,y\n1,0\n")
    given = {Stream.PREDICTIONS: str(tmp_path / "p.jsonl"), Stream.LABELS: str(tmp_path / "l.csv")}
    inputs = Inputs(given, TOPICS, NOWHERE)
    advanced: list[int] = []
    for _ in range(2):
        found = [(s, b.partition.topic, list(b.values)) for s, b in inputs.batches(advanced.append)]
        assert found == [
            (Stream.PREDICTIONS, "p", [b'{"id": 1}', b'{"id": 2}']),
            (Stream.LABELS, "l", [b'{"id":1,"y":0}']),
        ]
    assert sum(advanced) == 2 * inputs.total_bytes == 2 * (20 + 9)
    assert inputs.told == ", ".join(given.values())


def test_a_missing_file_is_told_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no such file"):
        Inputs({Stream.PREDICTIONS: str(tmp_path / "gone.csv")}, TOPICS, NOWHERE)


def test_a_topic_is_read_up_to_the_end_that_it_had(kafka: Broker) -> None:
    from kafka import KafkaProducer

    topic = "reference-inputs"
    kafka.create_topic(topic, partitions=2)
    producer = KafkaProducer(bootstrap_servers=kafka.bootstrap_servers)

    def send(first: int, last: int) -> None:
        for i in range(first, last):
            producer.send(
                topic, json.dumps({"id": i}).encode(), partition=i % 2, timestamp_ms=1_000 * (i + 1)
            )
        producer.flush()

    try:
        send(0, 10)
        spec = KafkaSpec(bootstrap_servers=[kafka.bootstrap_servers])
        inputs = Inputs({Stream.PREDICTIONS: f"kafka:{topic}"}, TOPICS, spec)
        assert inputs.told == f"topic {topic}"

        def ids(of: Inputs) -> list[int]:
            return sorted(json.loads(v or b"")["id"] for _, b in of.batches(lambda _: None) for v in b.values)

        assert ids(inputs) == list(range(10))
        send(10, 14)
        assert ids(inputs) == list(range(10)), "the second pass sees what the first one saw"
        own = Inputs({Stream.PREDICTIONS: "kafka:"}, {Stream.PREDICTIONS: topic}, spec, Span(3_000, 6_000))
        assert ids(own) == [2, 3, 4]
    finally:
        producer.close()
