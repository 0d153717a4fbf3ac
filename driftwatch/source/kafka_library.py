"""The names of kafka-python that this package uses, in one place; the library has no types."""

from __future__ import annotations

from importlib import import_module
from typing import Any, Final

_kafka: Final[Any] = import_module("kafka")
_admin: Final[Any] = import_module("kafka.admin")
_fetcher: Final[Any] = import_module("kafka.consumer.fetcher")

VERSION: Final[str] = import_module("kafka.version").__version__
errors: Final[Any] = import_module("kafka.errors")

KafkaAdminClient: Final[Any] = _kafka.KafkaAdminClient
KafkaConsumer: Final[Any] = _kafka.KafkaConsumer
KafkaProducer: Final[Any] = _kafka.KafkaProducer
KafkaBytes: Final[Any] = import_module("kafka.protocol.frame").KafkaBytes
KafkaNetClient: Final[Any] = import_module("kafka.net.compat").KafkaNetClient
KafkaTCPTransport: Final[Any] = import_module("kafka.net.transport").KafkaTCPTransport
MemberToRemove: Final[Any] = _admin.MemberToRemove
TopicPartition: Final[Any] = _kafka.TopicPartition
OffsetAndMetadata: Final[Any] = _kafka.OffsetAndMetadata
ConsumerRebalanceListener: Final[Any] = _kafka.ConsumerRebalanceListener
AbstractTokenProvider: Final[Any] = import_module("kafka.net.sasl.oauth").AbstractTokenProvider

PartitionRecords: Final[Any] = _fetcher.Fetcher.PartitionRecords
READ_COMMITTED: Final[Any] = _fetcher.IsolationLevel.READ_COMMITTED
