"""The checkpoint in memory; what every checkpoint promises is in contracts/test_checkpoint_contract.py."""

from __future__ import annotations

from driftwatch.monitor.changes import Changes
from driftwatch.storage.memory import MemoryCheckpoint
from tests.storage.rows import outbox_row


def test_owner_and_key_are_those_given() -> None:
    checkpoint = MemoryCheckpoint("me", b"k" * 16)
    assert (checkpoint.owner, checkpoint.hash_key) == ("me", b"k" * 16)


def test_the_outbox_is_kept_whole_in_the_order_of_commits() -> None:
    checkpoint = MemoryCheckpoint()
    rows = [outbox_row(f"m{i}") for i in range(3)]
    checkpoint.commit(Changes(outbox=rows[:2]))
    checkpoint.commit(Changes(outbox=rows))
    assert checkpoint.outbox_rows() == rows
