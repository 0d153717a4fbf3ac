"""Where join rows lie on disk: segments sorted by id, each written once, in chunks of about a kilobyte."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, cast

import msgspec
import numpy as np
from numpy.typing import NDArray

from driftwatch.events.joins import JoinRows
from driftwatch.storage.bloom import Bloom, spread
from driftwatch.storage.integrity import word_checks
from driftwatch.storage.transaction import damaged

# Why not one SQLite row per join row: inserting them took 2.3 us each, the log included, as much as decoding the
# record, and every commit dirtied most pages of a tree. Sorted portions are only ever appended (0.3 us), found
# through a filter and the chunks' first ids in memory, and merged now and then, four or more of a size at once.
SEGMENT_ROWS: Final = 262_144
"""Segments are merged up to this size."""
CHUNK_BYTES: Final = 1_000
"""A chunk is what one look-up reads; four of them fill a page."""
PORTION_CHUNKS: Final = 1_024
"""Chunks that are read at once where all are read."""
_CHUNKS_MAX: Final = 2**20
"""Chunks of one segment, for their keys."""
_LOW: Final = 0xFFFFFFFF

Ints = NDArray[np.int64]


class Segment(msgspec.Struct):
    """What the checkpoint says of one portion of rows. Forgotten rows may still lie in it until it is merged or dropped."""

    id: int
    counts: dict[int, int] = {}
    """Rows not forgotten, by generation."""
    rows: int = 0
    """Rows with ids up to `above`, forgotten or not."""
    low: int = 0
    """Sum of the lower halves of their ids; with `high` it tells a changed or missing id."""
    high: int = 0
    chunks: int = 0
    above: int | None = None
    """Ids above this are forgotten."""
    trimmed: bool = True
    """Whether the chunks that hold only ids above it are deleted."""

    def __len__(self) -> int:
        return sum(self.counts.values())

    @property
    def limit(self) -> int:
        """The largest id that is not forgotten."""
        return 2**63 - 1 if self.above is None else self.above


class TableState(msgspec.Struct):
    """What the checkpoint says of one join table."""

    dtype: str
    floor: int | None = None
    """Older generations are forgotten for good."""
    segments: list[Segment] = []
    """In the order of arrival."""
    gone: list[Segment] = []
    """Forgotten as a whole or merged, waiting to be deleted."""


@dataclass(frozen=True, slots=True)
class Index:
    """What is kept in memory of a segment: its filter, and the first id of each chunk."""

    bloom: Bloom
    first: Ints

    @property
    def size_bytes(self) -> int:
        """Memory of both."""
        return self.bloom.size_bytes + self.first.nbytes


@dataclass(frozen=True, slots=True)
class Format:
    """How one row is stored: its id, the row, its generation, a check over all of them."""

    stored: np.dtype[np.void]

    @staticmethod
    def of(dtype: np.dtype[np.void]) -> Format:
        """The stored form of rows of this type: whole 32-bit words, of which the last is the check."""
        generation_at = 8 + dtype.itemsize + -dtype.itemsize % 4
        fields = {"id": (0, "<i8"), "row": (8, dtype), "generation": (generation_at, "<i8")}
        fields["check"] = (generation_at + 8, "<u4")
        return Format(
            np.dtype(
                {
                    "names": list(fields),
                    "formats": [kind for _, kind in fields.values()],
                    "offsets": [at for at, _ in fields.values()],
                }
            )
        )

    @property
    def chunk_rows(self) -> int:
        """Rows in a chunk."""
        return max(1, CHUNK_BYTES // self.stored.itemsize)

    def pack(self, ids: Ints, rows: JoinRows, generations: Ints) -> JoinRows:
        """The stored form of n rows, ascending by id; rows of one id stay in their order."""
        order = np.argsort(ids, kind="stable")
        stored = np.zeros(len(ids), self.stored)
        stored["id"], stored["generation"] = ids[order], generations[order]
        held = _bytes_of(stored)[:, 8 : 8 + rows.itemsize]
        held[:] = _bytes_of(rows).take(order, axis=0)  # field by field it would take four times as long
        stored["check"] = _checks(stored)
        return stored

    def unpack(self, stored: JoinRows) -> tuple[Ints, JoinRows, Ints]:
        """(ids, rows, generations); DamagedStateError if one does not fit its check."""
        if not np.array_equal(stored["check"], _checks(stored)):
            raise damaged("the join state", "a row does not fit its checksum")
        return np.ascontiguousarray(stored["id"]), stored["row"], np.ascontiguousarray(stored["generation"])

    def read(self, chunks: Iterable[tuple[bytes]]) -> JoinRows:
        """The stored rows of some chunks; DamagedStateError if their length is wrong."""
        joined = bytearray()
        for (data,) in chunks:  # not b"".join: it would keep every chunk until all are there
            joined += data
        if len(joined) % self.stored.itemsize:
            raise damaged("the join state", "a chunk has the wrong length")
        return np.frombuffer(joined, self.stored)


def _bytes_of(rows: JoinRows) -> NDArray[np.uint8]:
    """uint8[n, size of a row], sharing memory."""
    return np.ascontiguousarray(rows).view(np.uint8).reshape(len(rows), rows.itemsize)


def _taken(rows: JoinRows, places: NDArray[np.intp] | NDArray[np.bool_]) -> JoinRows:
    """`rows[places]`, but whole rows at a time: NumPy copies structured rows field by field."""
    plain = rows.view(f"V{rows.itemsize}")
    return plain[places].view(rows.dtype)


def _together(parts: list[JoinRows]) -> JoinRows:
    """`np.concatenate(parts)`, whole rows at a time."""
    return np.concatenate([part.view(f"V{part.itemsize}") for part in parts]).view(parts[0].dtype)


def _checks(stored: JoinRows) -> NDArray[np.uint32]:
    words = np.ascontiguousarray(stored).view("<u4").reshape(len(stored), stored.itemsize // 4)
    return word_checks(words[:, :-1])


def write(
    connection: sqlite3.Connection, number: int, form: Format, portions: Iterable[JoinRows], rows_max: int
) -> tuple[Segment, Index]:
    """Write stored rows, ascending by id over all portions, at most `rows_max`, as a new segment."""
    segment, bloom, first = Segment(number), Bloom(rows_max), list[Ints]()
    for rows in _whole_chunks(portions, form.chunk_rows):
        data, size = rows.tobytes(), form.chunk_rows * form.stored.itemsize
        cut = [data[at : at + size] for at in range(0, len(data), size)]
        keys = range(_key(segment, segment.chunks), _key(segment, segment.chunks) + len(cut))
        connection.executemany("INSERT INTO join_chunks VALUES (?, ?)", zip(keys, cut, strict=True))
        segment.chunks += len(cut)
        ids = np.ascontiguousarray(rows["id"])
        first.append(ids[:: form.chunk_rows])
        bloom.add(spread(ids))
        _count(segment, ids, rows["generation"], 1)
        segment.rows += len(ids)
    return segment, Index(bloom, np.concatenate([np.empty(0, np.int64), *first]))


def _whole_chunks(portions: Iterable[JoinRows], chunk_rows: int) -> Iterator[JoinRows]:
    """The same rows, cut so that only the last chunk of all can be smaller."""
    rest: JoinRows | None = None
    for portion in portions:
        joined = portion if rest is None else _together([rest, portion])
        whole = len(joined) - len(joined) % chunk_rows
        rest = joined[whole:]
        if whole:
            yield joined[:whole]
    if rest is not None and len(rest):
        yield rest


def find(connection: sqlite3.Connection, segment: Segment, index: Index, form: Format, ids: Ints) -> JoinRows:
    """The stored rows of these ids, unchecked; ids that the filter wrongly let through have none."""
    low = np.maximum(np.searchsorted(index.first, ids, "left") - 1, 0)
    high = np.searchsorted(index.first, ids, "right")  # behind the last chunk that can hold the id
    spans = high - low
    wanted = np.unique(
        np.concatenate([low[spans > k] + k for k in range(int(spans.max(initial=0)))] or [low[:0]])
    )
    if not len(wanted):
        return np.empty(0, form.stored)
    keys: list[int] = (wanted + _key(segment, 0)).tolist()
    rows = form.read(
        connection.execute(
            "SELECT CAST(data AS BLOB) FROM join_chunks WHERE key IN (SELECT value FROM json_each(?)) ORDER BY key",
            (msgspec.json.encode(keys).decode(),),
        )
    )
    held, asked = np.ascontiguousarray(rows["id"]), np.unique(ids)
    begin = np.searchsorted(held, asked, "left")
    counts = np.searchsorted(held, asked, "right") - begin
    places = np.arange(int(counts.sum())) + np.repeat(begin - np.cumsum(counts) + counts, counts)
    return _taken(rows, places)


def read_index(connection: sqlite3.Connection, segment: Segment, form: Format) -> Index:
    """Read all of a segment; DamagedStateError unless its ids are those of the last commit."""
    bloom, first, held = Bloom(segment.rows), list[Ints](), Segment(segment.id)
    for begin in range(0, segment.chunks, PORTION_CHUNKS):
        rows = _portion(connection, segment, form, begin, begin + PORTION_CHUNKS)
        ids = np.ascontiguousarray(rows["id"])
        first.append(ids[:: form.chunk_rows])
        ids = ids[ids <= segment.limit]
        bloom.add(spread(ids))
        _sum(held, ids, 1)
        held.rows += len(ids)
    if (held.rows, held.low, held.high) != (segment.rows, segment.low, segment.high):
        raise damaged("the join state", f"the rows of portion {segment.id} are not those of the last commit")
    return Index(bloom, np.concatenate([np.empty(0, np.int64), *first]))


def verify(connection: sqlite3.Connection, segment: Segment, form: Format) -> int:
    """Read all of a segment and return its rows up to `above`; DamagedStateError if one is not what was written."""
    rows = 0
    for begin in range(0, segment.chunks, PORTION_CHUNKS):
        ids, _, _ = form.unpack(_portion(connection, segment, form, begin, begin + PORTION_CHUNKS))
        rows += int(np.count_nonzero(ids <= segment.limit))
    return rows


def merged(
    connection: sqlite3.Connection,
    segments: list[tuple[Segment, Index]],
    form: Format,
    floor: int | None,
) -> Iterator[JoinRows]:
    """The rows of several segments (in the order of arrival) that are not forgotten, ascending by id, in portions."""
    bounds = np.sort(np.concatenate([index.first for _, index in segments]))[PORTION_CHUNKS::PORTION_CHUNKS]
    ends: list[int | None] = [*np.unique(bounds).tolist(), None]
    start = -1
    for end in ends:
        parts = [_between(connection, segment, index, form, start, end) for segment, index in segments]
        rows = _together(parts)
        order = np.argsort(rows["id"], kind="stable")
        if floor is not None:
            order = order[rows["generation"][order] >= floor]
        yield _taken(rows, order)
        start = cast(int, end)


def _between(
    connection: sqlite3.Connection, segment: Segment, index: Index, form: Format, start: int, end: int | None
) -> JoinRows:
    """Stored rows with start <= id < end that are not above the segment's limit."""
    begin = max(0, int(np.searchsorted(index.first, start, "left")) - 1)
    stop = segment.chunks if end is None else int(np.searchsorted(index.first, end, "left"))
    rows = _portion(connection, segment, form, begin, stop)
    ids = rows["id"]
    inside = (ids >= start) & (ids <= segment.limit)
    return _taken(rows, inside if end is None else inside & (ids < end))


