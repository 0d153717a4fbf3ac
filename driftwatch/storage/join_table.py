"""One join table in SQLite: rows written in sorted segments, a Bloom filter in memory before each, few segments by merging."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from driftwatch.errors import CommitUnknownError, StateError
from driftwatch.events.joins import JoinRows
from driftwatch.storage import segments
from driftwatch.storage.bloom import Bloom, Spread, spread
from driftwatch.storage.segments import SEGMENT_ROWS, Format, Index, Segment, TableState
from driftwatch.storage.transaction import FAULTS, Transaction, while_writing

Ints = NDArray[np.int64]
Calls = list[Callable[[], object]]

FRESH_ROWS: Final = 65_536
"""So many rows are gathered before they are written, if no commit comes first."""
MERGED_AT_ONCE: Final = 4
"""So many segments of about a size become one: each row is written again once per fourfold size."""
SWEPT_ROWS: Final = 2 * SEGMENT_ROWS
"""Forgotten rows that one commit deletes at least (E12: in portions, so that no commit takes long)."""


class Ground:
    """What all join tables of a checkpoint stand on: its transaction, a reader of the last commit, numbers for segments."""

    def __init__(
        self,
        transaction: Transaction,
        reader: sqlite3.Connection,
        path: str,
        number: Callable[[], int],
        fail: Callable[[], None],
    ) -> None:
        """`number` gives a segment's number, never given out before; `fail` rolls the whole checkpoint back."""
        self.transaction = transaction
        self.reader = reader
        self.number = number
        self._path = path
        self._fail = fail

    @contextmanager
    def guarded(self) -> Generator[None]:
        """Errors of SQLite in the middle of the core's work: all goes back to the last commit.

        Even a full disk then means that the caller drops its memory: half of a step has been done.
        """
        try:
            yield
        except FAULTS as error:
            self._fail()
            meant = while_writing(error, self._path)
            if isinstance(meant, OSError):
                meant = CommitUnknownError(f"{meant.strerror}: going back to the last commit")
            raise meant from error


@dataclass(frozen=True, slots=True)
class Part:
    """Rows of one generation that are not written yet."""

    generation: int
    ids: Ints
    rows: JoinRows

    def __len__(self) -> int:
        return len(self.ids)

    def up_to(self, limit: int) -> Part:
        """Without the ids above the limit."""
        keep = self.ids <= limit
        return Part(self.generation, self.ids[keep], self.rows[keep])


