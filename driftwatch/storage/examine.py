"""What a state directory holds and whether it is whole, read without holding it: the daemon may be running (F18)."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from driftwatch.errors import DamagedStateError
from driftwatch.events.records import Partition
from driftwatch.storage.directory import CHECKPOINT_FILE, DELIVERIES_FILE, OWNER_FILE, read_owner
from driftwatch.storage.joins import SqliteJoinTables
from driftwatch.storage.keyed import Tally
from driftwatch.storage.schema import CHECKPOINT, DELIVERIES, Schema, open_read_only, verify_tables
from driftwatch.storage.sqlite import BUSY_S, keyed_tables, read_head, stored_pane
from driftwatch.storage.transaction import Transaction, damaged, reading

LOG: Final = "-wal"


@dataclass(slots=True)
class Examined:
    """A state directory as of its last commit; empty where a file is missing or damaged."""

    owner: str = ""
    sequence: int = 0
    """Number of the last commit; 0 in a new directory."""
    offsets: dict[Partition, int] = field(default_factory=dict[Partition, int])
    """Next offset of each partition."""
    rows: dict[str, int] = field(default_factory=dict[str, int])
    """Rows by table of the checkpoint, join rows under `join_rows`."""
    deliveries: dict[str, int] = field(default_factory=dict[str, int])
    """Notifications by what became of them."""
    sizes_bytes: dict[str, int] = field(default_factory=dict[str, int])
    """Every file of the directory."""
    damage: dict[str, str] = field(default_factory=dict[str, str])
    """What is wrong, by file; empty if all is whole."""


def examine(directory: Path) -> Examined:
    """Read all of it: every row against its checksum, every table against what the last commit says of it.

    Raises StateError where a file is foreign, newer, or of another owner: that is no damage.
    """
    found = Examined(sizes_bytes={file.name: file.stat().st_size for file in sorted(directory.glob("*"))})

    def look(name: str, at: Callable[[], None]) -> None:
        try:
            at()
        except DamagedStateError as error:
            found.damage[name] = str(error)

    key = b""

    def owner() -> None:
        nonlocal key
        found.owner, key = read_owner(directory)

    look(OWNER_FILE, owner)
    if OWNER_FILE in found.damage:
        return found  # whose the rest is cannot be said
    look(CHECKPOINT_FILE, lambda: _checkpoint(directory / CHECKPOINT_FILE, found, key))
    look(DELIVERIES_FILE, lambda: _deliveries(directory / DELIVERIES_FILE, found))
    return found


def _missing(path: Path) -> bool:
    """Whether there is no such file; DamagedStateError if only its log is there."""
    log = path.with_name(path.name + LOG)
    if not path.exists() and log.exists():
        raise damaged(str(path), f"it is missing, but {log.name} is there")
    return not path.exists()


def _checkpoint(path: Path, found: Examined, hash_key: bytes) -> None:
    if _missing(path):
        return
    with closing(_open(path, CHECKPOINT)) as connection, reading(str(path)):
        connection.execute("BEGIN")  # all of it as of one commit, whatever is written meanwhile
        tallies: dict[str, Tally] = {}
        sequence, told = read_head(connection, str(path), found.owner, hash_key)
        tallies.update(told)
        tables = keyed_tables(connection, tallies)
        for table in tables.values():
            table.verify()
            rows = table.rows()
            found.rows[table.name] = sum(
                1 for _ in (map(stored_pane, rows) if table.name == "panes" else rows)
            )
        registry = tables["joins"]
        joins = SqliteJoinTables(Transaction(connection), connection, registry, str(path), lambda: None)
        joins.verify()
        found.rows["join_rows"] = joins.verify_rows()
        found.offsets = _offsets(tables["offsets"].rows())
        found.sequence = sequence


def _offsets(rows: object) -> dict[Partition, int]:
    return {Partition(str(topic), int(number)): int(n) for topic, number, n in rows}  # type: ignore[attr-defined]


def _deliveries(path: Path, found: Examined) -> None:
    if _missing(path):
        return
    with closing(_open(path, DELIVERIES)) as connection, reading(str(path)):
        (report,) = connection.execute("PRAGMA integrity_check").fetchone()
        if report != "ok":
            raise damaged(str(path), str(report))
        states = connection.execute("SELECT state, count(*) FROM deliveries GROUP BY state ORDER BY state")
        found.deliveries = dict(states.fetchall())


def _open(path: Path, schema: Schema) -> sqlite3.Connection:
    connection = open_read_only(path, schema, busy_s=BUSY_S)
    try:
        with reading(str(path)):
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            if version == len(schema.migrations):  # an older file is brought up by the next start
                verify_tables(connection, path, schema)
    except BaseException:
        connection.close()
        raise
    return connection
