"""Learning a reference: of everything seen, the records with the smallest id hashes are kept (EXACTNESS E10)."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Sequence
from operator import itemgetter
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from driftwatch.errors import StateError
from driftwatch.events.classes import Stream
from driftwatch.events.records import Partition, RecordBatch

Ints = NDArray[np.int64]

EVENTS_MAX: Final = 100_000
"""Records kept per stream."""
BYTES_MAX: Final = 64_000_000
"""Bytes of record values kept of predictions: large records must not fill the memory."""
_LESS: Final = {Stream.LABELS: 4}
"""A label is an id and a value: so many times fewer bytes hold as many."""
NO_LIMIT: Final = (2**63 - 1, 0, 0)
SLACK: Final = 8
"""Beyond either bound by one part in so many is sorted out at once, so that sorting is rare and memory is bounded."""
_FORMAT: Final = 1
_BATCH: Final = 5_000

Key = tuple[int, int, int]
"""(rank, partition, offset): names a record of a stream and orders it."""


class Row(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One kept record."""

    rank: int
    partition: int
    offset: int
    timestamp_ms: int
    value: bytes

    @property
    def key(self) -> Key:
        """The order in which records are kept."""
        return self.rank, self.partition, self.offset


class _Saved(msgspec.Struct, array_like=True):
    format: int
    limits: dict[str, Key]
    rows: dict[str, list[Row]]


class _Smallest:
    """The longest run of smallest keys that stays within both bounds; the same for any order of arrival.

    Once a key was dropped, no key at or above it can belong to the run any more, whatever else arrives: it
    becomes the limit. So dropping early and late give the same run.
    """

    def __init__(self, events_max: int, bytes_max: int) -> None:
        self.limit: Key = NO_LIMIT
        self._events_max, self._bytes_max = events_max, bytes_max
        self._rows: dict[Key, Row] = {}
        self._bytes = 0

    def add(self, rows: Iterable[Row]) -> None:
        for row in rows:
            if row.key < self.limit and row.key not in self._rows:
                self._rows[row.key] = row
                self._bytes += len(row.value)
                if len(self._rows) > _most(self._events_max) or self._bytes > _most(self._bytes_max):
                    self.cut()

    def lower(self, limit: Key) -> None:
        self.limit = min(self.limit, limit)
        self._keep([key for key in self._rows if key < self.limit])

    def cut(self) -> None:
        """Drop what is beyond the bounds."""
        size = 0
        kept: list[Key] = []
        for key in sorted(self._rows):
            size += len(self._rows[key].value)
            if len(kept) == self._events_max or size > self._bytes_max:
                self.limit = min(self.limit, key)
                break
            kept.append(key)
        self._keep(kept)

    def _keep(self, keys: list[Key]) -> None:
        self._rows = {key: self._rows[key] for key in keys}
        self._bytes = sum(len(row.value) for row in self._rows.values())

    def rows(self) -> list[Row]:
        """The run, smallest key first."""
        self.cut()
        return [row for _, row in sorted(self._rows.items(), key=itemgetter(0))]


