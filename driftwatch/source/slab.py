"""The fast record path of kafka-python: whole fetches become slabs of columns, without an object per record.

kafka-python builds a `ConsumerRecord` per record (7.8 µs each). Its fetcher looks up one class for the records of
a partition, `Fetcher.PartitionRecords`; here a subclass of it takes the place. Sessions, seeks, CRC, codecs, aborted
transactions and control batches stay the library's own code; only the reading of a decompressed batch is ours.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import structlog
from numpy.typing import NDArray

from driftwatch.source.kafka_library import READ_COMMITTED, VERSION, PartitionRecords, errors
from driftwatch.source.receive import install_receive
from driftwatch.source.varints import read_varints, walk_records

TESTED_VERSIONS: Final = frozenset({"3.0.12"})
"""The seam is private to the client, so it is used only where the contract suite ran on it."""

SLAB_BYTES: Final = 262_144
"""Batches are read together up to this size: NumPy's cost per call vanishes, memory stays small."""

SLABS_PER_POLL: Final = 8
"""Larger polls save nothing, and what is made of their records lies in memory at once."""

_log: Final[Any] = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Slab:
    """n records of one partition in offset order: int64[n] offsets, int64[n] timestamps (ms), n values."""

    offsets: NDArray[np.int64]
    timestamps_ms: NDArray[np.int64]
    values: Sequence[bytes | None]

    def __len__(self) -> int:
        return len(self.values)


def install_slabs(consumer: Any) -> bool:
    """Make `consumer.poll` return slabs instead of records; False (one log line) if its version was not tested."""
    if VERSION not in TESTED_VERSIONS:
        _log.warning("fast_path_off", client="kafka-python", version=VERSION, tested=sorted(TESTED_VERSIONS))
        return False
    install_receive()
    consumer._fetcher.PartitionRecords = SlabRecords
    return True


class SlabRecords(PartitionRecords):
    """The records of one fetched partition, handed over as slabs; `max_records` of a poll then counts slabs."""

    fetch_offset: int
    next_fetch_offset: int
    bytes_read: int
    records_read: int
    _behind_skipped = 0

    def _maybe_skip_record(self, record: Slab) -> bool:
        return False  # slabs are already cut at the fetch offset

    def _unpack_records(
        self, tp: Any, records: Any, key_deserializer: Any, value_deserializer: Any
    ) -> Generator[Slab]:
        gathered: list[Any] = []
        size_bytes = 0
        failure: Exception | None = None
        while True:
            try:
                batch = self._next_readable(records)
            except Exception as error:  # the good batches before it must not be lost
                batch, failure = None, error
            if gathered and (batch is None or batch.magic < 2 or size_bytes >= SLAB_BYTES):
                yield from self._slabs(gathered)
                gathered, size_bytes = [], 0
            if batch is None:
                break
            if batch.magic < 2:  # the formats before 2017
                yield from self._stock_slab(batch)
            else:
                gathered.append(batch)
                size_bytes += len(batch._buffer)
        self.next_fetch_offset = max(self.next_fetch_offset, self._behind_skipped)
        if failure is not None:
            raise failure
        self.drain()

    def _next_readable(self, records: Any) -> Any:
        """The next batch with records for us, or None; passes over control batches and aborted transactions."""
        while (batch := records.next_batch()) is not None:
            if self._open(batch):
                return batch
            self._behind_skipped = batch.next_offset
        return None

    def _open(self, batch: Any) -> bool:
        """Check and decompress by stock code, in the order of stock `_unpack_records`; False: nothing for us in it."""
        if self.check_crcs and not batch.validate_crc():
            raise errors.CorruptRecordError(
                f"Record batch for partition {self.topic_partition} at offset {batch.base_offset} failed crc check"
            )
        if batch.magic < 2:
            return True
        self.leader_epoch = batch.leader_epoch
        if self.isolation_level == READ_COMMITTED and batch.has_producer_id():
            self._consume_aborted_transactions_up_to(batch.last_offset)
            if self._contains_abort_marker(batch):
                self.aborted_producer_ids.discard(batch.producer_id)
            elif self._is_batch_aborted(batch):
                return False
        if batch.is_control_batch:
            return False
        batch._maybe_uncompress()
        return True

    def _slabs(self, batches: list[Any]) -> Generator[Slab]:
        try:
            slab = read_batches(batches, self.fetch_offset)
        except (ValueError, IndexError):
            for (
                batch
            ) in batches:  # stock code finds the record that is damaged, and hands over those before it
                yield from self._stock_slab(batch)
            return
        self.next_fetch_offset = batches[-1].next_offset
        yield from self._counted(slab, sum(len(batch._buffer) for batch in batches))

    def _stock_slab(self, batch: Any) -> Generator[Slab]:
        records: list[Any] = []
        failure: Exception | None = None
        try:
            for record in batch:
                if self.check_crcs and not record.validate_crc():
                    raise errors.CorruptRecordError(
                        f"Record for partition {self.topic_partition} at offset {record.offset} failed crc check"
                    )
                records.append(record)
        except Exception as error:
            failure = error
        if records:
            self.next_fetch_offset = records[-1].offset + 1
        slab = _of_records([record for record in records if record.offset >= self.fetch_offset])
        yield from self._counted(slab, sum(record.size_in_bytes for record in records))
        if failure is not None:
            raise failure
        if batch.magic == 2:
            self.next_fetch_offset = batch.next_offset

    def _counted(self, slab: Slab, size_bytes: int) -> Generator[Slab]:
        self.bytes_read += size_bytes
        self.records_read += len(slab)
        if len(slab):
            yield slab


