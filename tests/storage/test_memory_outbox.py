"""The outbox in memory; what every outbox promises is in contracts/test_outbox_contract.py."""

from __future__ import annotations

from driftwatch.alerts.outbox import Attempt
from driftwatch.monitor.changes import Changes
from driftwatch.storage.memory import MemoryCheckpoint
from driftwatch.storage.memory_outbox import MemoryOutbox
from tests.storage.rows import outbox_row


def test_it_reads_the_checkpoint_it_was_made_over() -> None:
    checkpoint = MemoryCheckpoint()
    outbox = MemoryOutbox(checkpoint)
    checkpoint.commit(Changes(outbox=[outbox_row("a")]))
    assert outbox.pending("hook", 1) == [(outbox_row("a"), None)]
    outbox.record(Attempt("a", "hook", 1, 0.0, "delivered"))
    assert MemoryOutbox(checkpoint).lengths() == {"hook": 1}  # attempts are the outbox's own
    assert outbox.lengths() == {}
