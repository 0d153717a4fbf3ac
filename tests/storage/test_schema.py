"""Files are made whole or not at all, brought forward, and refused when they are newer, foreign or empty."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest

from driftwatch.errors import DamagedStateError, StateError
from driftwatch.storage.schema import (
    CHECKPOINT,
    DELIVERIES,
    Schema,
    create,
    open_database,
    open_read_only,
)

V1 = Schema("test", 77, (("CREATE TABLE a (n INTEGER)", "INSERT INTO a VALUES (1)"),))
V3 = Schema("test", 77, (*V1.migrations, ("ALTER TABLE a ADD COLUMN m",), ("UPDATE a SET m = n + 1",)))
BROKEN = Schema("test", 77, (*V1.migrations, ("ALTER TABLE a ADD COLUMN m",), ("UPDATE missing SET m = 1",)))


def nothing(_: sqlite3.Connection) -> None:
    """Fill nothing in."""


def made(path: Path, schema: Schema = V1) -> Path:
    create(path, schema, nothing)
    return path


def test_a_new_file_has_all_tables_and_its_marks(tmp_path: Path) -> None:
    for schema in (CHECKPOINT, DELIVERIES):
        path = made(tmp_path / schema.name, schema)
        connection = open_database(path, schema, busy_s=1)
        assert connection.execute("PRAGMA user_version").fetchone() == (len(schema.migrations),)
        assert connection.execute("PRAGMA application_id").fetchone() == (schema.application_id,)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
        connection.close()


def test_a_new_file_s_name_is_durable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[tuple[Path, list[str]]] = []

    def sync(descriptor: int) -> None:
        where = Path(f"/proc/self/fd/{descriptor}").readlink()
        synced.append((where, sorted(path.name for path in where.iterdir())))

    monkeypatch.setattr(os, "fsync", sync)
    made(tmp_path / "x")
    assert synced == [(tmp_path, ["x"])], "after the rename"


def test_a_file_is_there_only_when_it_is_whole(tmp_path: Path) -> None:
    def fail(_: sqlite3.Connection) -> None:
        raise KeyError("in the middle")

    with pytest.raises(KeyError):
        create(tmp_path / "x", V1, fail)
    assert not (tmp_path / "x").exists()
    made(tmp_path / "x")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["x"]


def test_an_older_file_is_brought_forward(tmp_path: Path) -> None:
    path = made(tmp_path / "x")
    connection = open_database(path, V3, busy_s=1)
    assert connection.execute("SELECT n, m FROM a").fetchall() == [(1, 2)]
    connection.close()
    with pytest.raises(StateError, match=r"newer driftwatch \(version 3, this one knows 1\)"):
        open_database(path, V1, busy_s=1)
    open_database(path, V3, busy_s=1).close()


def test_a_migration_that_fails_leaves_the_old_version(tmp_path: Path) -> None:
    path = made(tmp_path / "x")
    with pytest.raises(DamagedStateError):
        open_database(path, BROKEN, busy_s=1)
    connection = open_database(path, V1, busy_s=1)
    assert connection.execute("SELECT * FROM a").fetchall() == [(1,)]
    connection.close()


def test_a_foreign_database_is_refused(tmp_path: Path) -> None:
    path = made(tmp_path / "x", DELIVERIES)
    with pytest.raises(StateError, match="not a checkpoint of driftwatch"):
        open_database(path, CHECKPOINT, busy_s=1)
    with pytest.raises(StateError, match="not a checkpoint of driftwatch"):
        open_read_only(path, CHECKPOINT, busy_s=1)


@pytest.mark.parametrize("content", [b"", b"SQLite format 3\x00", b"x" * 5_000], ids=["empty", "cut", "else"])
def test_an_empty_or_unreadable_file_is_damage(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x").write_bytes(content)
    with pytest.raises(DamagedStateError):
        open_database(tmp_path / "x", V1, busy_s=1)


def test_a_log_without_its_file_is_damage(tmp_path: Path) -> None:
    (tmp_path / "x-wal").write_bytes(b"frames of another file")
    with pytest.raises(DamagedStateError, match="is missing, but x-wal is there"):
        made(tmp_path / "x")


def test_a_reader_sees_commits_and_cannot_write(tmp_path: Path) -> None:
    path = made(tmp_path / "x")
    connection = open_database(path, V1, busy_s=1)
    reader = open_read_only(path, V1, busy_s=1)
    connection.execute("INSERT INTO a VALUES (2)")
    assert reader.execute("SELECT n FROM a").fetchall() == [(1,), (2,)]
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        reader.execute("INSERT INTO a VALUES (3)")
    reader.close()
    connection.close()
    with pytest.raises(StateError, match="does not exist"):
        open_read_only(tmp_path / "y", V1, busy_s=1)


def test_a_table_that_is_not_as_it_was_made_is_damage(tmp_path: Path) -> None:
    path = made(tmp_path / "x")
    connection = sqlite3.connect(path)
    connection.execute("ALTER TABLE a RENAME COLUMN n TO o")
    connection.close()
    with pytest.raises(DamagedStateError, match="its table a is not as it was made"):
        open_database(path, V1, busy_s=1)


def test_a_full_disk_makes_no_file(tmp_path: Path) -> None:
    def fill(connection: sqlite3.Connection) -> None:
        connection.execute("PRAGMA max_page_count = 3")
        connection.execute("INSERT INTO a VALUES (zeroblob(100000))")

    with pytest.raises(OSError, match="no space left"):
        create(tmp_path / "x", V1, fill)
    assert not (tmp_path / "x").exists()
