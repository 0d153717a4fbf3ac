"""What the contract cannot provoke: a client that goes back, and the broker of the demonstration."""

from __future__ import annotations

from typing import Any, NoReturn

import pytest
from kafka import TopicPartition
from structlog.testing import capture_logs

from driftwatch.errors import SourceError
from driftwatch.events.records import Partition
from driftwatch.source import slab
from driftwatch.source.cluster import Cluster
from driftwatch.source.embedded import API_VERSION, EmbeddedBroker, RecordProducer
from driftwatch.source.failures import AwayError
from driftwatch.source.kafka_python import KafkaPythonSource
from driftwatch.source.open import open_source
from driftwatch.source.spec import Client, KafkaSpec
from tests.contracts.edges import KafkaEdge, Reader
from tests.integration.broker import Broker


@pytest.mark.broker
@pytest.mark.parametrize("fast", [True, False])
def test_refuses_a_record_below_the_expected_offset(kafka: Broker, fast: bool) -> None:
    edge = KafkaEdge(kafka, fast_path=fast)
    topic = edge.topic()
    edge.produce(topic, 0, [b"a", b"b", b"c"])
    source = edge.source()
    source.start([topic], {})
    reader = Reader(source, {})
    reader.until_rows(3)
    assert isinstance(source, KafkaPythonSource)
    source._consumer.seek(TopicPartition(topic, 0), 1)  # as a silent reset of the client would
    with pytest.raises(SourceError, match=f"{topic}-0 handed over offset 1 where 3 was expected"):
        reader.until(lambda: False, "an error")
    assert reader.count() == 3
    edge.close()


@pytest.mark.broker
def test_an_untested_client_takes_the_stock_path_with_one_log_line(
    kafka: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slab, "VERSION", "3.9.9")
    edge = KafkaEdge(kafka)
    topic = edge.topic()
    edge.produce(topic, 0, [b"a"])
    source = edge.source()
    with capture_logs() as logs:
        source.start([topic], {})
        Reader(source, {}).until_rows(1)
    assert [entry["version"] for entry in logs if entry["event"] == "fast_path_off"] == ["3.9.9"]
    edge.close()


def test_before_the_start_a_commit_and_a_pause_are_only_remembered() -> None:
    source = KafkaPythonSource(KafkaSpec(bootstrap_servers=["127.0.0.1:1"]), "o")
    source.commit({Partition("t", 0): 5})
    source.pause({Partition("t", 0)})
    source.close()


def test_the_client_decides_nothing_by_itself_e16() -> None:
    # offsets are resolved and journaled by us, a static member keeps its place, aborted records are never seen
    settings = KafkaPythonSource(KafkaSpec(bootstrap_servers=["127.0.0.1:1"]), "owner")._settings()
    decided = ("group_instance_id", "auto_offset_reset", "enable_auto_commit", "isolation_level")
    assert [settings[name] for name in decided] == ["owner", "none", False, "read_committed"]
    assert settings["session_timeout_ms"] == 10_000


@pytest.mark.slow
@pytest.mark.parametrize(
    "settings", [{"fast_path": True}, {"fast_path": False}, {"client": Client.CONFLUENT}]
)
def test_reads_from_the_embedded_broker(settings: dict[str, Any]) -> None:
    with EmbeddedBroker() as broker:
        producer = RecordProducer(broker.bootstrap_servers)
        producer.ensure(("t",))
        for n in range(40):
            producer.send("t", f"k{n}", b"%d" % n, 1_000 + n)
        assert producer.flush(20) == 0
        spec = KafkaSpec(
            bootstrap_servers=broker.bootstrap_servers.split(","), api_version=API_VERSION, **settings
        )
        source = open_source(spec, "owner")
        source.start(["t"], {})
        reader = Reader(source, {})
        reader.until_rows(40)
        reader.commit()
        assert {stand.position for stand in source.standing().values()} == {
            stand.end_offset for stand in source.standing().values()
        }
        source.close()


@pytest.mark.broker
def test_a_commit_between_the_assignment_and_its_acceptance_counts(
    kafka: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    edge = KafkaEdge(kafka)
    topic = edge.topic()
    edge.produce(topic, 0, [b"a", b"b"])
    source = edge.source()
    source.start([topic], {})
    reader = Reader(source, {})
    reader.until_rows(2)
    assert isinstance(source, KafkaPythonSource)

    def away(*_: object) -> NoReturn:
        raise AwayError

    monkeypatch.setattr(Cluster, "partitions", away)
    source._consumer._coordinator.request_rejoin()
    reader.until(lambda: not source._seat.working, "the assignment dealt anew")
    reader.commit()  # the loop does not know of it yet
    monkeypatch.undo()
    edge.produce(topic, 0, [b"c"])
    reader.until_rows(3)
    assert reader.offsets(topic) == [0, 1, 2]
    edge.close()
