"""One process holds the state directory; its owner and key are made once."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from driftwatch.errors import DamagedStateError, StateError
from driftwatch.storage.directory import (
    CHECKPOINT_FILE,
    OWNER_FILE,
    StateDirectory,
    held,
    read_owner,
    set_aside,
    set_aside_before,
)
from tests.storage.disks import file_size_limit

HOLD = """
import sys
from pathlib import Path
from driftwatch.storage.directory import StateDirectory
held = StateDirectory(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


def test_owner_and_key_are_made_once_and_differ_between_directories(tmp_path: Path) -> None:
    first = StateDirectory(tmp_path / "deep" / "a")
    first.close()
    first.close()
    again, other = StateDirectory(tmp_path / "deep" / "a"), StateDirectory(tmp_path / "b")
    assert (again.owner, again.hash_key) == (first.owner, first.hash_key)
    assert str(uuid.UUID(first.owner)) == first.owner
    assert len(first.hash_key) == 16
    assert other.owner != first.owner
    assert other.hash_key != first.hash_key
    for directory in (again, other):
        directory.close()


def test_nobody_else_may_look_into_it(tmp_path: Path) -> None:
    StateDirectory(tmp_path / "a").close()
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "a" / "owner.json").stat().st_mode & 0o777 == 0o600


def test_a_second_process_is_refused_and_told_who_holds_it(tmp_path: Path) -> None:
    # E17; the lock is gone with its process, however that ends
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(StateError, match=rf"held by process {holder.pid}:"):
            StateDirectory(tmp_path)
        holder.kill()
    StateDirectory(tmp_path).close()


def test_a_second_opening_in_one_process_is_refused_too(tmp_path: Path) -> None:
    held = StateDirectory(tmp_path)
    with pytest.raises(StateError, match=f"held by process {os.getpid()}:"):
        StateDirectory(tmp_path)
    held.close()


@pytest.mark.parametrize(
    "content",
    [b"", b"{}", b"\xff", b'{"owner": "x", "hash_key": "00"}',
     b'{"owner": "12345678-1234-1234-1234-123456789abc", "hash_key": "00"}'],
)  # fmt: skip
def test_a_damaged_owner_is_not_replaced(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "owner.json").write_bytes(content)
    for _ in range(2):  # and the lock is free again
        with pytest.raises(DamagedStateError, match=r"owner\.json is damaged"):
            StateDirectory(tmp_path)
    assert (tmp_path / "owner.json").read_bytes() == content


def test_a_path_that_cannot_be_a_directory_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StateError, match="cannot be used"):
        StateDirectory(tmp_path / "file")


def test_a_disk_that_is_full_for_the_first_bytes_is_one_clear_line_and_frees_the_directory(
    tmp_path: Path,
) -> None:
    for limit, made in (
        (0, "lock"),
        (20, "owner.json.new"),
    ):  # a process id fits into 20 bytes, an owner does not
        with file_size_limit(limit), pytest.raises(StateError, match="cannot be used"):
            StateDirectory(tmp_path)
        assert (tmp_path / made).exists()
    StateDirectory(tmp_path).close()


def test_a_damaged_checkpoint_is_set_aside_with_its_log(tmp_path: Path) -> None:
    assert set_aside_before(tmp_path) == 0
    for number in (1, 2):
        (tmp_path / CHECKPOINT_FILE).write_text("x")
        (tmp_path / f"{CHECKPOINT_FILE}-wal").write_text("y")
        moved = set_aside(tmp_path)
        assert moved.name == f"{CHECKPOINT_FILE}.aside-{number}"
        assert moved.with_name(moved.name + "-wal").read_text() == "y"
        assert not (tmp_path / CHECKPOINT_FILE).exists()
        assert set_aside_before(tmp_path) == number
    with pytest.raises(FileNotFoundError):
        set_aside(tmp_path)


def test_a_log_without_its_file_is_set_aside_too(tmp_path: Path) -> None:
    (tmp_path / f"{CHECKPOINT_FILE}-wal").write_text("y")
    assert set_aside(tmp_path).name == f"{CHECKPOINT_FILE}.aside-1"
    assert (tmp_path / f"{CHECKPOINT_FILE}.aside-1-wal").read_text() == "y"


def test_files_are_moved_only_where_nobody_holds_them(tmp_path: Path) -> None:
    state = StateDirectory(tmp_path)
    with pytest.raises(StateError, match="held by process"), held(tmp_path):
        raise AssertionError("not reached")
    state.close()
    (tmp_path / OWNER_FILE).write_text("damaged")
    with held(tmp_path), pytest.raises(StateError, match="held by process"):
        StateDirectory(tmp_path)


def test_the_owner_can_be_read_beside_who_holds_it(tmp_path: Path) -> None:
    state = StateDirectory(tmp_path / "a")
    assert read_owner(tmp_path / "a") == (state.owner, state.hash_key)
    state.close()
    with pytest.raises(StateError, match=r"no owner\.json in it"):
        read_owner(tmp_path)
