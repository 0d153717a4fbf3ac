"""Checked tables: their rows and tallies follow every write, and any change from outside is found."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import pytest

from driftwatch.errors import DamagedStateError
from driftwatch.storage.keyed import KeyedTable, Tally


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    made = sqlite3.connect(":memory:", isolation_level=None)
    made.execute("CREATE TABLE t (n INTEGER PRIMARY KEY, name TEXT UNIQUE, crc INTEGER, data BLOB)")
    yield made
    made.close()


@pytest.fixture
def table(connection: sqlite3.Connection) -> KeyedTable:
    return KeyedTable(connection, {}, "t", ("name",), ("data",))


def test_put_add_delete_and_the_tally_of_it(table: KeyedTable) -> None:
    table.put(("a",), (b"1",))
    table.put(("b",), (b"2",))
    table.put(("a",), (b"3",))
    assert not table.add(("b",), (b"4",))
    assert table.add(("c",), (None,))
    table.delete(("b",))
    table.delete(("b",))
    assert list(table.rows()) == [("a", b"3"), ("c", None)]
    assert table.tally.rows == 2
    table.verify()


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE t SET data = x'32' WHERE name = 'a'",
        "UPDATE t SET name = 'c' WHERE name = 'a'",
        "UPDATE t SET data = 1 WHERE name = 'a'",
        "UPDATE t SET crc = crc + 1 WHERE name = 'a'",
    ],
)
def test_a_changed_row_is_found_when_it_is_read(
    connection: sqlite3.Connection, table: KeyedTable, change: str
) -> None:
    table.put(("a",), (b"1",))
    connection.execute(change)
    with pytest.raises(DamagedStateError, match="does not fit its checksum"):
        list(table.rows())


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM t WHERE name = 'a'",
        "INSERT INTO t (name, crc) VALUES ('x', 0)",
        "UPDATE t SET crc = crc + 1 WHERE name = 'a'",
    ],
)
def test_rows_of_another_commit_are_found_without_reading_them(
    connection: sqlite3.Connection, table: KeyedTable, change: str
) -> None:
    table.put(("a",), (b"1",))
    connection.execute(change)
    with pytest.raises(DamagedStateError, match="not those of the last commit"):
        table.verify()


def test_trimming_keeps_the_newest_numbers(connection: sqlite3.Connection) -> None:
    tallies: dict[str, Tally] = {}
    numbered = KeyedTable(connection, tallies, "t", ("n",), ("data",))
    for _ in range(5):
        numbered.add((numbered.number(),), (b"x",))
        numbered.trim(3)
    assert [n for n, _ in numbered.rows()] == [3, 4, 5]
    assert (tallies["t"].rows, tallies["t"].last) == (3, 5)
    numbered.verify()
    assert [n for n, _ in numbered.rows("WHERE n > ? ORDER BY n DESC", (3,))] == [5, 4]
