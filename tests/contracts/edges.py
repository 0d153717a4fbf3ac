"""The edges under the source contract, each with a cluster that a test can play with."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any, Protocol

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import MemberToRemove

from driftwatch.events.records import Partition
from driftwatch.events.source import Polled, Source
from driftwatch.source.cluster import Cluster
from driftwatch.source.memory import MemorySource
from driftwatch.source.open import open_source
from driftwatch.source.spec import KafkaSpec
from tests.integration.broker import Broker
from tests.waiting import until

Row = tuple[int, bytes | None]
WITHIN_S = 40


class Edge(Protocol):
    """One source with the cluster behind it."""

    real: bool

    def topic(self, partitions: int = 1) -> str: ...
    def produce(
        self, topic: str, number: int, values: Iterable[bytes | None], timestamp_ms: int = 1_000
    ) -> None: ...
    def transaction(self, topic: str, values: Sequence[bytes], end: str) -> None: ...
    def source(self, owner: str = "b", **settings: Any) -> Source: ...
    def trim(self, topic: str, first: int) -> None: ...
    def written(self, topic: str) -> dict[Partition, int]: ...
    def fence(self, topics: list[str]) -> None: ...
    def rival_joins(self, topics: list[str], instance: str) -> None: ...
    def rival_leaves(self) -> None: ...
    def close(self) -> None: ...


class MemoryEdge:
    real = False

    def __init__(self) -> None:
        self._topics: dict[str, int] = {}
        self._todo: list[Callable[[MemorySource], object]] = []
        self._source: MemorySource | None = None

    def topic(self, partitions: int = 1) -> str:
        name = f"t{len(self._topics)}"
        self._topics[name] = partitions
        return name

    def _do(self, action: Callable[[MemorySource], object]) -> None:
        if self._source is None:
            self._todo.append(action)
        else:
            action(self._source)

    def produce(
        self, topic: str, number: int, values: Iterable[bytes | None], timestamp_ms: int = 1_000
    ) -> None:
        some = list(values)
        self._do(lambda source: source.append(topic, number, *some, timestamp_ms=timestamp_ms))

    def transaction(self, topic: str, values: Sequence[bytes], end: str) -> None:
        self._do(lambda source: source.open_transaction(topic, 0))
        self.produce(topic, 0, values)
        if end != "open":
            self._do(lambda source: source.end_transaction(topic, 0, abort=end == "abort"))

    def source(self, owner: str = "b", **settings: Any) -> Source:
        self._source = MemorySource(self._topics, start_at=settings.get("start_at", "earliest"), owner=owner)
        for action in self._todo:
            action(self._source)
        return self._source

    def trim(self, topic: str, first: int) -> None:
        self._do(lambda source: source.retain(topic, 0, first))

    def written(self, topic: str) -> dict[Partition, int]:
        assert self._source is not None
        return {p: offset for p, offset in self._source.written.items() if p.topic == topic}

    def fence(self, topics: list[str]) -> None:
        self._do(lambda source: source.fence())

    def rival_joins(self, topics: list[str], instance: str) -> None:
        self._do(lambda source: source.stand_by(f"member {instance} on 127.0.0.1 works"))

    def rival_leaves(self) -> None:
        self._do(lambda source: source.stand_by(None))

    def close(self) -> None:
        pass


class KafkaEdge:
    real = True

    def __init__(self, broker: Broker, **settings: Any) -> None:
        self.broker = broker
        self.group = f"group-{uuid.uuid4().hex[:8]}"
        self.settings = settings
        self._sources: list[Source] = []
        self._open: list[Any] = []
        self._rival: Rival | None = None

    def topic(self, partitions: int = 1) -> str:
        return self.broker.create_topic(partitions=partitions)

    def produce(
        self,
        topic: str,
        number: int,
        values: Iterable[bytes | None],
        timestamp_ms: int = 1_000,
        compression: str | None = None,
    ) -> None:
        producer = KafkaProducer(
            bootstrap_servers=self.broker.bootstrap_servers, compression_type=compression, linger_ms=20
        )
        try:
            for index, value in enumerate(values):
                key = b"key" if index % 2 else None
                headers = [("name", b"header"), ("empty", b"")] if index % 3 == 0 else []
                producer.send(
                    topic, value=value, key=key, headers=headers, partition=number, timestamp_ms=timestamp_ms
                )
            producer.flush()
        finally:
            producer.close()

    def transaction(self, topic: str, values: Sequence[bytes], end: str) -> None:
        producer = KafkaProducer(
            bootstrap_servers=self.broker.bootstrap_servers, transactional_id=f"tx-{uuid.uuid4().hex[:8]}"
        )
        self._open.append(producer)
        producer.init_transactions()
        producer.begin_transaction()
        for value in values:
            producer.send(topic, value=value, partition=0, timestamp_ms=1_000)
        producer.flush()
        if end == "commit":
            producer.commit_transaction()
        elif end == "abort":
            producer.abort_transaction()
        if end != "open":
            self._await_marker(Partition(topic, 0))

    def _await_marker(self, partition: Partition) -> None:
        """The producer's call returns before the broker has written the marker."""
        cluster = Cluster(self.spec())
        try:
            until(lambda: len(set(cluster.ends([partition])[partition])) == 1, WITHIN_S, "the marker")
        finally:
            cluster.close()

    def spec(self, **settings: Any) -> KafkaSpec:
        return KafkaSpec(
            bootstrap_servers=[self.broker.bootstrap_servers],
            group_id=self.group,
            **(self.settings | settings),
        )

    def source(self, owner: str = "b", **settings: Any) -> Source:
        source = open_source(self.spec(**settings), owner)
        self._sources.append(source)
        return source

    def trim(self, topic: str, first: int) -> None:
        with self._admin() as admin:
            admin.delete_records({TopicPartition(topic, 0): first})

    def written(self, topic: str) -> dict[Partition, int]:
        with self._admin() as admin:
            offsets = admin.list_group_offsets({self.group: None})[self.group]
            return {
                Partition(tp.topic, tp.partition): o.offset for tp, o in offsets.items() if tp.topic == topic
            }

    def fence(self, topics: list[str]) -> None:
        """Another process with the same instance id joins."""
        self.rival_joins(topics, "b")

    def rival_joins(self, topics: list[str], instance: str) -> None:
        self._rival = Rival(self.broker.bootstrap_servers, self.group, instance, topics)

    def rival_leaves(self) -> None:
        assert self._rival is not None
        self._rival.stop()
        self.remove(self._rival.instance)
        self._rival = None

    def remove(self, instance: str) -> None:
        with self._admin() as admin:
            admin.remove_group_members(self.group, [MemberToRemove(group_instance_id=instance)])

    def delete(self, topic: str) -> None:
        with self._admin() as admin:
            admin.delete_topics([topic])

    def _admin(self) -> KafkaAdminClient:
        return KafkaAdminClient(bootstrap_servers=self.broker.bootstrap_servers)

    def close(self) -> None:
        for source in self._sources:
            source.close()
        if self._rival is not None:
            self._rival.stop()
        for producer in self._open:
            with suppress(Exception):
                producer.close(timeout=1)


