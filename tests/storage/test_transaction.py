"""What an error of SQLite means: tried again, unknown, or damage."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from driftwatch.errors import CommitUnknownError, DamagedStateError, StateError
from driftwatch.storage.transaction import Transaction, while_reading, while_writing


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    made = sqlite3.connect(tmp_path / "x", isolation_level=None, timeout=0.01)
    made.execute("CREATE TABLE t (n INTEGER PRIMARY KEY)")
    yield made
    made.close()


def error(connection: sqlite3.Connection, statement: str) -> sqlite3.Error:
    with pytest.raises(sqlite3.Error) as raised:
        connection.execute(statement)
    return raised.value


def test_one_transaction_from_the_first_begin_to_the_commit(connection: sqlite3.Connection) -> None:
    transaction = Transaction(connection)
    transaction.begin()
    connection.execute("INSERT INTO t VALUES (1)")
    transaction.begin()
    transaction.commit()
    transaction.begin()
    connection.execute("INSERT INTO t VALUES (2)")
    transaction.rollback()
    transaction.rollback()
    assert connection.execute("SELECT n FROM t").fetchall() == [(1,)]


def test_a_busy_file_is_a_known_outcome(connection: sqlite3.Connection, tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "x", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(sqlite3.OperationalError) as raised:
        Transaction(connection).begin()
    other.close()
    meant = while_writing(raised.value, "it")
    assert isinstance(meant, OSError)
    assert meant.errno == errno.EBUSY
    Transaction(connection).begin()


class _BusyTwice(sqlite3.Connection):
    """Another connection holds the file, and lets it go after two attempts."""

    attempts = 0

    def execute(self, statement: str, *bound: object) -> sqlite3.Cursor:
        if statement.startswith("BEGIN") and self.attempts < 2:
            self.attempts += 1
            busy = sqlite3.OperationalError("database is locked")
            busy.sqlite_errorcode = sqlite3.SQLITE_BUSY
            raise busy
        return super().execute(statement, *bound)  # type: ignore[arg-type]


def test_who_is_in_the_way_for_a_moment_is_waited_for_e15(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "y", isolation_level=None, factory=_BusyTwice)
    Transaction(connection).begin()
    assert (connection.attempts, connection.in_transaction) == (2, True)
    connection.close()


def test_a_full_disk_is_a_known_outcome(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA max_page_count = 2")
    meant = while_writing(error(connection, "CREATE TABLE u (n)"), "it")
    assert isinstance(meant, OSError)
    assert meant.errno == errno.ENOSPC


def test_contradictions_are_damage(connection: sqlite3.Connection, tmp_path: Path) -> None:
    (tmp_path / "no").write_bytes(b"no database at all" * 100)
    foreign = sqlite3.connect(tmp_path / "no")
    errors = [error(foreign, "SELECT 1 FROM t"), error(connection, "SELECT 1 FROM missing")]
    foreign.close()
    for found in errors:
        assert isinstance(while_writing(found, "it"), DamagedStateError)
        assert isinstance(while_reading(found, "it"), DamagedStateError)


def test_everything_else_is_unknown(connection: sqlite3.Connection) -> None:
    found = sqlite3.OperationalError("disk I/O error")
    found.sqlite_errorcode = sqlite3.SQLITE_IOERR_WRITE
    assert isinstance(while_writing(found, "it"), CommitUnknownError)
    meant = while_reading(found, "it")
    assert isinstance(meant, StateError)
    assert not isinstance(meant, DamagedStateError)
    assert isinstance(while_writing(sqlite3.ProgrammingError("closed"), "it"), CommitUnknownError)


@pytest.mark.parametrize("code", [sqlite3.SQLITE_IOERR_FSYNC, sqlite3.SQLITE_IOERR_DIR_FSYNC])
def test_what_could_not_be_synced_ends_the_process(code: int) -> None:
    found = sqlite3.OperationalError("disk I/O error")
    found.sqlite_errorcode = code
    meant = while_writing(found, "it")
    assert type(meant) is StateError, "nothing that is tried again, and no damage"
    assert "could not make it durable" in str(meant)


def test_a_damaged_name_in_an_error_message_is_damage() -> None:
    found = UnicodeDecodeError(
        "utf-8", b"\xe7", 0, 1, "invalid continuation byte"
    )  # raised by sqlite3 itself
    assert isinstance(while_reading(found, "it"), DamagedStateError)
    assert isinstance(while_writing(found, "it"), DamagedStateError)