class Learner:
    """What one model version's reference will be learned from; bounded, and the same for any order of arrival.

    Records of all streams are kept by the same hash, so the predictions kept and their labels belong together.
    """

    def __init__(self, events_max: int = EVENTS_MAX, bytes_max: int = BYTES_MAX) -> None:
        self._kept = {s: _Smallest(events_max, bytes_of(s, bytes_max)) for s in Stream}
        self._new: dict[Stream, list[Row]] = {stream: [] for stream in Stream}
        self._told = self._limits()

    def wanted(self, stream: Stream, ids: Ints, partitions: Ints, offsets: Ints) -> NDArray[np.bool_]:
        """bool[n]: which records may still be kept; only their values need to be given to `add`."""
        return _ranks(ids, partitions, offsets) <= self._kept[stream].limit[0]

    def add(
        self,
        stream: Stream,
        ids: Ints,
        partitions: Ints,
        offsets: Ints,
        timestamps_ms: Ints,
        values: Sequence[bytes],
    ) -> None:
        """Offer n decoded records: keyed id hashes int64[n] (-1 without id), where they lie, and their bytes."""
        columns = (_ranks(ids, partitions, offsets), partitions, offsets, timestamps_ms)
        kept = self._kept[stream]
        rows = [Row(*row) for row in zip(*(column.tolist() for column in columns), values, strict=True)]
        rows = [row for row in rows if row.key < kept.limit]
        before = kept.limit
        kept.add(rows)
        self._new[stream] += rows
        if kept.limit < before:  # what was dropped must not live on here
            self._new[stream] = [row for row in self._new[stream] if row.key < kept.limit]

    def merge(self, other: Learner) -> None:
        """Take in what another learner of the same version kept; in any order the result is the same."""
        for stream, kept in self._kept.items():
            kept.add(other.rows(stream))
            kept.lower(other._kept[stream].limit)

    def rows(self, stream: Stream) -> list[Row]:
        """The kept records of a stream, smallest hash first."""
        return self._kept[stream].rows()

    def __len__(self) -> int:
        return len(self.rows(Stream.PREDICTIONS))

    def batches(self, topics: dict[Stream, str]) -> Iterator[tuple[Stream, RecordBatch]]:
        """The kept records as batches for `build`; partitions and offsets are those of the log."""
        for stream, topic in topics.items():
            by_partition: dict[int, list[Row]] = {}
            for row in self.rows(stream):
                by_partition.setdefault(row.partition, []).append(row)
            for number, rows in sorted(by_partition.items()):
                rows.sort(key=lambda row: row.offset)
                for start in range(0, len(rows), _BATCH):
                    yield stream, _batch(Partition(topic, number), rows[start : start + _BATCH])

    def to_bytes(self) -> bytes:
        """Everything kept, for the checkpoint; the same bytes for the same records."""
        return self._encode({stream: self.rows(stream) for stream in Stream})

    def take_new(self) -> bytes | None:
        """What was added since the last call, as a chunk of its own; None if there is nothing.

        All chunks together restore the learner (`from_bytes`), in any order.
        """
        new, self._new = self._new, {stream: [] for stream in Stream}
        told, self._told = self._told, self._limits()  # a lower one drops what earlier chunks hold
        return self._encode(new) if any(new.values()) or self._told != told else None

    def _limits(self) -> dict[str, Key]:
        return {stream.value: kept.limit for stream, kept in self._kept.items()}

    def _encode(self, rows: dict[Stream, list[Row]]) -> bytes:
        saved = _Saved(_FORMAT, self._limits(), {stream.value: found for stream, found in rows.items()})
        return zlib.compress(msgspec.msgpack.encode(saved), 1)

    @classmethod
    def from_bytes(
        cls, chunks: Iterable[bytes], events_max: int = EVENTS_MAX, bytes_max: int = BYTES_MAX
    ) -> Learner:
        """The learner whose chunks these are; StateError where one is damaged or of another format."""
        learner = cls(events_max, bytes_max)
        for chunk in chunks:
            try:
                saved = msgspec.msgpack.decode(zlib.decompress(chunk), type=_Saved)
            except (zlib.error, msgspec.MsgspecError) as error:
                raise StateError(
                    f"the state of a reference that is being learned is damaged: {error}"
                ) from error
            if saved.format != _FORMAT:
                raise StateError(
                    f"a reference that is being learned has format {saved.format}, this driftwatch reads {_FORMAT}; "
                    "use the driftwatch that wrote it or a newer one"
                )
            for stream, kept in learner._kept.items():
                kept.add(saved.rows[stream.value])
                kept.lower(saved.limits[stream.value])
        learner._told = learner._limits()
        return learner


def bytes_of(stream: Stream, bytes_max: int = BYTES_MAX) -> int:
    """Bytes of values that are kept of one stream's records."""
    return bytes_max // _LESS.get(stream, 1)


def _most(bound: int) -> int:
    return bound + bound // SLACK


def _ranks(ids: Ints, partitions: Ints, offsets: Ints) -> Ints:
    """The id hashes; where a stream has no ids, a hash of where the record lies (SplitMix64's finaliser)."""
    if not (ids < 0).any():
        return ids
    state = offsets.astype(np.uint64) + (partitions.astype(np.uint64) << np.uint64(48))
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        state = (state ^ (state >> np.uint64(shift))) * np.uint64(factor)
    placed = ((state ^ (state >> np.uint64(31))) >> np.uint64(1)).astype(np.int64)
    return np.where(ids < 0, placed, ids)


def _batch(partition: Partition, rows: list[Row]) -> RecordBatch:
    return RecordBatch(
        partition=partition,
        offsets=np.array([row.offset for row in rows], np.int64),
        timestamps_ms=np.array([row.timestamp_ms for row in rows], np.int64),
        values=[row.value for row in rows],
        next_offset=rows[-1].offset + 1,
    )
