"""The default edge to Kafka: a consumer group member on kafka-python (EXACTNESS E16, E17)."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Final

import structlog

from driftwatch.events.records import Partition, RecordBatch
from driftwatch.events.source import Polled, Standing
from driftwatch.source.beginnings import beginnings
from driftwatch.source.cluster import Cluster
from driftwatch.source.failures import (
    AwayError,
    AwayNotice,
    KafkaError,
    backwards,
    fenced,
    forgotten,
    no_topic,
    verdict,
)
from driftwatch.source.kafka_client import client_settings, connect, reached
from driftwatch.source.kafka_library import KafkaConsumer, OffsetAndMetadata, TopicPartition, errors
from driftwatch.source.older import warn_if_older
from driftwatch.source.pace import Pace
from driftwatch.source.parked import clear_slot
from driftwatch.source.rebalance import SeekToCommit
from driftwatch.source.seat import Decision, Seat
from driftwatch.source.slab import SLABS_PER_POLL, install_slabs
from driftwatch.source.spec import KafkaSpec
from driftwatch.source.taken import moved, of_records, of_slabs

RECORDS_PER_POLL: Final = 5_000
FETCH_MAX_BYTES: Final = 4 * 1_048_576
"""Of one answer of a broker: it is in memory as received, joined, and cut by partition, while the next one arrives."""
COMMIT_WITHIN_MS: Final = 3_000
METADATA_WITHIN_S: Final = 3.0
CHECK_EVERY_S: Final = 5.0
PAUSE_S: Final = 0.1
"""After an error that passes, so that it does not turn into a busy loop."""

_log: Final[Any] = structlog.get_logger(__name__)


class KafkaPythonSource:
    """A static member of the group that works alone: it hands over all partitions or none.

    `poll` drives everything: it connects, looks into the group, subscribes, and hands over records. One thread.
    """

    def __init__(self, spec: KafkaSpec, owner: str) -> None:
        self._spec = spec
        self._owner = owner
        self._cluster = Cluster(spec)
        self._notice = AwayNotice()
        self._pace = Pace(spec.max_poll_interval_ms)
        self._seat = Seat(self._cluster, spec.group_id, owner)
        self._topics: list[str] = []
        self._committed: dict[Partition, int] = {}
        self._consumer: Any = None
        self._network: Any = None
        self._listener: Any = None
        self._slabs = False
        self._expected: dict[Partition, int] = {}
        self._paused: frozenset[Partition] = frozenset()
        self._check_at = 0.0

    # -- the port --------------------------------------------------------------------------------

    def start(self, topics: list[str], committed: Mapping[Partition, int]) -> None:
        """Remember what to read and from where; the next `poll` connects."""
        self._leave()
        self._topics = sorted(set(topics))
        self._committed = dict(committed)
        self._paused = frozenset()
        self._seat.reset()

    def poll(self, timeout_s: float) -> Polled:
        """See the port. Blocks longer than `timeout_s` only while it connects (at most 5 s)."""
        try:
            if self._consumer is None:
                return self._enter(timeout_s)
            taken = self._take(timeout_s)
            dealt = self._listener.take()
            if dealt.assigned is not None:
                self._seat.deal(dealt.assigned, dealt.lost)
            if not self._seat.working:
                return self._sit() if self._seat.wait_s() <= 0 else Polled()
            self._check(taken)
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
        if self._listener is None:
            return
        self._listener.committed = dict(self._committed)
        if not self._seat.working or not self.connected():
            return
        held = {
            TopicPartition(*partition): OffsetAndMetadata(offset, "", -1)
            for partition, offset in offsets.items()
            if partition in self._seat.partitions
        }
        try:
            self._consumer.commit(held, timeout_ms=COMMIT_WITHIN_MS)
        except KafkaError as error:
            self._refused(error)

    def connected(self) -> bool:
        """See the port: at least one broker is connected."""
        return reached(self._network) if self._network is not None else self._cluster.connected()

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
        self._consumer, self._network = connect(KafkaConsumer, self._settings())
        self._slabs = self._spec.fast_path and install_slabs(self._consumer)
        self._listener = SeekToCommit(self._consumer, self._committed)
        self._consumer.subscribe(topics=self._topics, listener=self._listener)
        self._await_metadata()

    def _settings(self) -> dict[str, Any]:
        spec = self._spec
        return client_settings(spec) | {
            "group_id": spec.group_id,
            "group_instance_id": self._owner,
            "session_timeout_ms": spec.session_timeout_ms,
            "heartbeat_interval_ms": min(3_000, spec.session_timeout_ms // 3),
            "max_poll_interval_ms": spec.max_poll_interval_ms,
            "enable_auto_commit": False,
            "auto_offset_reset": "none",
            "isolation_level": "read_committed",
            "max_partition_fetch_bytes": spec.max_partition_fetch_bytes,
            "fetch_max_bytes": max(FETCH_MAX_BYTES, spec.max_partition_fetch_bytes),
            "metrics_enabled": False,
        }

    def _await_metadata(self) -> None:
        """A join before the topics' metadata are here would bring an empty assignment first."""
        deadline = time.monotonic() + METADATA_WITHIN_S
        known = self._network.cluster.partitions_for_topic
        while not all(known(topic) for topic in self._topics) and time.monotonic() < deadline:
            time.sleep(0.005)

    def _leave(self) -> None:
        consumer, self._consumer, self._network, self._listener = self._consumer, None, None, None
        self._expected = {}
        self._pace.forget()
        self._seat.vacate()
        if consumer is not None:
            consumer.close(autocommit=False, timeout_ms=COMMIT_WITHIN_MS)

    # -- the assignment --------------------------------------------------------------------------

    def _sit(self) -> Polled:
        decision = self._seat.decide(self._topics)
        if decision is Decision.WORK:
            # The listener has done so already, but the loop may have committed since.
            self._expected = {p: self._committed[p] for p in self._seat.partitions if p in self._committed}
            for partition, offset in self._expected.items():
                self._consumer.seek(TopicPartition(*partition), offset)
            self._apply_pause()
        elif decision is Decision.LEAVE:
            self._leave()
            self._cluster.remove(self._spec.group_id, self._owner)
        elif self._seat.lags:
            # The client would look again by itself only after `metadata_max_age_ms`, five minutes.
            _log.info("kafka_assignment_incomplete", partitions=len(self._seat.partitions))
            self._network.cluster.request_update()
            self._consumer._coordinator.request_rejoin()
        return self._seat.tell()

    def _apply_pause(self) -> None:
        held = self._seat.partitions & self._paused
        self._consumer.pause(*(TopicPartition(*partition) for partition in held))
        self._consumer.resume(*(TopicPartition(*partition) for partition in self._seat.partitions - held))

    # -- records ---------------------------------------------------------------------------------

    def _take(self, timeout_s: float) -> Mapping[Any, list[Any]]:
        most = SLABS_PER_POLL if self._slabs else RECORDS_PER_POLL
        self._pace.begin()
        clear_slot(self._consumer)
        try:
            return self._consumer.poll(timeout_ms=int(timeout_s * 1_000), max_records=most)
        except KafkaError as error:
            self._give_up(error)
            time.sleep(min(timeout_s, PAUSE_S))
            return {}
        finally:
            self._pace.end()

    def _check(self, taken: Mapping[Any, list[Any]]) -> None:
        """Without records, see now and then whether the topics are still there; SourceError if one is gone."""
        if taken:
            self._check_at = time.monotonic() + CHECK_EVERY_S
            self._notice.back()
        elif not self.connected():
            self._notice.away("no broker is connected")
        elif time.monotonic() >= self._check_at:
            self._check_at = time.monotonic() + CHECK_EVERY_S
            self._cluster.partitions(self._topics)
            self._notice.back()

    def _handed_over(self, taken: Mapping[Any, list[Any]]) -> list[RecordBatch]:
        batches: list[RecordBatch] = []
        for partition in self._seat.partitions:
            tp = TopicPartition(*partition)
            position = self._position(tp)
            if position is None:
                continue
            expected = self._expected.setdefault(partition, position if tp not in taken else 0)
            some = taken.get(tp)
            if some:
                batch = (
                    of_slabs(partition, some, position)
                    if self._slabs
                    else of_records(partition, some, position)
                )
                if batch.offsets[0] < expected:
                    raise backwards(*partition, expected, int(batch.offsets[0]))
                batches.append(batch)
            elif position > expected:
                batches.append(moved(partition, position))
            elif position < expected:
                raise backwards(*partition, expected, position)
            self._expected[partition] = position
        return batches

    def _position(self, tp: Any) -> int | None:
        """Behind all that was handed over, control records included; None while it is being resolved."""
        state = self._consumer.position(tp, timeout_ms=0)
        return None if state is None else int(state)

    # -- errors ----------------------------------------------------------------------------------

    def _give_up(self, error: Exception) -> None:
        """Raise unless it is a matter of waiting."""
        if isinstance(error, errors.UnknownTopicOrPartitionError):
            raise no_topic(self._topics) from error
        translated = verdict(error, self._spec.group_id)
        if not isinstance(translated, AwayError):
            raise translated from error

    def _refused(self, error: Exception) -> None:
        """The group's answer to a commit is the fence; what is unknown or away is not an answer."""
        if isinstance(error, errors.FencedInstanceIdError):
            raise fenced(self._spec.group_id) from error
        if isinstance(error, errors.CommitFailedError):
            cause = error.args[0] if error.args else None
            if isinstance(cause, (errors.UnknownMemberIdError, errors.IllegalGenerationError)):
                raise forgotten(self._spec.group_id) from error
            return  # rebalancing, or out of the group already: the next poll says so
        translated = verdict(error, self._spec.group_id)
        if not isinstance(translated, AwayError):
            raise translated from error
        _log.info("kafka_commit_postponed", error=str(error))
