"""A copy of a state directory that is in use: the last commit, whole, and nothing after it."""

from __future__ import annotations

from pathlib import Path

import pytest

from driftwatch.errors import StateError
from driftwatch.events.records import Partition
from driftwatch.monitor.changes import Changes
from driftwatch.storage.backup import backup
from driftwatch.storage.sqlite import open_checkpoint


def test_the_copy_of_a_live_checkpoint_is_its_last_commit(tmp_path: Path) -> None:
    live, copy = tmp_path / "live", tmp_path / "copy"
    copy.mkdir()
    checkpoint = open_checkpoint(live)
    checkpoint.commit(Changes(offsets={Partition("t", 0): 5}, states={"a": b"1"}))
    backup(live, copy)
    checkpoint.commit(Changes(offsets={Partition("t", 0): 9}))
    taken = open_checkpoint(copy)
    assert (taken.owner, taken.hash_key) == (checkpoint.owner, checkpoint.hash_key)
    saved = taken.load()
    assert (saved.sequence, dict(saved.offsets), dict(saved.states)) == (
        1,
        {Partition("t", 0): 5},
        {"a": b"1"},
    )
    taken.close()
    assert checkpoint.load().sequence == 2
    checkpoint.close()


def test_without_a_checkpoint_it_says_what_to_name(tmp_path: Path) -> None:
    with pytest.raises(StateError, match="--state"):
        backup(tmp_path, tmp_path)


def test_what_is_no_database_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "checkpoint.sqlite").write_bytes(b"x" * 5_000)
    (tmp_path / "owner.json").write_text("{}")
    target = tmp_path / "copy"
    target.mkdir()
    with pytest.raises(StateError, match="cannot be copied"):
        backup(tmp_path, target)
