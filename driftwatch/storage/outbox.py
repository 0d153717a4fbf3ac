"""The sender's side of the outbox: reads the checkpoint's rows, writes what became of them into a file of its own (E15)."""

from __future__ import annotations

import sqlite3
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

from driftwatch.alerts.notifications import OutboxRow
from driftwatch.alerts.outbox import Attempt
from driftwatch.errors import StateError
from driftwatch.storage.directory import CHECKPOINT_FILE, DELIVERIES_FILE
from driftwatch.storage.schema import CHECKPOINT, DELIVERIES, create, open_database, open_read_only
from driftwatch.storage.sqlite import BUSY_S, outbox_row, outbox_table
from driftwatch.storage.transaction import (
    FAULTS,
    Transaction,
    damaged,
    is_busy,
    is_full,
    reading,
    while_writing,
)

KEPT_ROWS: Final = 50_000
"""Deliveries that are remembered although the checkpoint's outbox has dropped their rows; the last ones."""
_CACHE_BYTES: Final = 2 * 2**20
_COPY_EVERY: Final = 100
"""Transactions between two copies of the log into the file: it stays below some MiB."""


class _New(NamedTuple):
    """A row of the checkpoint's outbox without its body."""

    number: int
    id: str
    endpoint: str
    subject: str


def open_outbox(directory: Path, *, busy_s: float = BUSY_S) -> SqliteOutbox:
    """Open the outbox of a state directory whose checkpoint is open; for one thread at a time.

    Raises StateError where the checkpoint is missing or a file is newer, foreign or damaged.
    """
    path = directory / DELIVERIES_FILE
    reader = open_read_only(directory / CHECKPOINT_FILE, CHECKPOINT, busy_s=busy_s)
    try:
        if not path.exists():
            create(path, DELIVERIES, lambda _: None)
        connection = open_database(path, DELIVERIES, busy_s=busy_s, cache_bytes=_CACHE_BYTES)
    except OSError as error:
        reader.close()
        raise StateError(f"{path} cannot be made: {error.strerror or error}") from error
    except BaseException:
        reader.close()
        raise
    try:
        return SqliteOutbox(reader, connection, path)
    except BaseException:
        reader.close()
        connection.close()
        raise


