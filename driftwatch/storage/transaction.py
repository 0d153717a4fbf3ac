"""The one open transaction of a connection, and what an error of SQLite means for it (E15)."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

from driftwatch.errors import CommitUnknownError, DamagedStateError, StateError

FAULTS: Final = (sqlite3.Error, UnicodeDecodeError)
"""What sqlite3 raises for a file's sake; a damaged name inside an error message comes as the second."""
_TRIES: Final = 3
"""How often a busy database is asked again, each time with the connection's own patience."""
_PRIMARY: Final = 0xFF


class Transaction:
    """Begun by the first write of a commit interval, ended by its commit or by a rollback."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection

    def begin(self) -> None:
        """Begin unless one is open. IMMEDIATE: whoever else holds the database is met here, not in the middle."""
        if not self.connection.in_transaction:
            self._patiently("BEGIN IMMEDIATE")

    def commit(self) -> None:
        """Make everything since `begin` durable."""
        self._patiently("COMMIT")

    def rollback(self) -> None:
        """Forget everything since `begin`; SQLite may have done so by itself already."""
        if self.connection.in_transaction:
            self.connection.execute("ROLLBACK")

    def _patiently(self, statement: str) -> None:
        for left in reversed(range(_TRIES)):
            try:
                self.connection.execute(statement)
                return
            except FAULTS as error:
                if not is_busy(error) or not left:
                    raise


def is_busy(error: Exception) -> bool:
    """Whether another connection was in the way: nothing happened, it can be tried again (E15)."""
    return _code(error) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def is_full(error: Exception) -> bool:
    """Whether the disk is full: SQLite could not append to its log, so the transaction is not in it (F16)."""
    return _code(error) == sqlite3.SQLITE_FULL


def is_unsynced(error: Exception) -> bool:
    """Whether the kernel could not bring to the disk what it had taken: only a new process knows what is there (F17).

    Asking again would not help: after a failed fsync Linux takes the lost pages for clean, and the next one succeeds
    (https://wiki.postgresql.org/wiki/Fsync_Errors).
    """
    code = getattr(error, "sqlite_errorcode", 0)
    return code in (sqlite3.SQLITE_IOERR_FSYNC, sqlite3.SQLITE_IOERR_DIR_FSYNC)


def is_damage(error: Exception) -> bool:
    """Whether the file contradicts itself; a missing table or column (SQLITE_ERROR) is damage too (F18)."""
    return _code(error) in (
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_NOTADB,
        sqlite3.SQLITE_ERROR,
        sqlite3.SQLITE_FORMAT,
        sqlite3.SQLITE_CONSTRAINT,
        sqlite3.SQLITE_MISMATCH,
    )


def while_reading(error: Exception, what: str) -> StateError:
    """What to raise when a read outside of a commit failed."""
    if is_damage(error):
        return damaged(what, str(error))
    return StateError(f"{what} cannot be read: {error}")


@contextmanager
def reading(what: str) -> Generator[None]:
    """Errors of SQLite while `what` is read, in words for a person."""
    try:
        yield
    except FAULTS as error:
        raise while_reading(error, what) from error


def while_writing(error: Exception, what: str) -> Exception:
    """What to raise when a write failed and everything since the last commit has been rolled back."""
    if is_full(error):
        return OSError(errno.ENOSPC, f"no space left to write {what}")
    if is_busy(error):
        return OSError(errno.EBUSY, f"another process holds {what}")
    if is_damage(error):
        return damaged(what, str(error))
    if is_unsynced(error):
        return StateError(
            f"the disk could not make {what} durable ({error}): look at it, then start again; "
            "what is really there is read then, and the topics go on from it"
        )
    return CommitUnknownError(f"writing {what} failed ({error}): going back to its last commit")


def damaged(what: str, how: str) -> DamagedStateError:
    """The error for state that contradicts itself, with what to do."""
    return DamagedStateError(
        f"{what} is damaged ({how}): `driftwatch state rebuild` sets it aside, and the next start reads the topics again "
        "(`state.on_damage: rebuild` lets the daemon do so itself); or restore a whole backup"
    )


def _code(error: Exception) -> int:
    if isinstance(error, UnicodeDecodeError):
        return sqlite3.SQLITE_CORRUPT
    code: int = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_MISUSE)
    return code & _PRIMARY