class SqliteJoinTable:
    """A JoinTable inside the checkpoint's open transaction. Made by `SqliteJoinTables.table`.

    Rows are gathered in memory and written as new segments, at the latest at the commit. What was called since
    the last commit is kept, so that a full disk costs nothing but time: the calls are made again on its state.
    """

    def __init__(self, ground: Ground, name: str, dtype: np.dtype[np.void], stored: bytes | None) -> None:
        """`name` for people; `stored` is what the last commit says of it."""
        self._ground = ground
        self._name = name
        self._dtype = dtype
        self._format = Format.of(dtype)
        self._indexes: dict[int, Index] = {}
        self._fresh: list[Part] = []
        self._fresh_filter: Bloom | None = None
        self._calls: Calls = []
        self._new: set[int] = set()
        """Segments that the last commit does not have."""
        self._state = TableState(dtype=signature(dtype))
        self.reload(stored)

    @property
    def dtype(self) -> np.dtype[np.void]:
        """The type of its rows."""
        return self._dtype

    def add(self, generation: int, ids: Ints, rows: JoinRows) -> None:
        """Remember rows; a generation that was dropped stays empty."""
        floor = self._state.floor
        if not len(ids) or (floor is not None and generation < floor):
            return
        part = Part(generation, ids.copy(), rows.copy())
        self._calls.append(lambda: self._gather(part))
        self._gather(part)
        if sum(map(len, self._fresh)) >= FRESH_ROWS:
            with self._ground.guarded():
                self._flush()

    def find(self, generations: range, ids: Ints) -> tuple[Ints, JoinRows]:
        """All rows of these ids in these generations: (position in `ids` of each row, rows), ordered by position."""
        found: list[tuple[Ints, JoinRows, Ints]] = []
        if len(ids):
            places = spread(ids)
            with self._ground.guarded():
                found += self._on_disk(generations, ids, places)
            found += self._in_memory(ids, places)
        if not found:
            return np.empty(0, np.int64), np.empty(0, self._dtype)
        keys, rows, of = (np.concatenate(columns) for columns in zip(*found, strict=True))
        inside = (of >= generations.start) & (of < generations.stop)
        if self._state.floor is not None:
            inside &= of >= self._state.floor
        positions, taken = _positions(ids, keys[inside])
        rows, of = rows[inside][taken], of[inside][taken]
        order = np.lexsort((of, positions))
        return positions[order], rows[order]

    def drop_before(self, generation: int) -> int:
        """Forget every older generation; returns the number of rows dropped. Touches no row on disk yet."""
        self._calls.append(lambda: self._drop_before(generation))
        return self._drop_before(generation)

    def drop_above(self, limit: int) -> int:
        """Forget ids above `limit` in every generation; returns the number of rows. Deletes none on disk yet."""
        with self._ground.guarded():
            dropped = self._drop_above(limit)
        self._calls.append(lambda: self._drop_above(limit))
        return dropped

    def __len__(self) -> int:
        return sum(map(len, self._state.segments)) + sum(map(len, self._fresh))

    @property
    def filter_bytes(self) -> int:
        """Memory of the segments' filters and first ids."""
        return sum(index.size_bytes for index in self._indexes.values())

    # --- for SqliteJoinTables ------------------------------------------------------------------------

    def write(self) -> bool:
        """Before a commit: write what is gathered, delete some of what is forgotten; whether anything changed."""
        changed = bool(self._calls)
        self._flush()
        return self._sweep() or changed

    def encoded(self) -> bytes:
        """What the checkpoint must say of this table."""
        return msgspec.msgpack.encode(self._state)

    def committed(self) -> None:
        """The transaction is durable."""
        self._calls = []
        self._new = set()
        live = {segment.id for segment in self._state.segments}
        self._indexes = {number: index for number, index in self._indexes.items() if number in live}

    def reload(self, stored: bytes | None) -> Calls:
        """Go back to the last commit; returns the calls since then."""
        calls, self._calls = self._calls, []
        self._forget_fresh()
        for number in self._new:  # its number will be given out again
            self._indexes.pop(number, None)
        self._new = set()
        self._state = (
            TableState(dtype=signature(self._dtype))
            if stored is None
            else msgspec.msgpack.decode(stored, type=TableState)
        )
        if self._state.dtype != signature(self._dtype):
            raise StateError(f"the join state of {self._name} was written by another version of driftwatch")
        return calls

    def again(self, calls: Calls) -> None:
        """Make these calls once more, after `reload`."""
        for call in calls:
            call()
        self._calls = calls

    def verify(self) -> None:
        """Read the segments not read yet; DamagedStateError unless their ids are those of the last commit."""
        for segment in self._state.segments:
            self._index(segment)

    def verify_rows(self) -> int:
        """Read every row up to the last commit and return how many; DamagedStateError if one is not what was written."""
        connection = self._ground.transaction.connection
        return sum(segments.verify(connection, segment, self._format) for segment in self._state.segments)

    # --- rows in memory -------------------------------------------------------------------------------

    def _gather(self, part: Part) -> None:
        self._fresh.append(part)
        if self._fresh_filter is None:
            self._fresh_filter = Bloom(FRESH_ROWS)
        self._fresh_filter.add(spread(part.ids))

    def _forget_fresh(self) -> None:
        self._fresh = []
        if self._fresh_filter is not None:
            self._fresh_filter.clear()

    def _in_memory(self, ids: Ints, places: Spread) -> Iterator[tuple[Ints, JoinRows, Ints]]:
        if not self._fresh or self._fresh_filter is None:
            return
        asked = ids[self._fresh_filter.probe(places)]
        if not len(asked):
            return
        for part in self._fresh:
            here = np.flatnonzero(np.isin(part.ids, asked))
            yield part.ids[here], part.rows[here], np.full(len(here), part.generation)

    # --- rows on disk ---------------------------------------------------------------------------------

    def _on_disk(
        self, generations: range, ids: Ints, places: Spread
    ) -> Iterator[tuple[Ints, JoinRows, Ints]]:
        for segment in self._state.segments:
            if not any(generation in generations for generation in segment.counts):
                continue
            index = self._index(segment)
            asked = ids[index.bloom.probe(places)]
            if segment.above is not None:
                asked = asked[asked <= segment.above]
            if len(asked):
                stored = segments.find(self._reader(segment), segment, index, self._format, asked)
                yield self._format.unpack(stored)

    def _reader(self, segment: Segment) -> sqlite3.Connection:
        """Scattered reads go around the writer's page cache, which would lose the pages it writes next to them."""
        if segment.id in self._new:
            return self._ground.transaction.connection
        return self._ground.reader

    def _index(self, segment: Segment) -> Index:
        if segment.id not in self._indexes:
            self._indexes[segment.id] = segments.read_index(
                self._ground.transaction.connection, segment, self._format
            )
        return self._indexes[segment.id]

    def _flush(self) -> None:
        if not self._fresh:
            return
        self._ground.transaction.begin()
        generations = np.repeat(
            [part.generation for part in self._fresh], [len(part) for part in self._fresh]
        )
        rows = self._format.pack(
            np.concatenate([part.ids for part in self._fresh]),
            np.concatenate([part.rows for part in self._fresh]),
            generations,
        )
        self._forget_fresh()
        self._write([rows], len(rows))
        self._merge()

    def _write(self, portions: Iterable[JoinRows], rows_max: int) -> None:
        connection, number = self._ground.transaction.connection, self._ground.number()
        self._new.add(number)
        segment, index = segments.write(connection, number, self._format, portions, rows_max)
        self._state.segments.append(segment)
        self._indexes[number] = index

    def _merge(self) -> None:
        """Make one of the newest segments where there are several of a size, so that few are to be asked."""
        held = self._state.segments
        together = _of_a_size([segment.rows for segment in held])
        if not together:
            return
        newest = held[-together:]
        inputs = [(segment, self._index(segment)) for segment in newest]
        portions = segments.merged(
            self._ground.transaction.connection, inputs, self._format, self._state.floor
        )
        del held[-together:]
        self._write(portions, sum(segment.rows for segment in newest))
        self._state.gone += newest

    def _drop_before(self, generation: int) -> int:
        state = self._state
        state.floor = generation if state.floor is None else max(state.floor, generation)
        before = len(self)
        self._fresh = [part for part in self._fresh if part.generation >= generation]
        for segment in list(state.segments):
            segment.counts = {g: n for g, n in segment.counts.items() if g >= generation}
            if not segment.counts:
                state.segments.remove(segment)
                state.gone.append(segment)
        return before - len(self)

    def _drop_above(self, limit: int) -> int:
        before = len(self)
        self._fresh = [part.up_to(limit) for part in self._fresh]
        connection = self._ground.transaction.connection
        for segment in self._state.segments:
            segments.forget_above(connection, segment, self._index(segment), self._format, limit)
        return before - len(self)

    def _sweep(self) -> bool:
        """Delete some forgotten rows: whole segments, and the upper chunks of at most one."""
        connection = self._ground.transaction.connection
        swept = 0
        changed = bool(self._state.gone)
        while self._state.gone and swept < SWEPT_ROWS:
            self._ground.transaction.begin()
            segment = self._state.gone.pop(0)
            segments.drop(connection, segment)
            swept += segment.rows
        waiting = next((s for s in self._state.segments if not s.trimmed), None)
        if waiting is not None and swept < SWEPT_ROWS:
            self._ground.transaction.begin()
            segments.trim(connection, waiting, self._index(waiting))
            changed = True
        return changed


def _of_a_size(sizes: list[int]) -> int:
    """How many of the last segments are to become one; what a merge would make may be merged at once with others."""
    together = rows = 0
    while True:
        count, largest, reached = int(together > 0), rows, together
        for size in reversed(sizes[: len(sizes) - together]):
            if rows + size > SEGMENT_ROWS or (count and size > 2 * largest):
                break
            count, rows, largest, reached = count + 1, rows + size, max(largest, size), reached + 1
        if count < MERGED_AT_ONCE:
            return together
        together = reached


def _positions(ids: Ints, found: Ints) -> tuple[Ints, Ints]:
    """Pairs (position in `ids`, position in `found`) of equal ids, every one."""
    order = np.argsort(ids, kind="stable")
    ascending = ids[order]
    first = np.searchsorted(ascending, found, "left")
    counts = np.searchsorted(ascending, found, "right") - first
    places = np.repeat(np.arange(len(found), dtype=np.int64), counts)
    inside = np.arange(len(places), dtype=np.int64) - np.repeat(np.cumsum(counts) - counts, counts)
    return order[first[places] + inside], places


def signature(dtype: np.dtype[np.void]) -> str:
    """A row type as text, equal for equal types."""
    return msgspec.json.encode(dtype.descr).decode()
