"""A backlog in the broker: predictions and labels, written before anything is measured."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

from confluent_kafka import Producer

from tests.benchmarks.traffic import PARTITIONS, Traffic
from tests.integration.broker import Broker


class Backlog:
    """Two topics with 4 partitions each, keyed by id; grows when asked, always in the order of event time."""

    def __init__(self, kafka: Broker) -> None:
        self.bootstrap = kafka.bootstrap_servers
        self.predictions = kafka.create_topic(partitions=PARTITIONS)
        self.labels = kafka.create_topic(partitions=PARTITIONS)
        self.records = {self.predictions: 0, self.labels: 0}
        self._traffic = Traffic()

    @property
    def total(self) -> int:
        """Records in both topics."""
        return sum(self.records.values())

    def grow(self, predictions: int) -> None:
        """Append until there are so many predictions, and the labels that are known by then."""
        producer = Producer(
            {
                "bootstrap.servers": self.bootstrap,
                "linger.ms": 20,
                "batch.size": 500_000,
                "batch.num.messages": 20_000,
                "queue.buffering.max.messages": 200_000,
                "queue.buffering.max.kbytes": 200_000,
            }
        )
        for chunk in self._traffic.chunks(predictions - self.records[self.predictions]):
            times = chunk.times_ms.tolist()
            self._send(producer, self.predictions, chunk.ids, chunk.predictions, times)
            self._send(producer, self.labels, chunk.label_ids, chunk.labels, chunk.label_times_ms.tolist())
        if left := producer.flush(60):
            raise RuntimeError(f"{left} records could not be produced")

    def _send(
        self,
        producer: Producer,
        topic: str,
        keys: Sequence[bytes],
        values: Sequence[bytes],
        times_ms: Sequence[int],
    ) -> None:
        """A request's number chooses its partition: prediction and label lie at the same place."""
        for key, value, time_ms in zip(keys, values, times_ms, strict=True):
            partition = int(key[-3:]) % PARTITIONS
            while True:
                with contextlib.suppress(BufferError):
                    producer.produce(topic, value, key, partition, timestamp=time_ms)
                    break
                producer.poll(0.1)
        producer.poll(0)
        self.records[topic] += len(values)