def forget_above(
    connection: sqlite3.Connection, segment: Segment, index: Index, form: Format, limit: int
) -> int:
    """Forget its ids above `limit`, without touching the rows yet; returns the number of rows forgotten."""
    if limit >= segment.limit:
        return 0
    before = len(segment)
    begin = max(0, int(np.searchsorted(index.first, limit, "right")) - 1)
    for at in range(begin, segment.chunks, PORTION_CHUNKS):
        rows = _portion(connection, segment, form, at, at + PORTION_CHUNKS)
        rows = _taken(rows, (rows["id"] > limit) & (rows["id"] <= segment.limit))
        _count(segment, np.ascontiguousarray(rows["id"]), rows["generation"], -1)
        segment.rows -= len(rows)
    segment.above, segment.trimmed = limit, False
    return before - len(segment)


def trim(connection: sqlite3.Connection, segment: Segment, index: Index) -> None:
    """Delete the chunks in which `forget_above` forgot everything."""
    keep = int(np.searchsorted(index.first, segment.limit, "right"))
    _delete(connection, segment, keep, segment.chunks)
    segment.chunks, segment.trimmed = keep, True


def drop(connection: sqlite3.Connection, segment: Segment) -> None:
    """Delete all of it."""
    _delete(connection, segment, 0, segment.chunks)


