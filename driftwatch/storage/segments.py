"""Where join rows lie on disk: segments of bounded size in the order of arrival, each a table by id."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from driftwatch.events.joins import JoinRows
from driftwatch.storage.integrity import word_checks
from driftwatch.storage.statements import sql
from driftwatch.storage.transaction import damaged

# Why not one table per generation of prediction time: labels of one second belong to predictions of all
# generations, so they would dirty nearly every page of 16 large trees in every commit (measured: 325 MB of
# log for 100 000 labels, 56 k/s). In the order of arrival the same rows dirty one small tree (31 MB, 420 k/s).
SEGMENT_ROWS: Final = 262_144
"""A segment that holds so many rows is closed and the next one begun."""

Ints = NDArray[np.int64]
_LOW: Final = 0xFFFFFFFF


class Segment(msgspec.Struct):
    """One table of rows. Forgotten rows may still lie in it; they are deleted in later commits, in portions."""

    id: int
    newest: int
    """No row belongs to a newer generation: once all older ones are forgotten, so is the segment."""
    counts: dict[int, int] = {}
    """Rows not forgotten, by generation (extra rows included)."""
    rows: int = 0
    """Rows in its own table with ids up to `above`, forgotten or not."""
    low: int = 0
    """Sum of the lower halves of their ids; with `high` it tells a changed or missing id."""
    high: int = 0
    extras: int = 0
    """Rows in the table of extra rows with ids up to `above`."""
    above: int | None = None
    """Ids above this are forgotten and wait to be deleted."""

    def __len__(self) -> int:
        return sum(self.counts.values())

    @property
    def table(self) -> str:
        """The name of its table."""
        return f"join_{self.id}"


class TableState(msgspec.Struct):
    """What the checkpoint says of one join table."""

    dtype: str
    floor: int | None = None
    """Older generations are forgotten for good."""
    segments: list[Segment] = []
    """In the order of arrival; only the last one grows."""
    gone: list[Segment] = []
    """Forgotten as a whole, waiting to be dropped."""


@dataclass(frozen=True, slots=True)
class Format:
    """How one row is stored: the row, its generation, a check over both and the id."""

    stored: np.dtype[np.void]

    @staticmethod
    def of(dtype: np.dtype[np.void]) -> Format:
        """The stored form of rows of this type: whole 32-bit words, of which the last is the check."""
        generation_at = dtype.itemsize + -dtype.itemsize % 4
        return Format(
            np.dtype(
                {
                    "names": ["row", "generation", "check"],
                    "formats": [dtype, "<i8", "<u4"],
                    "offsets": [0, generation_at, generation_at + 8],
                }
            )
        )

    @property
    def generation_at(self) -> int:
        """Position of the generation's 8 bytes in a blob."""
        return self.stored.itemsize - 12

    def pack(self, ids: Ints, rows: JoinRows, generations: Ints) -> list[bytes]:
        """One blob per row."""
        stored = np.zeros(len(rows), self.stored)
        stored["row"], stored["generation"] = rows, generations
        stored["check"] = self._checks(ids, stored)
        blobs: list[bytes] = stored.view(f"V{self.stored.itemsize}").tolist()
        return blobs

    def unpack(self, ids: Ints, blobs: list[bytes]) -> tuple[JoinRows, Ints]:
        """(rows, generations); DamagedStateError if one does not fit its check."""
        joined = b"".join(blobs)
        if len(joined) != len(ids) * self.stored.itemsize:
            raise damaged("the join state", "a row has the wrong length")
        stored = np.frombuffer(joined, self.stored)
        if not np.array_equal(stored["check"], self._checks(ids, stored)):
            raise damaged("the join state", "a row does not fit its checksum")
        return stored["row"], stored["generation"]

    def _checks(self, ids: Ints, stored: JoinRows) -> NDArray[np.uint32]:
        words = stored.view("<u4").reshape(len(stored), -1)[:, :-1]
        identity = np.ascontiguousarray(ids, "<i8").view("<u4").reshape(-1, 2)
        return word_checks(np.concatenate((words, identity), axis=1))


def create_segment(connection: sqlite3.Connection, segment: Segment) -> None:
    """Make its empty table."""
    connection.execute(
        sql("CREATE TABLE $table (id INTEGER PRIMARY KEY, data BLOB NOT NULL)", table=segment.table)
    )


def insert(connection: sqlite3.Connection, segment: Segment, ids: Ints, blobs: list[bytes]) -> None:
    """Write rows with ascending, new ids into its table."""
    connection.executemany(
        sql("INSERT INTO $table VALUES (?, ?)", table=segment.table), zip(ids.tolist(), blobs, strict=True)
    )
    segment.rows += len(ids)
    segment.low += int((ids & _LOW).sum())
    segment.high += int((ids >> 32).sum())


