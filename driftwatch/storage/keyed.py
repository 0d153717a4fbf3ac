"""Small checked tables of the checkpoint: every row has a check, every table a tally, so damage is found (F18)."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import msgspec

from driftwatch.storage.integrity import Value, row_check
from driftwatch.storage.statements import marks, sql
from driftwatch.storage.transaction import damaged


class Tally(msgspec.Struct):
    """What a table must hold at a commit. Pages of different commits mixed in one file do not fit it."""

    rows: int = 0
    checks: int = 0
    """Sum of the rows' checks."""
    last: int = 0
    """Largest number given out, for tables with numbered rows."""


class KeyedTable:
    """Rows by key with a check over all their values; keeps its tally in step with every write."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        tallies: dict[str, Tally],
        name: str,
        key: tuple[str, ...],
        value: tuple[str, ...],
    ) -> None:
        """`tallies` is shared by all tables and refilled at a rollback."""
        self.name = name
        self._connection = connection
        self._tallies = tallies
        columns, where = ", ".join((*key, *value)), " AND ".join(f"{column} = ?" for column in key)
        bound = marks(len(key) + len(value) + 1)
        updates = ", ".join(f"{c} = excluded.{c}" for c in (*value, "crc"))
        self._old = sql("SELECT crc FROM $name WHERE ", name=name) + where
        into = sql("INSERT INTO $name ($columns, crc) VALUES", name=name, columns=columns)
        self._insert = f"{into} ({bound})"
        self._upsert = self._insert + sql(" ON CONFLICT ($key) DO UPDATE SET ", key=", ".join(key)) + updates
        self._delete = sql("DELETE FROM $name WHERE ", name=name) + where
        self._select = sql("SELECT $columns, crc FROM $name", name=name, columns=columns)
        self._sum = sql("SELECT count(*), coalesce(sum(crc), 0) FROM $name", name=name)
        self._trim = sql("DELETE FROM $name WHERE n <= ?", name=name)

    @property
    def tally(self) -> Tally:
        """What the table holds."""
        return self._tallies.setdefault(self.name, Tally())

    def put(self, key: tuple[Value, ...], value: tuple[Value, ...]) -> None:
        """Write a row, in the place of the one with this key if there is one."""
        check = row_check(self.name, *key, *value)
        old = self._connection.execute(self._old, key).fetchone()
        self._connection.execute(self._upsert, (*key, *value, check))
        self._count(old, check)

    def add(self, key: tuple[Value, ...], value: tuple[Value, ...]) -> bool:
        """Write a row unless there is one with this key; whether it was written."""
        if self._connection.execute(self._old, key).fetchone() is not None:
            return False
        check = row_check(self.name, *key, *value)
        self._connection.execute(self._insert, (*key, *value, check))
        self._count(None, check)
        return True

    def delete(self, key: tuple[Value, ...]) -> None:
        """Remove the row with this key if there is one."""
        old = self._connection.execute(self._old, key).fetchone()
        if old is not None:
            self._connection.execute(self._delete, key)
            self.tally.rows -= 1
            self.tally.checks -= old[0]

    def trim(self, keep: int) -> None:
        """Of a table numbered by `n`: remove all but the `keep` newest rows."""
        last = self.tally.last - keep
        if last <= 0:
            return
        rows, checks = self._connection.execute(self._sum + " WHERE n <= ?", (last,)).fetchone()
        if rows:
            self._connection.execute(self._trim, (last,))
            self.tally.rows -= rows
            self.tally.checks -= checks

    def number(self) -> int:
        """The next number for a row of a numbered table; numbers are never used again."""
        self.tally.last += 1
        return self.tally.last

    def rows(self, clause: str = "", bound: tuple[Value, ...] = ()) -> Iterator[tuple[Value, ...]]:
        """Rows (key and value columns), the oldest first unless `clause` (WHERE … ORDER BY …) says otherwise.

        Raises DamagedStateError at a row that does not fit its check.
        """
        for row in self._connection.execute(f"{self._select} {clause or 'ORDER BY rowid'}", bound):
            if row_check(self.name, *row[:-1]) != row[-1]:
                raise damaged(f"the checkpoint's table {self.name}", "a row does not fit its checksum")
            yield row[:-1]

    def verify(self) -> None:
        """DamagedStateError unless the table is sound and holds what its tally says."""
        (report,) = self._connection.execute(f"PRAGMA integrity_check('{self.name}')").fetchone()
        if report != "ok":
            raise damaged(f"the checkpoint's table {self.name}", str(report))
        if self._connection.execute(self._sum).fetchone() != (self.tally.rows, self.tally.checks):
            raise damaged(f"the checkpoint's table {self.name}", "its rows are not those of the last commit")

    def _count(self, old: tuple[int] | None, check: int) -> None:
        tally = self.tally
        tally.rows += old is None
        tally.checks += check - (old[0] if old else 0)
