"""A copy that is whole or not there, and damage that is set aside; never what is whole."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from driftwatch.errors import StateError
from driftwatch.monitor.changes import Changes
from driftwatch.storage.directory import CHECKPOINT_FILE, DELIVERIES_FILE, OWNER_FILE
from driftwatch.storage.examine import examine
from driftwatch.storage.outbox import open_outbox
from driftwatch.storage.repair import MOST_REBUILDS, back_up, rebuild, rebuild_again
from driftwatch.storage.sqlite import open_checkpoint
from tests.storage.disks import file_size_limit
from tests.storage.test_sqlite import changes, held, join, run


def test_a_copy_is_one_commit_of_a_checkpoint_that_is_written_meanwhile(tmp_path: Path) -> None:
    other = open_checkpoint(tmp_path / "other")
    states = run(other, 40)
    other.close()
    checkpoint = open_checkpoint(tmp_path / "state")
    run(checkpoint, 2)
    copies: list[Path] = []
    stop = threading.Event()

    def copy() -> None:
        while not stop.is_set():
            copies.append(tmp_path / f"copy-{len(copies)}")
            back_up(tmp_path / "state", copies[-1])

    thread = threading.Thread(target=copy)
    thread.start()
    for number in range(3, 41):
        join(checkpoint, number)
        checkpoint.commit(changes(number))
    stop.set()
    thread.join(30)
    checkpoint.close()
    sequences: list[int] = []
    for path in copies:
        copied = open_checkpoint(path)
        state = held(copied)
        copied.close()
        assert state == states[state[0]]
        sequences.append(state[0])
    assert sequences == sorted(sequences)
    assert not list(tmp_path.glob("*.new"))


def test_a_copy_has_owner_and_deliveries_and_is_nobody_elses_to_read(tmp_path: Path) -> None:
    checkpoint = open_checkpoint(tmp_path / "state")
    checkpoint.commit(changes(1))
    open_outbox(tmp_path / "state").close()
    checkpoint.close()
    made = back_up(tmp_path / "state", tmp_path / "deep" / "copy")
    assert (made.sequence, made.deliveries) == (1, {"pending": 1})
    assert made.owner == examine(tmp_path / "state").owner
    assert (tmp_path / "deep" / "copy").stat().st_mode & 0o777 == 0o700
    assert {f.stat().st_mode & 0o077 for f in (tmp_path / "deep" / "copy").iterdir()} == {0}


def test_a_copy_overwrites_nothing_and_copies_no_damage(tmp_path: Path) -> None:
    with pytest.raises(StateError, match="there is no checkpoint"):
        back_up(tmp_path, tmp_path / "copy")
    checkpoint = open_checkpoint(tmp_path / "state")
    checkpoint.commit(Changes(chunks={"big": os.urandom(100_000)}))
    checkpoint.close()
    with pytest.raises(StateError, match="exists already"):
        back_up(tmp_path / "state", tmp_path / "state")
    with file_size_limit(50_000), pytest.raises(StateError, match="cannot be copied"):
        back_up(tmp_path / "state", tmp_path / "copy")
    path = tmp_path / "state" / CHECKPOINT_FILE
    data = bytearray(path.read_bytes())
    for at in range(4_096 + 2_000, len(data), 4_096):
        data[at] ^= 1
    path.write_bytes(data)
    with pytest.raises(StateError, match="is damaged"):
        back_up(tmp_path / "state", tmp_path / "copy")
    assert [entry.name for entry in tmp_path.iterdir()] == ["state"]


def test_only_what_is_damaged_is_set_aside(tmp_path: Path) -> None:
    def made() -> None:
        checkpoint = open_checkpoint(tmp_path)
        checkpoint.commit(changes(1))
        open_outbox(tmp_path).close()
        checkpoint.close()

    made()
    assert rebuild(tmp_path) == []
    (tmp_path / DELIVERIES_FILE).write_bytes(b"")
    assert [path.name for path in rebuild(tmp_path)] == [f"{DELIVERIES_FILE}.aside-1"]
    assert examine(tmp_path).sequence == 1
    (tmp_path / OWNER_FILE).write_bytes(b"")
    made_aside = {path.name for path in rebuild(tmp_path)}
    assert made_aside == {f"{CHECKPOINT_FILE}.aside-1", f"{OWNER_FILE}.aside-1"}
    made()
    assert [path.name for path in rebuild(tmp_path, whole=True)] == [f"{CHECKPOINT_FILE}.aside-2"]
    assert (tmp_path / DELIVERIES_FILE).exists()


def test_a_held_directory_is_left_alone(tmp_path: Path) -> None:
    checkpoint = open_checkpoint(tmp_path)
    with pytest.raises(StateError, match="held by process"):
        rebuild(tmp_path, whole=True)
    checkpoint.close()


def test_a_daemon_does_not_fill_a_disk_that_keeps_damaging(tmp_path: Path) -> None:
    for number in range(MOST_REBUILDS):
        open_checkpoint(tmp_path).close()
        (tmp_path / CHECKPOINT_FILE).write_bytes(b"")
        (moved,) = rebuild_again(tmp_path)
        assert moved.name == f"{CHECKPOINT_FILE}.aside-{number + 1}"
    open_checkpoint(tmp_path).close()
    (tmp_path / CHECKPOINT_FILE).write_bytes(b"")
    with pytest.raises(StateError, match="look at the disk"):
        rebuild_again(tmp_path)
    assert rebuild(tmp_path), "a person may"
