"""One join table in SQLite: a Bloom filter in memory before each segment, rows written in large sorted portions."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from driftwatch.errors import CommitUnknownError, StateError
from driftwatch.events.joins import JoinRows
from driftwatch.storage import segments
from driftwatch.storage.bloom import Bloom, spread
from driftwatch.storage.segments import SEGMENT_ROWS, Format, Segment, TableState
from driftwatch.storage.transaction import FAULTS, Transaction, while_writing

Ints = NDArray[np.int64]
Calls = list[Callable[[], object]]

FRESH_ROWS: Final = 65_536
"""So many rows are gathered before they are written, if no look-up comes first."""
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


class SqliteJoinTable:
    """A JoinTable inside the checkpoint's open transaction. Made by `SqliteJoinTables.table`.

    Writes go to the last segment only. What was called since the last commit is kept, so that a full disk
    costs nothing but time: the calls are made again on the state of the last commit.
    """

    def __init__(self, ground: Ground, name: str, dtype: np.dtype[np.void], stored: bytes | None) -> None:
        """`name` for people; `stored` is what the last commit says of it."""
        self._ground = ground
        self._name = name
        self._dtype = dtype
        self._format = Format.of(dtype)
        self._blooms: dict[int, Bloom] = {}
        self._fresh: list[tuple[int, Ints, JoinRows]] = []
        self._calls: Calls = []
        self._dirty: set[int] = set()
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
        ids, rows = ids.copy(), rows.copy()
        self._calls.append(lambda: self._fresh.append((generation, ids, rows)))
        self._fresh.append((generation, ids, rows))
        if sum(len(kept) for _, kept, _ in self._fresh) >= FRESH_ROWS:
            with self._ground.guarded():
                self._flush()

    def find(self, generations: range, ids: Ints) -> tuple[Ints, JoinRows]:
        """All rows of these ids in these generations: (position in `ids` of each row, rows), ordered by position."""
        if not len(ids):
            return np.empty(0, np.int64), np.empty(0, self._dtype)
        with self._ground.guarded():
            self._flush()
            keys, blobs = self._read(generations, ids)
        if not keys:
            return np.empty(0, np.int64), np.empty(0, self._dtype)
        found = np.array(keys, np.int64)
        rows, of = self._format.unpack(found, blobs)
        inside = (of >= generations.start) & (of < generations.stop)
        if self._state.floor is not None:
            inside &= of >= self._state.floor
        positions, places = _positions(ids, found[inside])
        rows, of = rows[inside][places], of[inside][places]
        order = np.lexsort((of, positions))
        return positions[order], rows[order]

    def drop_before(self, generation: int) -> int:
        """Forget every older generation; returns the number of rows dropped. Touches no row yet."""
        self._calls.append(lambda: self._drop_before(generation))
        return self._drop_before(generation)

    def drop_above(self, limit: int) -> int:
        """Forget ids above `limit` in every generation; returns the number of rows. Deletes no row yet."""
        with self._ground.guarded():
            dropped = self._drop_above(limit)
        self._calls.append(lambda: self._drop_above(limit))
        return dropped

    def __len__(self) -> int:
        return sum(map(len, self._state.segments)) + sum(len(ids) for _, ids, _ in self._fresh)

    @property
    def filter_bytes(self) -> int:
        """Memory of the Bloom filters."""
        return sum(bloom.size_bytes for bloom in self._blooms.values())

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
        self._dirty = set()
        live = {segment.id for segment in self._state.segments}
        self._blooms = {key: bloom for key, bloom in self._blooms.items() if key in live}

    def reload(self, stored: bytes | None) -> Calls:
        """Go back to the last commit; returns the calls since then."""
        calls, self._calls, self._fresh, self._dirty = self._calls, [], [], set()
        self._state = (
            TableState(dtype=signature(self._dtype))
            if stored is None
            else msgspec.msgpack.decode(stored, type=TableState)
        )
        if self._state.dtype != signature(self._dtype):
            raise StateError(f"the join state of {self._name} was written by another version of driftwatch")
        if self._state.segments:  # its filter may know ids that were rolled back, or be sealed: read it anew
            self._blooms.pop(self._state.segments[-1].id, None)
        return calls

    def again(self, calls: Calls) -> None:
        """Make these calls once more, after `reload`."""
        for call in calls:
            call()
        self._calls = calls

    def verify(self) -> None:
        """Read the ids not read yet and fill the filters; DamagedStateError unless they are those of the last commit."""
        for segment in self._state.segments:
            self._bloom(segment)

    def verify_rows(self) -> int:
        """Read every row up to the last commit and return how many; DamagedStateError if one is not what was written."""
        connection = self._ground.transaction.connection
        rows = 0
        for segment in self._state.segments:
            ids = segments.read_ids(connection, segment)
            for start in range(0, len(ids), FRESH_ROWS):
                found = segments.select(connection, segment, ids[start : start + FRESH_ROWS])
                self._format.unpack(
                    np.array([key for key, _ in found], np.int64), [blob for _, blob in found]
                )
                rows += len(found)
        return rows

    # --- inside ---------------------------------------------------------------------------------------

    def _flush(self) -> None:
        if not self._fresh:
            return
        fresh, self._fresh = self._fresh, []
        self._ground.transaction.begin()
        ids = np.concatenate([part for _, part, _ in fresh])
        order = np.argsort(ids, kind="stable")
        ids = ids[order]
        rows = np.concatenate([part for _, _, part in fresh])[order]
        generations = np.repeat([g for g, _, _ in fresh], [len(part) for _, part, _ in fresh])[order]
        segment = self._open_segment(int(generations.max()))
        self._dirty.add(segment.id)
        connection = self._ground.transaction.connection
        if segment.above is not None and ids[-1] > segment.above:
            segments.sweep(connection, segment)
        new = self._new(segment, ids)
        blobs = self._format.pack(ids, rows, generations)
        if new.all():
            segments.insert(connection, segment, ids, blobs)
        else:
            segments.insert(connection, segment, ids[new], [blobs[i] for i in np.flatnonzero(new).tolist()])
            extra = np.flatnonzero(~new)
            segments.insert_extras(connection, segment, ids[extra], [blobs[i] for i in extra.tolist()])
        for generation, part, _ in fresh:
            segment.counts[generation] = segment.counts.get(generation, 0) + len(part)

    def _new(self, segment: Segment, ids: Ints) -> NDArray[np.bool_]:
        """bool[n]: which of these ascending ids the segment's table does not have yet; they are in its filter then."""
        new = np.ones(len(ids), np.bool_)
        new[1:] = ids[1:] != ids[:-1]
        bloom = self._bloom(segment)
        places = spread(ids)
        asked = ids[new & bloom.probe(places)]
        if len(asked):
            new &= ~np.isin(ids, segments.existing(self._ground.transaction.connection, segment, asked))
        bloom.add(places.select(new))
        return new

    def _open_segment(self, newest: int) -> Segment:
        held = self._state.segments
        if held and held[-1].newest >= newest and held[-1].rows < SEGMENT_ROWS:
            return held[-1]
        if held:
            newest = max(newest, held[-1].newest)
            self._bloom(held[-1]).seal()
        segment = Segment(id=self._ground.number(), newest=newest)
        segments.create_segment(self._ground.transaction.connection, segment)
        held.append(segment)
        self._blooms[segment.id] = Bloom()
        return segment

    def _read(self, generations: range, ids: Ints) -> tuple[list[int], list[bytes]]:
        places = spread(ids)
        found: list[tuple[int, bytes]] = []
        for segment in self._state.segments:
            if not any(generation in generations for generation in segment.counts):
                continue
            asked = ids[self._bloom(segment).probe(places)]
            if segment.above is not None:
                asked = asked[asked <= segment.above]
            if len(asked):
                found += segments.select(self._reader(segment), segment, asked)
        return [key for key, _ in found], [blob for _, blob in found]

    def _reader(self, segment: Segment) -> sqlite3.Connection:
        """Scattered reads go around the writer's page cache, which would lose the pages it writes next to them."""
        if segment.id in self._dirty:
            return self._ground.transaction.connection
        return self._ground.reader

    def _bloom(self, segment: Segment) -> Bloom:
        if segment.id not in self._blooms:
            self._blooms[segment.id] = self._read_bloom(segment)
        return self._blooms[segment.id]

    def _read_bloom(self, segment: Segment) -> Bloom:
        bloom = Bloom()
        ids = segments.read_ids(self._ground.transaction.connection, segment)
        for start in range(0, len(ids), 65_536):
            bloom.add(spread(ids[start : start + 65_536]))
        if segment is not self._state.segments[-1]:
            bloom.seal()
        return bloom

    def _drop_before(self, generation: int) -> int:
        state = self._state
        state.floor = generation if state.floor is None else max(state.floor, generation)
        dropped = sum(len(ids) for g, ids, _ in self._fresh if g < generation)
        self._fresh = [part for part in self._fresh if part[0] >= generation]
        for segment in list(state.segments):
            old = [g for g in segment.counts if g < generation]
            dropped += sum(segment.counts.pop(g) for g in old)
            if not segment.counts:
                state.segments.remove(segment)
                state.gone.append(segment)
        return dropped

    def _drop_above(self, limit: int) -> int:
        before = sum(len(ids) for _, ids, _ in self._fresh)
        kept = [(g, ids[ids <= limit], rows[ids <= limit]) for g, ids, rows in self._fresh]
        self._fresh = [part for part in kept if len(part[1])]
        dropped = before - sum(len(ids) for _, ids, _ in self._fresh)
        connection = self._ground.transaction.connection
        return dropped + sum(
            segments.forget_above(connection, segment, limit, self._format)
            for segment in self._state.segments
        )

    def _sweep(self) -> bool:
        """Delete some forgotten rows: whole segments, and at most one segment's upper ids."""
        connection = self._ground.transaction.connection
        swept = 0
        changed = bool(self._state.gone)
        while self._state.gone and swept < SWEPT_ROWS:
            self._ground.transaction.begin()
            segment = self._state.gone.pop(0)
            segments.drop(connection, segment)
            swept += segment.rows + segment.extras
        waiting = next((s for s in self._state.segments if s.above is not None), None)
        if waiting is not None and swept < SWEPT_ROWS:
            self._ground.transaction.begin()
            segments.sweep(connection, waiting)
            changed = True
        return changed


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
