"""The port of the checkpoint; its twins are held to it in tests/contracts."""

from __future__ import annotations

from driftwatch.events.records import Partition
from driftwatch.monitor.changes import Changes
from driftwatch.monitor.checkpoint import Checkpoint
from driftwatch.storage.memory import MemoryCheckpoint


def test_the_twin_in_memory_is_a_checkpoint() -> None:
    checkpoint: Checkpoint = MemoryCheckpoint()
    assert checkpoint.load().sequence == 0
    sequence = checkpoint.commit(Changes(offsets={Partition("t", 0): 7}))
    saved = checkpoint.load()
    assert (saved.sequence, dict(saved.offsets)) == (sequence, {Partition("t", 0): 7})
    assert len(checkpoint.hash_key) == 16
