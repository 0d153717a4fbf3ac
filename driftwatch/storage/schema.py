"""The SQLite files: their tables by version, and the one way in which a file is made, checked and opened."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from driftwatch.errors import StateError
from driftwatch.storage.transaction import FAULTS, damaged, reading, while_writing

PAGE_BYTES: Final = 4_096
CACHE_BYTES: Final = 4 * 2**20
"""Page cache of the checkpoint's connection: part of the memory bound (P7)."""
READER_CACHE_BYTES: Final = 2 * 2**20
"""Page cache of a connection that only reads."""
WAL_KEPT_BYTES: Final = 64 * 2**20
"""A write-ahead log that grew beyond this is cut when it begins anew."""


@dataclass(frozen=True, slots=True)
class Schema:
    """One kind of file. Version n is reached by the first n migrations (F40); a released one never changes."""

    name: str
    application_id: int
    migrations: tuple[tuple[str, ...], ...]


CHECKPOINT: Final = Schema(
    name="checkpoint",
    application_id=0x44577463,  # "DWtc"
    migrations=(
        (
            """CREATE TABLE head (
                id INTEGER PRIMARY KEY CHECK (id = 1), sequence INTEGER NOT NULL, owner TEXT NOT NULL,
                hash_key BLOB NOT NULL, tallies BLOB NOT NULL, crc INTEGER NOT NULL)""",
            """CREATE TABLE offsets (
                topic TEXT NOT NULL, partition INTEGER NOT NULL, next INTEGER NOT NULL,
                crc INTEGER NOT NULL, UNIQUE (topic, partition))""",
            """CREATE TABLE panes (
                model TEXT NOT NULL, version TEXT NOT NULL, stream TEXT NOT NULL, layout TEXT NOT NULL,
                width_ms INTEGER NOT NULL, start_ms INTEGER NOT NULL,
                crc INTEGER NOT NULL, height INTEGER NOT NULL, kind TEXT NOT NULL, data BLOB NOT NULL,
                UNIQUE (model, version, stream, layout, width_ms, start_ms))""",
            "CREATE TABLE chunks (name TEXT NOT NULL UNIQUE, crc INTEGER NOT NULL, data BLOB NOT NULL)",
            "CREATE TABLE states (name TEXT NOT NULL UNIQUE, crc INTEGER NOT NULL, data BLOB NOT NULL)",
            "CREATE TABLE learned (hash TEXT NOT NULL UNIQUE, crc INTEGER NOT NULL, data BLOB NOT NULL)",
            """CREATE TABLE journal (
                n INTEGER PRIMARY KEY, crc INTEGER NOT NULL, sequence INTEGER NOT NULL,
                kind TEXT NOT NULL, data BLOB NOT NULL)""",
            """CREATE TABLE notifications (
                n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, crc INTEGER NOT NULL, data BLOB NOT NULL)""",
            """CREATE TABLE outbox (
                n INTEGER PRIMARY KEY, id TEXT NOT NULL, endpoint TEXT NOT NULL, crc INTEGER NOT NULL,
                type TEXT NOT NULL, subject TEXT NOT NULL, created_ms INTEGER NOT NULL, body BLOB NOT NULL,
                UNIQUE (id, endpoint))""",
            """CREATE TABLE joins (
                model TEXT NOT NULL, kind TEXT NOT NULL, crc INTEGER NOT NULL, data BLOB NOT NULL,
                UNIQUE (model, kind))""",
            # key: the segment's number, then the chunk's place in it
            "CREATE TABLE join_chunks (key INTEGER PRIMARY KEY, data BLOB NOT NULL)",
        ),
    ),
)

DELIVERIES: Final = Schema(
    name="deliveries",
    application_id=0x44577464,  # "DWtd"
    migrations=(
        (
            """CREATE TABLE deliveries (
                id TEXT NOT NULL, endpoint TEXT NOT NULL, n INTEGER NOT NULL, subject TEXT NOT NULL,
                state TEXT NOT NULL CHECK (state IN ('pending', 'delivered', 'superseded', 'abandoned')),
                attempts INTEGER NOT NULL, next_at_s REAL NOT NULL, reason TEXT NOT NULL,
                first_at_s REAL NOT NULL, last_at_s REAL NOT NULL, PRIMARY KEY (id, endpoint))""",
            """CREATE INDEX deliveries_due ON deliveries (endpoint, attempts > 0, next_at_s, n)
                WHERE state = 'pending'""",
            "CREATE INDEX deliveries_subjects ON deliveries (subject, endpoint)",
            "CREATE TABLE endpoints (endpoint TEXT PRIMARY KEY, failing_since_s REAL, disabled TEXT)",
        ),
    ),
)


