"""The checkpoint's twins as the contract suites use them: open, close and open again, look at what is held."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Protocol

from driftwatch.alerts.outbox import Outbox
from driftwatch.monitor.checkpoint import Checkpoint
from driftwatch.storage.memory import MemoryCheckpoint
from driftwatch.storage.memory_outbox import MemoryOutbox
from driftwatch.storage.outbox import open_outbox
from driftwatch.storage.sqlite import open_checkpoint


class Store(Protocol):
    """One of the twins, with what a test needs beside the port."""

    checkpoint: Checkpoint

    def again(self) -> Checkpoint:
        """The checkpoint as the next process finds it."""
        ...

    def outbox(self) -> Outbox:
        """The outbox as a new sender finds it."""
        ...

    def remove(self) -> None:
        """Leave nothing behind."""
        ...


class MemoryStore:
    """In memory: the next process is the same object after a rollback."""

    def __init__(self) -> None:
        self.checkpoint = MemoryCheckpoint()
        self._outbox = MemoryOutbox(self.checkpoint)

    def again(self) -> Checkpoint:
        self.checkpoint.close()
        return self.checkpoint

    def outbox(self) -> Outbox:
        return self._outbox

    def remove(self) -> None:
        self.checkpoint.close()


class SqliteStore:
    """In a directory of its own."""

    def __init__(self) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="driftwatch-"))
        self.checkpoint = open_checkpoint(self.directory)
        self._outbox: Outbox | None = None

    def again(self) -> Checkpoint:
        self.checkpoint.close()
        self.checkpoint = open_checkpoint(self.directory)
        self.checkpoint.load()
        return self.checkpoint

    def outbox(self) -> Outbox:
        if self._outbox is not None:
            self._outbox.close()
        self._outbox = open_outbox(self.directory)
        return self._outbox

    def remove(self) -> None:
        if self._outbox is not None:
            self._outbox.close()
        self.checkpoint.close()
        shutil.rmtree(self.directory)


STORES = {"memory": MemoryStore, "sqlite": SqliteStore}