def read_batches(batches: Sequence[Any], from_offset: int) -> Slab:
    """Read decompressed batches of format v2 in log order, from `from_offset` on; keys and headers are passed over.

    Raises ValueError or IndexError if a batch is damaged; headers are not looked into, only bounded.
    Source of the layout: Kafka's protocol documentation, "Record Batch" and "Record".
    """
    buffer = _joined(batches)
    starts: list[int] = []
    ends: list[int] = []
    counts: list[int] = []
    at = 0
    for batch in batches:
        end = at + len(batch._buffer) - batch._pos
        walk_records(buffer, at, end, batch.records_count, starts, ends)
        counts.append(batch.records_count)
        at = end
    return _columns(
        buffer, np.array(starts, np.int64), np.array(ends, np.int64), batches, counts, from_offset
    )


def _joined(batches: Sequence[Any]) -> bytes | memoryview:
    if len(batches) == 1 and len(batches[0]._buffer) >= SLAB_BYTES:
        return memoryview(batches[0]._buffer)[batches[0]._pos :]  # one large batch is not copied once more
    return b"".join([memoryview(batch._buffer)[batch._pos :] for batch in batches])


def _columns(
    buffer: bytes | memoryview,
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    batches: Sequence[Any],
    counts: list[int],
    from_offset: int,
) -> Slab:
    data = np.frombuffer(buffer, np.uint8)
    time_deltas, at = read_varints(data, starts + 1)  # one byte of attributes stands first
    offset_deltas, at = read_varints(data, at)
    offsets = np.repeat(np.array([b.base_offset for b in batches], np.int64), counts) + offset_deltas
    times_ms = np.repeat(np.array([_first_time(b) for b in batches], np.int64), counts)
    times_ms += np.where(
        np.repeat(np.array([b.timestamp_type for b in batches]), counts) == 1, 0, time_deltas
    )
    keep = offsets >= from_offset
    if not keep.all():  # a fetch can begin in the middle of a batch
        first = int(np.argmax(keep)) if keep.any() else len(keep)
        at, ends, offsets, times_ms = at[first:], ends[first:], offsets[first:], times_ms[first:]
    key_sizes, at = read_varints(data, at)
    at += np.maximum(key_sizes, 0)
    _within(at, ends)
    sizes, at = read_varints(data, at)
    behind = at + np.maximum(sizes, 0)
    _within(behind, ends)  # the count of headers follows
    return Slab(offsets, times_ms, _values(buffer, at, behind, sizes))


def _first_time(batch: Any) -> int:
    return batch.max_timestamp if batch.timestamp_type == 1 else batch.first_timestamp


def _within(at: NDArray[np.int64], ends: NDArray[np.int64]) -> None:
    if bool((at >= ends).any()):
        raise ValueError("a field leads out of its record")


def _values(
    buffer: bytes | memoryview, starts: NDArray[np.int64], ends: NDArray[np.int64], sizes: NDArray[np.int64]
) -> list[bytes | None]:
    cuts = zip(starts.tolist(), ends.tolist(), strict=True)
    values: list[bytes | None]
    if isinstance(buffer, memoryview):
        values = [buffer[start:end].tobytes() for start, end in cuts]
    else:
        values = [buffer[start:end] for start, end in cuts]
    for index in np.flatnonzero(sizes < 0).tolist():
        values[index] = None  # a tombstone, unlike an empty value
    return values


def _of_records(records: list[Any]) -> Slab:
    return Slab(
        np.array([record.offset for record in records], np.int64),
        np.array([-1 if r.timestamp is None else r.timestamp for r in records], np.int64),
        [record.value for record in records],
    )
