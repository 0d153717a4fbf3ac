"""The least that any Python consumer does: poll, decode each record into a struct, forget it. One process of its own.

python -m tests.benchmarks.bare_loops kafka-python localhost:9092 PREDICTIONS LABELS RECORDS
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import msgspec

from tests.benchmarks.traffic import FEATURES

Features = msgspec.defstruct("Features", [(name, float | None, None) for name in FEATURES])


class Prediction(msgspec.Struct):
    """What the product reads of a prediction."""

    id: str
    time: str
    version: str
    country: str
    channel: str
    product: str
    features: Features  # type: ignore[valid-type]
    score: float


class Label(msgspec.Struct):
    """What the product reads of a label."""

    id: str
    label: int


def kafka_python(bootstrap: str, decoders: dict[str, Any], records: int) -> float:
    """Stock `poll(max_records=5000)` with stock settings."""
    from kafka import KafkaConsumer, TopicPartition

    consumer = KafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False)
    partitions = [TopicPartition(t, p) for t in decoders for p in consumer.partitions_for_topic(t)]
    consumer.assign(partitions)
    consumer.seek_to_beginning()
    left, started = records, 0.0
    while left > 0:
        for partition, some in consumer.poll(timeout_ms=200, max_records=5_000).items():
            started = started or time.perf_counter()
            decode = decoders[partition.topic]
            for record in some:
                decode(record.value)
            left -= len(some)
    spent = time.perf_counter() - started
    consumer.close()
    return spent


def confluent(bootstrap: str, decoders: dict[str, Any], records: int) -> float:
    """`consume(5000)` with the product's own settings for the client."""
    from confluent_kafka import Consumer, TopicPartition

    from driftwatch.source.confluent_client import consumer_settings
    from driftwatch.source.spec import KafkaSpec

    spec = KafkaSpec(bootstrap_servers=[bootstrap], group_id="bare-loop")
    consumer = Consumer(consumer_settings(spec, "bare-loop") | {"enable.partition.eof": False})
    consumer.assign(
        [TopicPartition(t, p, 0) for t in decoders for p in consumer.list_topics(t).topics[t].partitions]
    )
    left, started = records, 0.0
    while left > 0:
        some = consumer.consume(5_000, 0.2)
        started = started or (time.perf_counter() if some else 0.0)
        for record in some:
            if record.error() is None:
                decoders[record.topic()](record.value())
                left -= 1
    spent = time.perf_counter() - started
    consumer.close()
    return spent


def main(client: str, bootstrap: str, predictions: str, labels: str, records: str) -> None:
    decoders = {
        predictions: msgspec.json.Decoder(Prediction).decode,
        labels: msgspec.json.Decoder(Label).decode,
    }
    loop = {"kafka-python": kafka_python, "confluent": confluent}[client]
    cpu_s = time.process_time()
    spent_s = loop(bootstrap, decoders, int(records))
    print(json.dumps({"records": int(records), "seconds": spent_s, "cpu_s": time.process_time() - cpu_s}))


if __name__ == "__main__":
    main(*sys.argv[1:])