class SqliteOutbox:
    """An Outbox over two files: `checkpoint.sqlite` is only read, `deliveries.sqlite` only written here.

    Every row of the checkpoint's outbox has a row in the deliveries, made when it is first seen. Methods raise
    OSError where the disk is full or busy (nothing was written), StateError or CommitUnknownError otherwise.
    """

    def __init__(self, reader: sqlite3.Connection, connection: sqlite3.Connection, path: Path) -> None:
        self._reader = reader
        self._rows = outbox_table(reader, {})
        self._connection = connection
        self._transaction = Transaction(connection)
        self._path = str(path)
        self._seen = 0
        self._since_copy = 0
        with self._writing():
            self._verify()
            # numbers begin anew in a checkpoint that was set aside or restored: what it holds now counts
            connection.execute("UPDATE deliveries SET n = 0 WHERE n <> 0")
            self._take_in()
            connection.execute("DELETE FROM deliveries WHERE n = 0 AND state = 'pending'")
            connection.execute(
                """DELETE FROM deliveries WHERE n = 0 AND rowid NOT IN (
                    SELECT rowid FROM deliveries WHERE n = 0 ORDER BY last_at_s DESC LIMIT ?)""",
                (KEPT_ROWS,),
            )

    def pending(self, endpoint: str, limit: int) -> list[tuple[OutboxRow, Attempt | None]]:
        """Rows of this endpoint that are neither delivered, superseded nor abandoned, in the order in which they are due."""
        self._look()
        due = self._ask(
            """SELECT id, endpoint, attempts, next_at_s, state, reason, first_at_s, last_at_s FROM deliveries
                WHERE endpoint = ? AND state = 'pending' ORDER BY attempts > 0, next_at_s, n LIMIT ?""",
            (endpoint, limit),
        )
        found: list[tuple[OutboxRow, Attempt | None]] = []
        for values in due:
            attempt = Attempt(*values)
            row = self._row(attempt)
            if row is None:
                self._forget(attempt)
            else:
                found.append((row, attempt if attempt.attempts else None))
        return found

    def failing_since(self, endpoint: str) -> float | None:
        """Wall-clock seconds of the first failed attempt after the last delivery, or after it was enabled again."""
        rows = self._ask("SELECT failing_since_s FROM endpoints WHERE endpoint = ?", (endpoint,))
        return rows[0][0] if rows else None

    def overtaken(self, row: OutboxRow) -> bool:
        """Whether this endpoint has a newer row of the same subject."""
        self._look()
        newer = self._ask(
            """SELECT 1 FROM deliveries WHERE subject = ? AND endpoint = ? AND n >
                (SELECT n FROM deliveries WHERE id = ? AND endpoint = ?) LIMIT 1""",
            (row.subject, row.endpoint, row.id, row.endpoint),
        )
        return bool(newer)

    def record(self, attempt: Attempt) -> None:
        """Durably write what happened to a row."""
        with self._writing():
            self._connection.execute(
                """INSERT INTO deliveries
                    (id, endpoint, n, subject, attempts, next_at_s, state, reason, first_at_s, last_at_s)
                    VALUES (?, ?, 0, '', ?, ?, ?, ?, ?, ?)
                    ON CONFLICT (id, endpoint) DO UPDATE SET attempts = excluded.attempts,
                    next_at_s = excluded.next_at_s, state = excluded.state, reason = excluded.reason,
                    first_at_s = excluded.first_at_s, last_at_s = excluded.last_at_s""",
                (
                    attempt.id,
                    attempt.endpoint,
                    attempt.attempts,
                    attempt.next_at_s,
                    attempt.state,
                    attempt.reason,
                    attempt.first_at_s,
                    attempt.last_at_s,
                ),
            )
            if attempt.arrived:
                self._connection.execute(
                    "UPDATE endpoints SET failing_since_s = NULL WHERE endpoint = ?", (attempt.endpoint,)
                )
            elif attempt.attempts:
                self._connection.execute(
                    """INSERT INTO endpoints (endpoint, failing_since_s) VALUES (?, ?) ON CONFLICT (endpoint)
                        DO UPDATE SET failing_since_s = coalesce(failing_since_s, excluded.failing_since_s)""",
                    (attempt.endpoint, attempt.last_at_s),
                )

    def disabled(self) -> dict[str, str]:
        """Disabled endpoints with their reason."""
        return dict(
            self._ask("SELECT endpoint, disabled FROM endpoints WHERE disabled IS NOT NULL ORDER BY endpoint")
        )

    def disable(self, endpoint: str, reason: str) -> None:
        """Stop sending to an endpoint; its rows stay."""
        with self._writing():
            self._connection.execute(
                """INSERT INTO endpoints (endpoint, disabled) VALUES (?, ?)
                    ON CONFLICT (endpoint) DO UPDATE SET disabled = excluded.disabled""",
                (endpoint, reason),
            )

    def enable(self, endpoint: str) -> None:
        """Send again, beginning with what is pending; its time of failing begins anew."""
        with self._writing():
            self._connection.execute("DELETE FROM endpoints WHERE endpoint = ?", (endpoint,))

    def resend(self, endpoint: str, ids: list[str]) -> int:
        """Make rows pending again that were delivered or abandoned (or superseded); returns how many."""
        self._look()
        with self._writing():
            return sum(
                self._connection.execute(
                    """UPDATE deliveries SET state = 'pending', attempts = 0, next_at_s = 0, first_at_s = 0
                        WHERE id = ? AND endpoint = ? AND state <> 'pending' AND n > 0""",
                    (identity, endpoint),
                ).rowcount
                for identity in dict.fromkeys(ids)
            )

    def lengths(self) -> dict[str, int]:
        """Pending rows per endpoint that have not arrived; endpoints without any are absent."""
        self._look()
        return dict(
            self._ask(
                """SELECT endpoint, count(*) FROM deliveries WHERE state = 'pending'
                    AND NOT (attempts > 0 AND reason = '') GROUP BY endpoint"""
            )
        )

    def attempts(self, endpoint: str) -> list[Attempt]:
        """What is remembered of every row of an endpoint, oldest first; for people."""
        rows = self._ask(
            """SELECT id, endpoint, attempts, next_at_s, state, reason, first_at_s, last_at_s FROM deliveries
                WHERE endpoint = ? ORDER BY n, rowid""",
            (endpoint,),
        )
        return [Attempt(*values) for values in rows]

    def close(self) -> None:
        """Close both files."""
        self._reader.close()
        self._connection.close()

    # --- inside ---------------------------------------------------------------------------------------

    def _ask(self, text: str, bound: tuple[object, ...] = ()) -> list[Any]:
        with reading(self._path):
            return self._connection.execute(text, bound).fetchall()

    def _look(self) -> None:
        """Take in what the checkpoint has got since the last look."""
        with reading(self._path):
            newest = self._reader.execute("SELECT max(n) FROM outbox").fetchone()[0] or 0
        if newest > self._seen:
            with self._writing():
                self._take_in()

    def _take_in(self) -> None:
        rows = self._reader.execute(
            "SELECT n, id, endpoint, subject FROM outbox WHERE n > ? ORDER BY n", (self._seen,)
        )
        new = [_New(*values) for values in rows.fetchall()]
        unknown = [row for row in new if not self._known(row)]
        self._connection.executemany(
            """INSERT INTO deliveries
                (n, id, endpoint, subject, attempts, next_at_s, state, reason, first_at_s, last_at_s)
                VALUES (?, ?, ?, ?, 0, 0, 'pending', '', 0, 0)
                ON CONFLICT (id, endpoint) DO UPDATE SET n = excluded.n, subject = excluded.subject""",
            new,
        )
        self._supersede(unknown)
        self._seen = max([self._seen, *(row.number for row in new)])

    def _known(self, row: _New) -> bool:
        held = self._connection.execute(
            "SELECT 1 FROM deliveries WHERE id = ? AND endpoint = ?", (row.id, row.endpoint)
        )
        return held.fetchone() is not None

    def _supersede(self, rows: Iterable[_New]) -> None:
        """A row never attempted gives way to a newer one of the same subject (F26)."""
        newest = {(row.subject, row.endpoint): row.number for row in rows}
        self._connection.executemany(
            """UPDATE deliveries SET state = 'superseded' WHERE subject = ? AND endpoint = ? AND n < ?
                AND n > 0 AND state = 'pending' AND attempts = 0""",
            ((*of, number) for of, number in newest.items()),
        )

    def _row(self, attempt: Attempt) -> OutboxRow | None:
        with reading(self._path):
            rows = list(self._rows.rows("WHERE id = ? AND endpoint = ?", (attempt.id, attempt.endpoint)))
        return outbox_row(rows[0]) if rows else None

    def _forget(self, attempt: Attempt) -> None:
        """The checkpoint has dropped the row (its outbox is bounded): there is nothing to send any more."""
        with self._writing():
            self._connection.execute(
                "DELETE FROM deliveries WHERE id = ? AND endpoint = ?", (attempt.id, attempt.endpoint)
            )

    def _verify(self) -> None:
        (report,) = self._connection.execute("PRAGMA integrity_check").fetchone()
        if report != "ok":
            raise damaged(self._path, str(report))

    @contextmanager
    def _writing(self) -> Generator[None]:
        """One transaction over this file alone: one over both would not be atomic."""
        seen = self._seen
        try:
            self._transaction.begin()
            yield
            self._transaction.commit()
            self._copy_log()
        except BaseException as error:
            self._seen = seen
            if self._connection.in_transaction:
                self._transaction.rollback()
            if isinstance(error, FAULTS):
                raise while_writing(error, self._path) from error
            raise

    def _copy_log(self) -> None:
        """Copy the log into the file now and then, so that it begins anew; what was written is durable already."""
        self._since_copy += 1
        if self._since_copy < _COPY_EVERY:
            return
        self._since_copy = 0
        try:
            self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        except FAULTS as error:
            if not (is_full(error) or is_busy(error)):  # those pass by themselves; the log keeps everything
                raise
