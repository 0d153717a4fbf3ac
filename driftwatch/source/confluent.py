"""The faster edge to Kafka: the same group member on confluent-kafka (an extra), with fetches tuned for throughput."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from typing import Any, Final

import numpy as np
import structlog

from driftwatch.errors import SourceError
from driftwatch.events.records import Partition, RecordBatch
from driftwatch.events.source import Polled, Standing
from driftwatch.source.beginnings import beginnings
from driftwatch.source.cluster import Cluster
from driftwatch.source.confluent_client import consumer_settings, library, verdict
from driftwatch.source.failures import AwayError, AwayNotice, backwards, out_of_range
from driftwatch.source.kafka_library import TopicPartition
from driftwatch.source.older import warn_if_older
from driftwatch.source.pace import Pace
from driftwatch.source.seat import Decision, Seat
from driftwatch.source.spec import KafkaSpec
from driftwatch.source.taken import moved

RECORDS_PER_POLL: Final = 5_000
GATHER_S: Final = 0.02
"""`consume` waits until it has all the records it may bring, so it is asked in short steps."""
CHECK_EVERY_S: Final = 5.0
"""Without records, see whether the topics are still there: librdkafka does not tell of a deleted one."""

_log: Final[Any] = structlog.get_logger(__name__)


class ConfluentSource:
    """A static member of the group that works alone: it hands over all partitions or none. One thread."""

    def __init__(self, spec: KafkaSpec, owner: str) -> None:
        """SourceError if confluent-kafka is not installed."""
        self._library = library()
        self._spec = spec
        self._owner = owner
        self._cluster = Cluster(spec)
        self._notice = AwayNotice()
        self._pace = Pace(spec.max_poll_interval_ms)
        self._seat = Seat(self._cluster, spec.group_id, owner)
        self._topics: list[str] = []
        self._committed: dict[Partition, int] = {}
        self._consumer: Any = None
        self._expected: dict[Partition, int] = {}
        self._paused: frozenset[Partition] = frozenset()
        self._away = True
        self._check_at = 0.0
        self._failure: Exception | None = None

    # -- the port --------------------------------------------------------------------------------

    def start(self, topics: list[str], committed: Mapping[Partition, int]) -> None:
        """Remember what to read and from where; the next `poll` connects."""
        self._leave()
        self._topics = sorted(set(topics))
        self._committed = dict(committed)
        self._paused = frozenset()
        self._seat.reset()

    def poll(self, timeout_s: float) -> Polled:
        """See the port."""
        try:
            if self._consumer is None:
                return self._enter(timeout_s)
            self._pace.begin()
            taken = self._consume(timeout_s)
            self._pace.end()
            self._check(taken)
            if self._failure is not None:
                raise self._failure
            if not self._seat.working:
                return self._sit() if self._seat.wait_s() <= 0 else Polled()
            return Polled(self._handed_over(taken))
        except AwayError as error:
            self._notice.away(error)
            return Polled()

    def bounds(self, topics: list[str]) -> dict[Partition, tuple[int, int]]:
        """See the port; ends are last stable offsets."""
        try:
            return self._cluster.bounds(topics)
        except AwayError:
            return {}

    def identities(self, topics: list[str]) -> dict[str, str]:
        """See the port."""
        try:
            return self._cluster.identities(topics)
        except AwayError:
            return {}

    def standing(self) -> dict[Partition, Standing]:
        """See the port: asks the brokers."""
        if not self._seat.working:
            return {}
        try:
            ends = self._cluster.ends(self._seat.partitions)
        except AwayError:
            return {}
        return {
            partition: Standing(self._expected[partition], stable, high)
            for partition, (stable, high) in ends.items()
            if partition in self._expected
        }

    def pause(self, partitions: set[Partition]) -> None:
        """See the port."""
        self._paused = frozenset(partitions)
        if self._seat.working:
            self._apply_pause()

    def commit(self, offsets: Mapping[Partition, int]) -> None:
        """See the port. Kafka's copy is written only while we work and a broker is connected."""
        self._committed |= offsets
        if self._consumer is None or not self._seat.working or self._away:
            return
        held = [self._place(p, offset) for p, offset in offsets.items() if p in self._seat.partitions]
        try:
            for done in self._consumer.commit(offsets=held, asynchronous=False) if held else ():
                self._judge(done.error)
        except self._library.KafkaException as error:
            self._judge(error.args[0])

    def connected(self) -> bool:
        """See the port."""
        return not self._away if self._consumer is not None else self._cluster.connected()

    def standing_by(self) -> str | None:
        """See the port."""
        return self._seat.waiting

    def close(self) -> None:
        """See the port."""
        self._leave()
        self._cluster.close()

    # -- entering the group ----------------------------------------------------------------------

    def _enter(self, timeout_s: float) -> Polled:
        if self._seat.wait_s() > 0:
            time.sleep(min(timeout_s, self._seat.wait_s()))
        elif self._seat.may_enter():
            self._subscribe()
        return self._seat.tell()

    def _subscribe(self) -> None:
        bounds = self._cluster.bounds(self._topics)
        self._committed |= beginnings(bounds, self._committed, self._spec.start_at)
        warn_if_older(self._cluster, self._spec.group_id, self._committed)
        settings = consumer_settings(self._spec, self._owner) | {"error_cb": self._heard}
        self._consumer = self._library.Consumer(settings)
        self._consumer.subscribe(
            self._topics, on_assign=self._assigned, on_revoke=self._revoked, on_lost=self._taken_away
        )

    def _leave(self) -> None:
        consumer, self._consumer = self._consumer, None
        self._expected, self._failure, self._away = {}, None, True
        self._pace.forget()
        self._seat.vacate()
        if consumer is not None:
            consumer.close()

    # -- the assignment: callbacks run inside `consume`, on our own thread ------------------------

    def _assigned(self, consumer: Any, partitions: list[Any]) -> None:
        """Begin at the last commit (E16), paused until the loop knows of it."""
        seat = frozenset(Partition(tp.topic, tp.partition) for tp in partitions)
        places = [self._place(p, self._committed.get(p, self._library.OFFSET_BEGINNING)) for p in seat]
        consumer.assign(places)
        consumer.pause(places)
        self._away = False
        self._seat.deal(seat, lost=False)

    def _revoked(self, consumer: Any, partitions: list[Any]) -> None:
        consumer.unassign()

    def _taken_away(self, consumer: Any, partitions: list[Any]) -> None:
        consumer.unassign()
        self._seat.deal(frozenset(), lost=True)

    def _sit(self) -> Polled:
        decision = self._seat.decide(self._topics)
        if decision is Decision.WORK:
            # The loop may have committed since the callback.
            self._expected = {p: self._committed[p] for p in self._seat.partitions if p in self._committed}
            begin = self._library.OFFSET_BEGINNING
            self._consumer.assign(
                [self._place(p, self._expected.get(p, begin)) for p in self._seat.partitions]
            )
            self._apply_pause()
        elif decision is Decision.LEAVE:
            self._leave()
            self._cluster.remove(self._spec.group_id, self._owner)
        return self._seat.tell()

    def _apply_pause(self) -> None:
        held = self._seat.partitions & self._paused
        if held:
            self._consumer.pause([self._place(p) for p in held])
        if free := self._seat.partitions - held:
            self._consumer.resume([self._place(p) for p in free])

    def _place(self, partition: Partition, offset: int | None = None) -> Any:
        if offset is None:
            return self._library.TopicPartition(partition.topic, partition.number)
        return self._library.TopicPartition(partition.topic, partition.number, offset)

    # -- records ---------------------------------------------------------------------------------

    def _consume(self, timeout_s: float) -> list[Any]:
        """Messages and end-of-partition marks; returns as soon as there are some, or something was dealt."""
        deadline = time.monotonic() + timeout_s
        while True:
            left_s = max(0.0, deadline - time.monotonic())
            taken = self._consumer.consume(RECORDS_PER_POLL, min(left_s, GATHER_S))
            changed = not self._seat.working and self._seat.wait_s() <= 0
            if taken or changed or self._failure is not None or time.monotonic() >= deadline:
                return taken

    def _handed_over(self, taken: Iterable[Any]) -> list[RecordBatch]:
        messages: dict[Partition, list[Any]] = {}
        positions: dict[Partition, int] = {}
        for message in taken:
            error = message.error()
            if error is None:
                messages.setdefault(Partition(message.topic(), message.partition()), []).append(message)
            elif error.name() == "_PARTITION_EOF":  # behind control records too
                positions[Partition(message.topic(), message.partition())] = message.offset()
            else:
                self._complain(error, message)
        batches = [self._batch(partition, some, positions) for partition, some in messages.items()]
        for partition, position in positions.items():
            if partition not in messages and position > self._expected.setdefault(partition, 0):
                batches.append(moved(partition, position))
                self._expected[partition] = position
        return batches

    def _batch(
        self, partition: Partition, some: list[Any], positions: Mapping[Partition, int]
    ) -> RecordBatch:
        offsets = np.array([message.offset() for message in some], np.int64)
        expected = self._expected.get(partition, 0)
        if offsets[0] < expected:
            raise backwards(*partition, expected, int(offsets[0]))
        position = max(int(offsets[-1]) + 1, positions.get(partition, 0))
        self._expected[partition] = position
        return RecordBatch(
            partition,
            offsets,
            np.array([message.timestamp()[1] for message in some], np.int64),
            [message.value() for message in some],
            position,
        )

    # -- errors ----------------------------------------------------------------------------------

    def _heard(self, error: Any) -> None:
        """Librdkafka's report about the client as a whole."""
        if error.name() == "_ALL_BROKERS_DOWN":
            self._away = True
            return
        translated = verdict(error, self._spec)
        if not isinstance(translated, AwayError):
            self._failure = translated

    def _check(self, taken: list[Any]) -> None:
        """With records all is well; else ask the cluster now and then, sooner while it is away."""
        now = time.monotonic()
        if taken:
            self._away, self._check_at = False, now + CHECK_EVERY_S
            self._notice.back()
        elif now >= self._check_at or (self._away and now >= self._check_at - CHECK_EVERY_S + 1):
            self._check_at = now + CHECK_EVERY_S
            self._away = True
            self._cluster.partitions(self._topics)  # raises AwayError, or SourceError if one is gone
            self._away = False
            self._notice.back()

    def _complain(self, error: Any, message: Any) -> None:
        if error.name() in ("_AUTO_OFFSET_RESET", "OFFSET_OUT_OF_RANGE"):
            tp = TopicPartition(message.topic(), message.partition())
            raise out_of_range({tp: self._expected.get(Partition(*tp), -1)})
        self._judge(error)

    def _judge(self, error: Any) -> None:
        if error is None:
            return
        translated = verdict(error, self._spec)
        if isinstance(translated, SourceError):
            raise translated
        _log.debug("kafka_error_passes", error=str(translated))
