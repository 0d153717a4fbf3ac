"""The port of the checkpoint: what the loop asks of a store, SQLite or memory."""

from __future__ import annotations

from typing import Protocol

from driftwatch.events.joins import JoinTables
from driftwatch.monitor.changes import Changes, Saved


class Checkpoint(Protocol):
    """One writer. Join rows added between commits belong to the next commit or vanish with `rollback`."""

    @property
    def owner(self) -> str:
        """The owner id made with the state directory: the group instance id (E16)."""
        ...

    @property
    def hash_key(self) -> bytes:
        """16 random bytes made with the state directory: the key of the id hash."""
        ...

    @property
    def joins(self) -> JoinTables:
        """The join tables inside the open transaction."""
        ...

    def load(self) -> Saved:
        """The last commit; StateError if it is damaged, newer, or another configuration's."""
        ...

    def commit(self, changes: Changes) -> int:
        """Write everything in one transaction and return the commit's sequence number.

        Raises OSError when nothing was written and it can be tried again (disk full), CommitUnknownError
        when the outcome is unknown: then the caller drops its memory and loads.
        """
        ...

    def rollback(self) -> None:
        """Forget what was added since the last commit (join rows)."""
        ...

    def close(self) -> None:
        """Close without committing."""
        ...
