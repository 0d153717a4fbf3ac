"""The embedded broker of the demonstration, and a small producer for its traffic: librdkafka's mock cluster and client."""

from __future__ import annotations

import logging
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

from driftwatch.errors import SourceError

if TYPE_CHECKING:
    from confluent_kafka import KafkaError, Message, Producer

API_VERSION: Final = (2, 3)
"""`kafka.api_version` with which kafka-python speaks to the embedded broker."""
PARTITIONS: Final = 4
"""Partitions of every topic of the embedded broker; librdkafka fixes the number."""
_ANSWER_S: Final = 10.0
_LOGGER: Final = logging.getLogger("driftwatch.embedded")
_LOGGER.addHandler(logging.NullHandler())
_LOGGER.propagate = False


class EmbeddedBroker:
    """A Kafka broker in this process, for trying out: PLAINTEXT, in memory, the last 5 MiB of each partition.

    It cannot create topics on request, describe groups, or speak TLS; a topic begins to exist when it is asked for.
    """

    def __init__(self) -> None:
        """Start it; raises SourceError without the extra `confluent`."""
        # The cluster lives as long as this client, whose own bootstrap servers it replaces.
        self._host: Producer | None = _client({"test.mock.num.brokers": 1, "bootstrap.servers": "embedded:1"})
        brokers = self._host.list_topics(timeout=_ANSWER_S).brokers.values()
        self.bootstrap_servers: Final = ",".join(f"{broker.host}:{broker.port}" for broker in brokers)
        """`host:port`, as a client's configuration wants it."""

    def close(self) -> None:
        """Stop it and forget all records."""
        self._host = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class RecordProducer:
    """Sends keyed records with timestamps of their own, in order; belongs to one thread."""

    def __init__(self, bootstrap_servers: str, delivery_timeout_s: float = 300) -> None:
        """A record that no broker took for `delivery_timeout_s` is an error. Raises SourceError without `confluent`."""
        self._failed: str = ""
        self._bootstrap_servers = bootstrap_servers
        self._client = _client(
            {
                "bootstrap.servers": bootstrap_servers,
                "enable.idempotence": True,
                "compression.type": "lz4",
                "partitioner": "murmur2_random",
                "linger.ms": 20,
                "message.timeout.ms": int(delivery_timeout_s * 1_000),
            }
        )

    def ensure(self, topics: tuple[str, ...]) -> None:
        """Make the topics that do not exist yet, with the broker's own settings; raises SourceError if it refuses."""
        from confluent_kafka import KafkaError, KafkaException

        for topic in topics:
            try:
                found = self._client.list_topics(topic, timeout=_ANSWER_S).topics[topic]
                if found.error is not None and found.error.code() == KafkaError.UNKNOWN_TOPIC_OR_PART:
                    self._make(
                        topic
                    )  # asking alone does not make it where auto.create.topics.enable is false
                # The first answer of a real broker may still say that it has no leader.
                for _ in range(20):
                    if found.error is None and found.partitions:
                        break
                    self._client.poll(0.25)
                    found = self._client.list_topics(topic, timeout=_ANSWER_S).topics[topic]
            except KafkaException as error:
                raise SourceError(f"no Kafka broker answers: {error}; check the address") from error
            if found.error is not None:
                raise SourceError(
                    f"the topic {topic!r} cannot be made: {found.error}; create it on the broker"
                )

    def _make(self, topic: str) -> None:
        from confluent_kafka import KafkaError, KafkaException
        from confluent_kafka.admin import AdminClient, NewTopic  # pyright: ignore[reportPrivateImportUsage]

        admin: Any = AdminClient({"bootstrap.servers": self._bootstrap_servers})
        try:
            admin.create_topics([NewTopic(topic)], request_timeout=_ANSWER_S)[topic].result(_ANSWER_S)
        except KafkaException as error:
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                raise SourceError(
                    f"the topic {topic!r} cannot be made: {error.args[0].str()}; create it on the broker"
                ) from error

    def send(self, topic: str, key: str, value: bytes, time_ms: int) -> None:
        """Queue one record; waits while the queue is full. Raises SourceError if an earlier one was refused."""
        while True:
            try:
                self._client.produce(topic, value, key, timestamp=time_ms, on_delivery=self._delivered)
                break
            except BufferError:
                self._client.poll(0.1)
        self._client.poll(0)
        self._check()

    def flush(self, timeout_s: float) -> int:
        """Wait for what is queued and return how many records are still not delivered."""
        left = self._client.flush(timeout_s)
        self._check()
        return left

    def _delivered(self, error: KafkaError | None, record: Message) -> None:
        if error is not None:
            self._failed = f"{record.topic()}: {error.str()}"

    def _check(self) -> None:
        if self._failed:
            raise SourceError(f"a record could not be delivered: {self._failed}")


def newest_ms(bootstrap_servers: str, topics: tuple[str, ...]) -> int | None:
    """The greatest timestamp among the last records of all partitions; None where there are no records."""
    from confluent_kafka import Consumer, TopicPartition

    consumer = Consumer(
        {"bootstrap.servers": bootstrap_servers, "group.id": "driftwatch-demo", "enable.auto.commit": False},
        logger=_LOGGER,
    )
    try:
        metadata = consumer.list_topics(timeout=_ANSWER_S).topics
        last: list[TopicPartition] = []
        for place in (TopicPartition(t, p) for t in topics if t in metadata for p in metadata[t].partitions):
            low, high = consumer.get_watermark_offsets(place, timeout=_ANSWER_S)
            if high > low:
                last.append(TopicPartition(place.topic, place.partition, high - 1))
        consumer.assign(last)
        times_ms: list[int] = []
        while len(times_ms) < len(last):
            record = consumer.poll(_ANSWER_S)
            if record is None or record.error() is not None:
                raise SourceError("the broker does not hand over its last records; try again")
            times_ms.append(record.timestamp()[1])
        return max(times_ms, default=None)
    finally:
        consumer.close()


def _client(settings: dict[str, Any]) -> Producer:
    try:
        from confluent_kafka import Producer
    except ImportError as error:
        raise SourceError("the demonstration needs: pip install 'driftwatchd[confluent]'") from error
    return Producer(settings, logger=_LOGGER)