class Rival:
    """Another static member of the group, which polls on a thread of its own, as another process would."""

    def __init__(self, servers: str, group: str, instance: str, topics: list[str]) -> None:
        self.instance = instance
        self._consumer = KafkaConsumer(
            bootstrap_servers=servers,
            group_id=group,
            group_instance_id=instance,
            enable_auto_commit=False,
            session_timeout_ms=10_000,
        )
        self._consumer.subscribe(topics)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._poll, name=f"rival-{instance}")
        self._thread.start()

    def _poll(self) -> None:
        while not self._stopped.is_set():
            self._consumer.poll(timeout_ms=100)
        self._consumer.close(autocommit=False)

    def stop(self) -> None:
        """Close without leaving the group, as a static member does."""
        self._stopped.set()
        self._thread.join(WITHIN_S)
        assert not self._thread.is_alive()


class Reader:
    """Polls a source as the loop does: batches in order, memory dropped when the partitions are dealt anew."""

    def __init__(self, source: Source, committed: dict[Partition, int]) -> None:
        self.source = source
        self.committed = dict(committed)
        self.rows: dict[Partition, list[Row]] = {}
        self.timestamps: dict[Partition, list[int]] = {}
        self.positions: dict[Partition, int] = {}
        self.assigned: frozenset[Partition] = frozenset()
        self.dealt = 0
        self.lost = 0

    def poll(self, timeout_s: float = 0.1) -> Polled:
        polled = self.source.poll(timeout_s)
        self.lost += polled.lost
        if polled.assigned is not None:
            assert not polled.batches
            self.dealt += 1
            self.assigned = polled.assigned
            self._reload()
        for batch in polled.batches:
            offsets = batch.offsets.tolist()
            assert len(batch) == len(offsets) == len(batch.timestamps_ms) == len(batch.values)
            assert batch.partition in self.assigned
            assert offsets == sorted(set(offsets))
            before = self.positions.get(batch.partition, 0)
            assert all(before <= offset < batch.next_offset for offset in offsets)
            assert batch.next_offset >= before
            self.rows.setdefault(batch.partition, []).extend(zip(offsets, batch.values, strict=True))
            self.timestamps.setdefault(batch.partition, []).extend(batch.timestamps_ms.tolist())
            self.positions[batch.partition] = batch.next_offset
        return polled

    def _reload(self) -> None:
        self.positions = dict(self.committed)
        for partition, rows in self.rows.items():
            rows[:] = [row for row in rows if row[0] < self.committed.get(partition, 0)]

    def commit(self) -> None:
        self.committed = dict(self.positions)
        self.source.commit(self.committed)

    def until(self, condition: Callable[[], Any], what: str) -> None:
        def polled() -> bool:
            self.poll()
            return bool(condition())

        try:
            until(polled, WITHIN_S, what, every_s=0.001)
        except TimeoutError as error:
            raise TimeoutError(f"{error}; {self._now()}") from error

    def _now(self) -> str:
        seat = vars(getattr(self.source, "_seat", self))
        return f"assigned {sorted(self.assigned)}, dealt {self.dealt}, lost {self.lost}, {seat}"

    def until_rows(self, count: int) -> None:
        self.until(lambda: self.count() >= count, f"{count} rows")
        assert self.count() == count

    def count(self) -> int:
        return sum(map(len, self.rows.values()))

    def values(self, topic: str, number: int = 0) -> list[bytes | None]:
        return [value for _, value in self.rows.get(Partition(topic, number), [])]

    def offsets(self, topic: str, number: int = 0) -> list[int]:
        return [offset for offset, _ in self.rows.get(Partition(topic, number), [])]
