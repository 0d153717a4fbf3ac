"""A bounded read of a topic without a group: for `replay` and `reference build`, from an offset or a time to the end."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any, Final

import numpy as np

from driftwatch.errors import SourceError
from driftwatch.events.records import Partition, RecordBatch
from driftwatch.source.cluster import Cluster
from driftwatch.source.failures import AwayError, KafkaError, verdict
from driftwatch.source.files import sliced
from driftwatch.source.kafka_client import client_settings, connect
from driftwatch.source.kafka_library import KafkaConsumer, TopicPartition
from driftwatch.source.slab import SLABS_PER_POLL, install_slabs
from driftwatch.source.spec import KafkaSpec
from driftwatch.source.taken import moved, of_records, of_slabs

STALL_S: Final = 60.0
"""A read that got nothing for so long, and is not at its end, is given up."""
RECORDS_PER_POLL: Final = 5_000
_POLL_MS: Final = 500


class TopicRange:
    """All partitions of one topic between two sets of offsets; each partition is read on its own, one after the other
    or in turns (`in_time_order`). Closing it ends all reads.
    """

    def __init__(
        self,
        spec: KafkaSpec,
        topic: str,
        *,
        from_ms: int | None = None,
        to_ms: int | None = None,
        offsets: Mapping[Partition, tuple[int, int]] | None = None,
    ) -> None:
        """The whole topic as it is now, cut by record timestamps (`from_ms` ≤ t < `to_ms`) or by offsets.

        Raises SourceError if the topic does not exist or the brokers do not answer.
        """
        self._spec = spec
        self._topic = topic
        self._consumer: Any = None
        self._slabs = False
        try:
            self.retained = self._bounds(from_ms, to_ms)
            """(first, end) offset of every partition as it is now, cut by time where that was asked for."""
            self.bounds = self.retained | dict(offsets or {})
            self._consumer, _ = connect(KafkaConsumer, self._settings())
        except (AwayError, KafkaError) as error:
            raise SourceError(
                f"Kafka at {', '.join(spec.bootstrap_servers)} does not answer: {error}"
            ) from error
        self._slabs = spec.fast_path and install_slabs(self._consumer)
        self._consumer.assign([TopicPartition(*partition) for partition in self.bounds])
        for partition, (start, _end) in self.bounds.items():
            self._consumer.seek(TopicPartition(*partition), start)
        self._pending: dict[Partition, list[RecordBatch]] = {partition: [] for partition in self.bounds}

    @property
    def total_records(self) -> int:
        """Offsets in the range: an upper bound of its records, for a progress bar."""
        return sum(max(0, end - start) for start, end in self.bounds.values())

    def partitions(self) -> list[Iterator[RecordBatch]]:
        """One iterator per partition, in the order of their numbers; they may be pulled in any order."""
        return [self._read(partition) for partition in sorted(self.bounds)]

    def close(self) -> None:
        """End the connection."""
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            consumer.close(autocommit=False)

    def _bounds(self, from_ms: int | None, to_ms: int | None) -> dict[Partition, tuple[int, int]]:
        cluster = Cluster(self._spec)
        try:
            bounds = cluster.bounds([self._topic])
            first = cluster.offsets_at(bounds, from_ms) if from_ms is not None else {}
            last = cluster.offsets_at(bounds, to_ms) if to_ms is not None else {}
        finally:
            cluster.close()
        return {p: (first.get(p, start), last.get(p, end)) for p, (start, end) in bounds.items()}

    def _settings(self) -> dict[str, Any]:
        return client_settings(self._spec) | {
            "group_id": None,
            "enable_auto_commit": False,
            "auto_offset_reset": "none",
            "isolation_level": "read_committed",
            "max_partition_fetch_bytes": self._spec.max_partition_fetch_bytes,
            "metrics_enabled": False,
        }

    def _read(self, partition: Partition) -> Iterator[RecordBatch]:
        position, end = self.bounds[partition]
        deadline = time.monotonic() + STALL_S
        while position < end:
            if not self._pending[partition]:
                self._fetch(partition)
            for batch in self._taken(partition):
                deadline = time.monotonic() + STALL_S
                position = batch.next_offset
                if (kept := below(batch, end)) is not None:
                    yield kept
            if time.monotonic() > deadline:
                raise SourceError(
                    f"{self._topic}-{partition.number} stands at {position} of {end} for {STALL_S:g} s"
                )

    def _taken(self, partition: Partition) -> list[RecordBatch]:
        batches, self._pending[partition] = self._pending[partition], []
        return batches

    def _fetch(self, partition: Partition) -> None:
        """Poll with all other partitions paused; what was fetched of them before stays in the client."""
        if self._consumer is None:
            raise SourceError("the range was closed")
        every = {TopicPartition(*one) for one in self.bounds}
        wanted = TopicPartition(*partition)
        self._consumer.pause(*(every - {wanted}))
        self._consumer.resume(wanted)
        before = self._consumer.position(wanted)
        try:
            taken = self._consumer.poll(
                _POLL_MS, max_records=SLABS_PER_POLL if self._slabs else RECORDS_PER_POLL
            )
            position = self._consumer.position(wanted)
        except KafkaError as error:
            translated = verdict(error, self._spec.group_id)
            if not isinstance(translated, AwayError):
                raise translated from error
            time.sleep(_POLL_MS / 1_000)
            return
        for some in taken.values():
            make = of_slabs if self._slabs else of_records
            self._pending[partition].append(make(partition, some, position))
        if not taken and position > before:  # control records only
            self._pending[partition].append(moved(partition, position))


def below(batch: RecordBatch, end: int) -> RecordBatch | None:
    """The part of a batch before this offset; None if no record is left."""
    count = int(np.searchsorted(batch.offsets, end))
    if count == len(batch):
        return batch if count else None
    return sliced(batch, 0, count) if count else None
