"""The checkpoint in one SQLite file: one commit is one transaction, durable when it returns (E15)."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

import msgspec
import numpy as np
from numpy.typing import NDArray

from driftwatch.alerts.notifications import Notification, OutboxRow
from driftwatch.errors import CommitUnknownError, StateError
from driftwatch.events.classes import Stream
from driftwatch.events.records import Partition
from driftwatch.monitor.changes import Changes, Journaled, JournalRow, PaneKey, Saved
from driftwatch.storage.directory import CHECKPOINT_FILE, StateDirectory
from driftwatch.storage.integrity import Value, row_check
from driftwatch.storage.joins import SqliteJoinTables
from driftwatch.storage.keyed import KeyedTable, Tally
from driftwatch.storage.panes import pack, unpack
from driftwatch.storage.schema import CHECKPOINT, create, open_database, open_read_only
from driftwatch.storage.transaction import (
    FAULTS,
    Transaction,
    damaged,
    is_busy,
    is_full,
    reading,
    while_writing,
)

BUSY_S: Final = 5.0
"""How long one statement waits for whoever else holds the file."""
_COPY_EVERY: Final = 16
"""Commits between two copies of the log into the file, unless it grows large before."""
_COPY_BYTES: Final = 16 * 2**20


@dataclass(frozen=True, slots=True)
class Retention:
    """How much of what is only kept for later the checkpoint holds; the oldest goes first."""

    journal_rows: int = 500_000
    """Rows of the journal: at one pane every 5 minutes more than 4 years. `recompute` reaches back as far (E14)."""
    outbox_rows: int = 50_000
    """Notifications as rendered, per endpoint; delivered or not (F26: bounded)."""
    notifications: int = 50_000
    """Notifications as decided."""


def open_checkpoint(
    directory: Path, *, retention: Retention | None = None, busy_s: float = BUSY_S
) -> SqliteCheckpoint:
    """Take the state directory (made if missing) and open its checkpoint, for the main thread.

    Raises StateError where another process holds the directory, or the file is newer or foreign;
    DamagedStateError where it is not whole (`load` looks closer).
    """
    state = StateDirectory(directory)
    try:
        path = directory / CHECKPOINT_FILE
        if not path.exists():
            create(path, CHECKPOINT, lambda new: _fill(new, state))
        connection = open_database(path, CHECKPOINT, busy_s=busy_s)
        try:
            reader = open_read_only(path, CHECKPOINT, busy_s=busy_s)
            return SqliteCheckpoint(state, connection, reader, retention or Retention())
        except BaseException:
            connection.close()
            raise
    except OSError as error:
        state.close()
        raise StateError(
            f"the state directory {directory} cannot be used: {error.strerror or error}"
        ) from error
    except BaseException:
        state.close()
        raise


class SqliteCheckpoint:
    """A Checkpoint in `checkpoint.sqlite`. One thread. Holds its state directory until `close`."""

    def __init__(
        self,
        directory: StateDirectory,
        connection: sqlite3.Connection,
        reader: sqlite3.Connection,
        retention: Retention,
    ) -> None:
        self._directory = directory
        self._path = str(directory.path / CHECKPOINT_FILE)
        self._connection = connection
        self._reader = reader
        self._transaction = Transaction(connection)
        self._retention = retention
        self._tallies: dict[str, Tally] = {}
        self._sequence = 0
        self._since_copy = 0
        self._tables = tables = keyed_tables(connection, self._tallies)
        self._offsets, self._panes, self._chunks = tables["offsets"], tables["panes"], tables["chunks"]
        self._states, self._learned, self._journal = tables["states"], tables["learned"], tables["journal"]
        self._notifications, self._outbox = tables["notifications"], tables["outbox"]
        with reading(self._path):
            self._read_head()
            self._joins = SqliteJoinTables(
                self._transaction, reader, tables["joins"], self._path, self.rollback
            )

    @property
    def owner(self) -> str:
        """The owner id made with the state directory."""
        return self._directory.owner

    @property
    def hash_key(self) -> bytes:
        """16 random bytes made with the state directory."""
        return self._directory.hash_key

    @property
    def joins(self) -> SqliteJoinTables:
        """The join tables inside the open transaction."""
        return self._joins

    def load(self) -> Saved:
        """The last commit, after a look at all of it: every row but the contents of join rows, which are checked
        when they are read. DamagedStateError if it is not exactly what was committed (F18).
        """
        self.rollback()
        with reading(self._path):
            for table in self._tables.values():
                table.verify()
            saved = Saved(
                sequence=self._sequence,
                offsets={
                    Partition(str(topic), _int(number)): _int(next_offset)
                    for topic, number, next_offset in self._offsets.rows()
                },
                panes=dict(stored_pane(row) for row in self._panes.rows()),
                chunks=_blobs(self._chunks),
                states=_blobs(self._states),
                references=_blobs(self._learned),
            )
            self._joins.verify()
        return saved

    def commit(self, changes: Changes) -> int:
        """Write everything in one transaction and return its number; offsets not named stay as they are.

        OSError (ENOSPC, EBUSY): nothing is written, and the same commit can be tried again; the join rows of the
        interval are kept for it. CommitUnknownError: drop memory and load. DamagedStateError: stop.
        """
        try:
            self._transaction.begin()
            self._write(changes)
            self._joins.write()
            self._trim()
            self._sequence += 1
            self._write_head()
            self._transaction.commit()
        except FAULTS as error:
            self._fail(error)
        except BaseException:  # a value that cannot be written: nothing must be left of the half commit
            self.rollback()
            raise
        self._joins.committed()
        self._copy_log()
        return self._sequence

    def rollback(self) -> None:
        """Forget what was added since the last commit (join rows)."""
        try:
            self._transaction.rollback()
            self._read_head()
            self._joins.reload()
        except FAULTS as error:
            raise CommitUnknownError(f"{self._path} cannot be rolled back: {error}") from error

    def close(self) -> None:
        """Close without committing and let another process have the state directory."""
        with suppress(sqlite3.Error):
            self._transaction.rollback()
        self._reader.close()
        self._connection.close()
        self._directory.close()

    def journal(self, after: int = 0, limit: int = 10_000) -> list[Journaled]:
        """Rows of the journal with their numbers, oldest first, from the first one after `after` (E1)."""
        with reading(self._path):
            rows = list(self._journal.rows("WHERE n > ? ORDER BY n LIMIT ?", (after, limit)))
        return [Journaled(_int(n), _int(by), decode_journal(_blob(data))) for n, by, _, data in rows]

    def notifications(self, limit: int) -> list[Notification]:
        """The newest notifications, newest first."""
        with reading(self._path):
            rows = list(self._notifications.rows("ORDER BY n DESC LIMIT ?", (limit,)))
        return [msgspec.msgpack.decode(_blob(data), type=Notification) for _, _, data in rows]

    # --- inside ---------------------------------------------------------------------------------------

    def _write(self, changes: Changes) -> None:
        for partition, next_offset in changes.offsets.items():
            self._offsets.put((partition.topic, partition.number), (next_offset,))
        for pane, matrix in changes.panes.items():
            _put(self._panes, _pane_key(pane), None if matrix is None else pack(matrix))
        for name, data in changes.chunks.items():
            _put(self._chunks, (name,), None if data is None else (data,))
        for name, data in changes.states.items():
            _put(self._states, (name,), None if data is None else (data,))
        for name, data in changes.references.items():
            self._learned.put((name,), (data,))
        for row in changes.journal:
            number = self._journal.number()
            self._journal.add((number,), (self._sequence + 1, row.kind, encode_journal(row)))
        for notification in changes.notifications:
            data = msgspec.msgpack.encode(notification)
            self._notifications.add((notification.id,), (self._notifications.number(), data))
        for row in changes.outbox:
            values = (self._outbox.number(), row.type, row.subject, row.created_ms, row.body)
            self._outbox.add((row.id, row.endpoint), values)

    def _trim(self) -> None:
        self._journal.trim(self._retention.journal_rows)
        self._notifications.trim(self._retention.notifications)
        self._outbox.trim(self._retention.outbox_rows)

    def _fail(self, error: Exception) -> None:
        """Go back to the last commit and say what that means."""
        meant = while_writing(error, self._path)
        try:
            self._transaction.rollback()
            self._read_head()
            calls = self._joins.reload()
            if is_full(error) or is_busy(error):
                self._joins.again(calls)
        except FAULTS as second:
            raise CommitUnknownError(f"{self._path} cannot be rolled back: {second}") from error
        raise meant from error

    def _copy_log(self) -> None:
        """Copy the log into the file now and then, so that it begins anew; the commit is durable already."""
        self._since_copy += 1
        log = self._directory.path / f"{CHECKPOINT_FILE}-wal"
        try:
            large = log.stat().st_size > _COPY_BYTES
            if self._since_copy < _COPY_EVERY and not large:
                return
            self._since_copy = 0
            self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        except FAULTS as error:
            if not (is_full(error) or is_busy(error)):  # those pass by themselves; the log keeps everything
                raise while_writing(error, self._path) from error

    def _read_head(self) -> None:
        self._sequence, tallies = read_head(self._connection, self._path, self.owner, self.hash_key)
        self._tallies.clear()
        self._tallies.update(tallies)

    def _write_head(self) -> None:
        values = (self._sequence, self.owner, self.hash_key, msgspec.msgpack.encode(self._tallies))
        self._connection.execute(
            "UPDATE head SET sequence = ?, owner = ?, hash_key = ?, tallies = ?, crc = ?",
            (*values, row_check(*values)),
        )


def keyed_tables(connection: sqlite3.Connection, tallies: dict[str, Tally]) -> dict[str, KeyedTable]:
    """The small tables of a checkpoint by name; `tallies` is what its head says of them."""

    def table(name: str, key: tuple[str, ...], value: tuple[str, ...]) -> KeyedTable:
        return KeyedTable(connection, tallies, name, key, value)

    pane_key = ("model", "version", "stream", "layout", "width_ms", "start_ms")
    made = (
        table("offsets", ("topic", "partition"), ("next",)),
        table("panes", pane_key, ("height", "kind", "data")),
        table("chunks", ("name",), ("data",)),
        table("states", ("name",), ("data",)),
        table("learned", ("hash",), ("data",)),
        table("journal", ("n",), ("sequence", "kind", "data")),
        table("notifications", ("id",), ("n", "data")),
        outbox_table(connection, tallies),
        table("joins", ("model", "kind"), ("data",)),
    )
    return {one.name: one for one in made}


def read_head(
    connection: sqlite3.Connection, path: str, owner: str, hash_key: bytes
) -> tuple[int, dict[str, Tally]]:
    """The number of the last commit, and what each table holds then.

    Raises DamagedStateError if the head is not whole, StateError if it is not of this owner.
    """
    row = connection.execute("SELECT sequence, owner, hash_key, tallies, crc FROM head").fetchone()
    if row is None or row_check(*row[:4]) != row[4]:
        raise damaged(path, "its head does not fit its checksum")
    sequence, its_owner, its_key, tallies, _ = row
    if (its_owner, its_key) != (owner, hash_key):
        raise StateError(
            f"{path} belongs to another owner ({its_owner}) than its directory: "
            "a state directory can only be copied or restored as a whole"
        )
    return sequence, msgspec.msgpack.decode(tallies, type=dict[str, Tally])


def encode_journal(row: JournalRow) -> bytes:
    """A journal row as bytes; TypeError if its details are not plain values."""
    offsets = [(partition.topic, partition.number, offset) for partition, offset in row.offsets.items()]
    return msgspec.msgpack.encode((row.kind, offsets, dict(row.details)))


def decode_journal(data: bytes) -> JournalRow:
    """The journal row of these bytes."""
    kind, offsets, details = msgspec.msgpack.decode(
        data, type=tuple[str, list[tuple[str, int, int]], dict[str, Any]]
    )
    return JournalRow(kind, {Partition(topic, number): offset for topic, number, offset in offsets}, details)


def outbox_table(connection: sqlite3.Connection, tallies: dict[str, Tally]) -> KeyedTable:
    """The outbox: numbered in the order of decision, one row per notification and endpoint."""
    value = ("n", "type", "subject", "created_ms", "body")
    return KeyedTable(connection, tallies, "outbox", ("id", "endpoint"), value)


def outbox_row(row: tuple[Value, ...]) -> OutboxRow:
    """What a row of `outbox_table` holds."""
    identity, endpoint, _, kind, subject, created_ms, body = row
    return OutboxRow(str(identity), str(endpoint), str(kind), str(subject), _int(created_ms), _blob(body))


def _fill(connection: sqlite3.Connection, state: StateDirectory) -> None:
    values = (0, state.owner, state.hash_key, msgspec.msgpack.encode({}))
    connection.execute("INSERT INTO head VALUES (1, ?, ?, ?, ?, ?)", (*values, row_check(*values)))


def _put(table: KeyedTable, key: tuple[Value, ...], value: tuple[Value, ...] | None) -> None:
    if value is None:
        table.delete(key)
    else:
        table.put(key, value)


def _pane_key(key: PaneKey) -> tuple[Value, ...]:
    return (key.model, key.version, key.stream.value, key.layout, key.width_ms, key.start_ms)


def stored_pane(row: tuple[Value, ...]) -> tuple[PaneKey, NDArray[np.int64]]:
    """The pane in a row of its table; DamagedStateError if that is none."""
    model, version, stream, layout, width_ms, start_ms, rows, kind, data = row
    key = PaneKey(str(model), str(version), Stream(str(stream)), str(layout), _int(width_ms), _int(start_ms))
    try:
        return key, unpack(_int(rows), str(kind), _blob(data))
    except ValueError as error:
        raise damaged("a pane in the checkpoint", str(error)) from error


def _blobs(table: KeyedTable) -> Mapping[str, bytes]:
    return {str(name): _blob(data) for name, data in table.rows()}


def _int(value: Value) -> int:
    return cast(int, value)


def _blob(value: Value) -> bytes:
    return cast(bytes, value)