def _delete(connection: sqlite3.Connection, segment: Segment, begin: int, end: int) -> None:
    bounds = (_key(segment, begin), _key(segment, end))
    connection.execute("DELETE FROM join_chunks WHERE key >= ? AND key < ?", bounds)


def _portion(
    connection: sqlite3.Connection, segment: Segment, form: Format, begin: int, end: int
) -> JoinRows:
    bounds = (_key(segment, begin), _key(segment, min(end, segment.chunks)))
    return form.read(
        connection.execute(
            "SELECT CAST(data AS BLOB) FROM join_chunks WHERE key >= ? AND key < ? ORDER BY key", bounds
        )
    )


def _key(segment: Segment, chunk: int) -> int:
    return segment.id * _CHUNKS_MAX + chunk


def _sum(segment: Segment, ids: Ints, sign: int) -> None:
    segment.low += sign * int((ids & _LOW).sum())
    segment.high += sign * int((ids >> 32).sum())


def _count(segment: Segment, ids: Ints, generations: Ints, sign: int) -> None:
    """Take rows into the counts (or out of them, where their generation is not forgotten yet) and sums."""
    _sum(segment, ids, sign)
    found, counts = np.unique(generations, return_counts=True)
    for generation, count in zip(found.tolist(), counts.tolist(), strict=True):
        if sign > 0 or generation in segment.counts:
            left = segment.counts.get(generation, 0) + sign * count
            if left:
                segment.counts[generation] = left
            else:
                del segment.counts[generation]