def insert_extras(connection: sqlite3.Connection, segment: Segment, ids: Ints, blobs: list[bytes]) -> None:
    """Write rows of ids that its table has already."""
    connection.executemany(
        "INSERT INTO join_extras (segment, id, data) VALUES (?, ?, ?)",
        ((segment.id, key, blob) for key, blob in zip(ids.tolist(), blobs, strict=True)),
    )
    segment.extras += len(ids)


def existing(connection: sqlite3.Connection, segment: Segment, ids: Ints) -> Ints:
    """Those of the ids that its table has."""
    found = connection.execute(
        sql("SELECT id FROM $table WHERE id IN (SELECT value FROM json_each(?))", table=segment.table),
        (_json(ids),),
    )
    return np.fromiter((key for (key,) in found), np.int64)


def select(connection: sqlite3.Connection, segment: Segment, ids: Ints) -> list[tuple[int, bytes]]:
    """(id, blob) of every row of these ids, extra rows last, in the order in which they were added."""
    asked = _json(ids)
    found = connection.execute(
        sql("SELECT id, data FROM $table WHERE id IN (SELECT value FROM json_each(?))", table=segment.table),
        (asked,),
    ).fetchall()
    if segment.extras:
        found += connection.execute(
            "SELECT id, data FROM join_extras WHERE segment = ? AND id IN (SELECT value FROM json_each(?)) ORDER BY n",
            (segment.id, asked),
        ).fetchall()
    return found


def read_ids(connection: sqlite3.Connection, segment: Segment) -> Ints:
    """The ids of its own table up to `above`; DamagedStateError unless they are those of the last commit."""
    found = connection.execute(
        sql("SELECT id FROM $table WHERE id <= ?", table=segment.table), (_limit(segment),)
    ).fetchall()
    ids = np.array(found, np.int64).reshape(-1)
    extras = connection.execute(
        "SELECT count(*) FROM join_extras WHERE segment = ? AND id <= ?", (segment.id, _limit(segment))
    ).fetchone()[0]
    held = (len(ids), int((ids & _LOW).sum()), int((ids >> 32).sum()), extras)
    if held != (segment.rows, segment.low, segment.high, segment.extras):
        raise damaged("the join state", f"the rows of {segment.table} are not those of the last commit")
    return ids


def forget_above(connection: sqlite3.Connection, segment: Segment, limit: int, form: Format) -> int:
    """Forget its ids above `limit`, without touching the rows yet; returns the number of rows forgotten."""
    if limit >= _limit(segment):
        return 0
    bound = (form.generation_at + 1, _limit(segment), limit)
    own = connection.execute(
        sql(f"{_BY_GENERATION} FROM $table WHERE id <= ? AND id > ? GROUP BY 1", table=segment.table), bound
    ).fetchall()
    extra = connection.execute(
        f"{_BY_GENERATION} FROM join_extras WHERE id <= ? AND id > ? AND segment = ? GROUP BY 1",
        (*bound, segment.id),
    ).fetchall()
    segment.above = limit
    segment.extras -= sum(count for _, count, _, _ in extra)
    for _, count, low, high in own:
        segment.rows -= count
        segment.low -= low
        segment.high -= high
    return sum(_forget(segment, int.from_bytes(g, "little", signed=True), n) for g, n, _, _ in own + extra)


_BY_GENERATION: Final = f"SELECT substr(data, ?, 8), count(*), sum(id & {_LOW}), sum(id >> 32)"


def _forget(segment: Segment, generation: int, count: int) -> int:
    if generation not in segment.counts:
        return 0  # forgotten already, with its generation
    segment.counts[generation] -= count
    if not segment.counts[generation]:
        del segment.counts[generation]
    return count


def sweep(connection: sqlite3.Connection, segment: Segment) -> None:
    """Delete the rows that `forget_above` forgot."""
    if segment.above is not None:
        connection.execute(sql("DELETE FROM $table WHERE id > ?", table=segment.table), (segment.above,))
        connection.execute(
            "DELETE FROM join_extras WHERE segment = ? AND id > ?", (segment.id, segment.above)
        )
        segment.above = None


def drop(connection: sqlite3.Connection, segment: Segment) -> None:
    """Delete all of it."""
    connection.execute(sql("DROP TABLE $table", table=segment.table))
    connection.execute("DELETE FROM join_extras WHERE segment = ?", (segment.id,))


def _limit(segment: Segment) -> int:
    return 2**63 - 1 if segment.above is None else segment.above


def _json(ids: Ints) -> str:
    return msgspec.json.encode(ids.tolist()).decode()
