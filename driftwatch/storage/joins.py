"""The join tables of a checkpoint in SQLite: written with its commits, gone with its rollbacks."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

import msgspec
import numpy as np

from driftwatch.errors import StateError
from driftwatch.storage.join_table import Calls, Ground, SqliteJoinTable
from driftwatch.storage.keyed import KeyedTable
from driftwatch.storage.segments import TableState
from driftwatch.storage.transaction import Transaction, damaged


class SqliteJoinTables:
    """JoinTables inside the checkpoint's open transaction; the checkpoint commits them and rolls them back."""

    def __init__(
        self,
        transaction: Transaction,
        reader: sqlite3.Connection,
        registry: KeyedTable,
        path: str,
        fail: Callable[[], None],
    ) -> None:
        """`reader` sees the last commit; `registry` holds one row per table; `fail` rolls the checkpoint back."""
        self._ground = Ground(transaction, reader, path, registry.number, fail)
        self._registry = registry
        self._tables: dict[tuple[str, str], SqliteJoinTable] = {}
        self._stored: dict[tuple[str, str], bytes] = {}
        self._written: dict[tuple[str, str], bytes] = {}
        self.reload()

    def table(self, model: str, kind: str, dtype: np.dtype[np.void]) -> SqliteJoinTable:
        """The table of this name, made empty at first use; StateError if it holds rows of another type."""
        table = self._tables.get((model, kind))
        if table is None:
            table = self._tables[model, kind] = self._make((model, kind), dtype)
        elif table.dtype != dtype:
            raise StateError(f"the join state of {model}/{kind} holds rows of another type")
        return table

    @property
    def filter_bytes(self) -> int:
        """Memory of all Bloom filters."""
        return sum(table.filter_bytes for table in self._tables.values())

    def write(self) -> None:
        """Before a commit: everything that the tables gathered goes into the transaction."""
        for key, table in self._tables.items():
            if table.write():
                self._written[key] = table.encoded()
                self._registry.put(key, (self._written[key],))

    def committed(self) -> None:
        """The transaction is durable."""
        self._stored |= self._written
        self._written = {}
        for table in self._tables.values():
            table.committed()

    def reload(self) -> list[tuple[SqliteJoinTable, Calls]]:
        """Go back to the last commit, after a rollback; returns the calls since then, for `again`."""
        self._written = {}
        self._stored = {(str(model), str(kind)): _blob(data) for model, kind, data in self._registry.rows()}
        return [(table, table.reload(self._stored.get(key))) for key, table in self._tables.items()]

    def again(self, calls: list[tuple[SqliteJoinTable, Calls]]) -> None:
        """Make the calls of `reload` once more: the next commit can be the one that failed."""
        for table, made in calls:
            table.again(made)

    def verify(self) -> None:
        """DamagedStateError unless every row's id is that of the last commit; fills the filters."""
        for (model, kind), stored in self._stored.items():
            if (model, kind) not in self._tables:
                dtype = _dtype(msgspec.msgpack.decode(stored, type=TableState).dtype)
                self._tables[model, kind] = self._make((model, kind), dtype)
        for table in self._tables.values():
            table.verify()

    def verify_rows(self) -> int:
        """After `verify`: the contents of every row too; returns how many there are."""
        return sum(table.verify_rows() for table in self._tables.values())

    def _make(self, key: tuple[str, str], dtype: np.dtype[np.void]) -> SqliteJoinTable:
        return SqliteJoinTable(self._ground, "/".join(key), dtype, self._stored.get(key))


def _dtype(signature: str) -> np.dtype[np.void]:
    fields = msgspec.json.decode(signature)
    return np.dtype([(name, kind, *(tuple(s) for s in shape)) for name, kind, *shape in fields])


def _blob(value: object) -> bytes:
    if not isinstance(value, bytes):
        raise damaged("the checkpoint", "bytes are missing")
    return value
