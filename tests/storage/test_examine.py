"""A look at a state directory: what it holds, whether it is whole, and that a running daemon does not mind."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from driftwatch.errors import StateError
from driftwatch.events.records import Partition
from driftwatch.storage.directory import CHECKPOINT_FILE, DELIVERIES_FILE, OWNER_FILE
from driftwatch.storage.examine import examine
from driftwatch.storage.outbox import open_outbox
from driftwatch.storage.sqlite import open_checkpoint
from tests.storage.test_sqlite import changes, join


@pytest.fixture
def state(tmp_path: Path) -> Iterator[Path]:
    """Three commits, everything in the file itself."""
    checkpoint = open_checkpoint(tmp_path)
    for number in (1, 2, 3):
        join(checkpoint, number)
        checkpoint.commit(changes(number))
    open_outbox(tmp_path).close()
    checkpoint.close()
    return tmp_path


def test_it_says_what_is_held(state: Path) -> None:
    found = examine(state)
    assert found.damage == {}
    assert found.sequence == 3
    assert found.offsets == {Partition("t", 0): 30, Partition("t", 1): 31}
    assert (found.rows["panes"], found.rows["journal"], found.rows["join_rows"]) == (2, 3, 120)
    assert found.deliveries == {"pending": 3}
    assert found.sizes_bytes[CHECKPOINT_FILE] > 4_096
    assert found.owner


def test_it_looks_beside_a_daemon_that_writes(state: Path) -> None:
    checkpoint = open_checkpoint(state)
    checkpoint.load()
    join(checkpoint, 4)
    checkpoint.commit(changes(4))
    checkpoint._transaction.begin()
    checkpoint._write(changes(5))
    found = examine(state)
    assert (found.sequence, found.damage) == (4, {})
    checkpoint.close()


def test_a_new_directory_holds_nothing_and_is_whole(tmp_path: Path) -> None:
    with pytest.raises(StateError, match="is no state directory"):
        examine(tmp_path)
    open_checkpoint(tmp_path).close()
    assert (examine(tmp_path).sequence, examine(tmp_path).damage) == (0, {})


def test_a_join_row_that_nothing_has_read_yet_is_found(state: Path) -> None:
    """The start checks the ids of join rows only; this reads their contents too."""
    connection = sqlite3.connect(state / CHECKPOINT_FILE)
    # the id of the chunk's first row are its first 8 bytes
    connection.execute("UPDATE join_chunks SET data = substr(data, 1, 20) || x'ff' || substr(data, 22)")
    connection.commit()
    connection.close()
    checkpoint = open_checkpoint(state)
    checkpoint.load()
    checkpoint.close()
    assert list(examine(state).damage) == [CHECKPOINT_FILE]


@pytest.mark.parametrize("name", [CHECKPOINT_FILE, DELIVERIES_FILE, OWNER_FILE])
def test_what_is_damaged_is_named(state: Path, name: str) -> None:
    (state / name).write_bytes(b"")
    assert list(examine(state).damage) == [name]
    if name != OWNER_FILE:
        (state / name).unlink()
        (state / f"{name}-wal").write_bytes(b"x")
        assert "it is missing" in examine(state).damage[name]