def create(path: Path, schema: Schema, fill: Callable[[sqlite3.Connection], None]) -> None:
    """Make a new file, whole or not at all: under another name first, then renamed into its place.

    So an empty file, or one without tables, is never one of ours but the trace of damage (F18). OSError where the
    disk is full.
    """
    log = path.with_name(path.name + "-wal")
    if log.exists():
        raise damaged(str(path), f"it is missing, but {log.name} is there")
    new = path.with_name(path.name + ".new")
    new.unlink(missing_ok=True)
    connection = sqlite3.connect(new, isolation_level=None)
    try:
        connection.execute(f"PRAGMA page_size = {PAGE_BYTES}")
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(f"PRAGMA application_id = {schema.application_id}")
        _run(connection, schema, 0)
        fill(connection)
        connection.execute("COMMIT")
        connection.execute("PRAGMA journal_mode = WAL")
    except FAULTS as error:
        raise while_writing(error, str(path)) from error
    finally:
        connection.close()
    new.rename(path)
    sync_directory(path.parent)


def open_database(
    path: Path, schema: Schema, *, busy_s: float, cache_bytes: int = CACHE_BYTES
) -> sqlite3.Connection:
    """A connection for reading and writing, the file brought to the newest version.

    Raises StateError for a newer or foreign file, DamagedStateError for one that is not whole.
    """
    connection = sqlite3.connect(
        path, timeout=busy_s, isolation_level=None, cached_statements=512, check_same_thread=False
    )
    pragmas = (
        "journal_mode = WAL",
        "synchronous = FULL",
        "temp_store = MEMORY",
        "wal_autocheckpoint = 0",  # our own, after the commit, where its errors can be told apart
        f"journal_size_limit = {WAL_KEPT_BYTES}",
        f"cache_size = -{cache_bytes // 1024}",
    )
    with _closed_if_refused(connection, path):
        check_identity(connection, path, schema)
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}").fetchall()
        migrate(connection, path, schema)
        verify_tables(connection, path, schema)
    return connection


def open_read_only(path: Path, schema: Schema, *, busy_s: float) -> sqlite3.Connection:
    """A connection that sees the last commit and can only read; StateError as above, or if the file is not there."""
    if not path.exists():
        raise StateError(f"{path} does not exist: the daemon has not made it yet")
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=ro",
        uri=True,
        timeout=busy_s,
        isolation_level=None,
        cached_statements=512,
        check_same_thread=False,
    )
    with _closed_if_refused(connection, path):
        check_identity(connection, path, schema)
        connection.execute(f"PRAGMA cache_size = -{READER_CACHE_BYTES // 1024}")
        connection.execute("PRAGMA temp_store = MEMORY")
    return connection


@contextmanager
def _closed_if_refused(connection: sqlite3.Connection, path: Path) -> Generator[None]:
    try:
        with reading(str(path)):
            yield
    except BaseException:
        connection.close()
        raise


def check_identity(connection: sqlite3.Connection, path: Path, schema: Schema) -> int:
    """The file's version; StateError if it is foreign or newer, DamagedStateError if it is empty."""
    (application_id,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if not tables:
        raise damaged(str(path), "it is empty")
    if application_id != schema.application_id:
        raise StateError(f"{path} is not a {schema.name} of driftwatch: give it another state directory")
    if version > len(schema.migrations):
        raise StateError(
            f"{path} was written by a newer driftwatch (version {version}, this one knows "
            f"{len(schema.migrations)}): start the newer one, or give this one a state directory of its own"
        )
    return version


def migrate(connection: sqlite3.Connection, path: Path, schema: Schema) -> None:
    """Run the migrations that the file lacks, all in one transaction: it is at the old version or at the new."""
    version = check_identity(connection, path, schema)
    if version == len(schema.migrations):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        _run(connection, schema, version)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def verify_tables(connection: sqlite3.Connection, path: Path, schema: Schema) -> None:
    """DamagedStateError unless the file has exactly the tables and indexes that its migrations make."""
    model = sqlite3.connect(":memory:", isolation_level=None)
    try:
        _run(model, schema, 0)
        missing = _tables(model) - _tables(connection)
    finally:
        model.close()
    if missing:
        raise damaged(str(path), f"its table {min(missing)[0]} is not as it was made")


def _tables(connection: sqlite3.Connection) -> set[tuple[str, ...]]:
    found = connection.execute("SELECT name, type, tbl_name, coalesce(sql, '') FROM sqlite_master")
    return {(*names, " ".join(text.split())) for *names, text in found}


def _run(connection: sqlite3.Connection, schema: Schema, version: int) -> None:
    for migration in schema.migrations[version:]:
        for statement in migration:
            connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {len(schema.migrations)}")


def sync_directory(path: Path) -> None:
    """Make a rename in this directory durable."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
