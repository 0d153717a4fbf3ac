"""The checkpoint in memory: the twin of SQLite's for replay and tests, under the same contract."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from driftwatch.alerts.notifications import Notification, OutboxRow
from driftwatch.events.memory_joins import MemoryJoinTables
from driftwatch.events.records import Partition
from driftwatch.monitor.changes import Changes, Journaled, JournalRow, PaneKey, Saved

_K = TypeVar("_K")
_V = TypeVar("_V")


@dataclass(slots=True)
class _Held:
    """What has been committed."""

    offsets: dict[Partition, int] = field(default_factory=dict[Partition, int])
    panes: dict[PaneKey, NDArray[np.int64]] = field(default_factory=dict[PaneKey, NDArray[np.int64]])
    chunks: dict[str, bytes] = field(default_factory=dict[str, bytes])
    states: dict[str, bytes] = field(default_factory=dict[str, bytes])
    references: dict[str, bytes] = field(default_factory=dict[str, bytes])
    journal: list[tuple[int, JournalRow]] = field(default_factory=list[tuple[int, JournalRow]])
    notifications: dict[str, Notification] = field(default_factory=dict[str, Notification])
    outbox: dict[tuple[str, str], OutboxRow] = field(default_factory=dict[tuple[str, str], OutboxRow])


class MemoryCheckpoint:
    """A Checkpoint that is gone with the process. It keeps everything: nothing is trimmed."""

    def __init__(self, owner: str = "memory", hash_key: bytes = bytes(16)) -> None:
        self._owner = owner
        self._hash_key = hash_key
        self._joins = MemoryJoinTables()
        self._held = _Held()
        self._sequence = 0

    @property
    def owner(self) -> str:
        """The owner id that was given."""
        return self._owner

    @property
    def hash_key(self) -> bytes:
        """The key that was given: the same key, the same sample."""
        return self._hash_key

    @property
    def joins(self) -> MemoryJoinTables:
        """The join tables."""
        return self._joins

    def load(self) -> Saved:
        """The last commit; what was added since then is forgotten."""
        self.rollback()
        held = self._held
        return Saved(
            sequence=self._sequence,
            offsets=dict(held.offsets),
            panes={key: matrix.copy() for key, matrix in held.panes.items()},
            chunks=dict(held.chunks),
            states=dict(held.states),
            references=dict(held.references),
        )

    def commit(self, changes: Changes) -> int:
        """Take everything over and return the commit's sequence number."""
        held = self._held
        held.offsets.update(changes.offsets)
        _apply(held.panes, {k: None if m is None else m.copy() for k, m in changes.panes.items()})
        _apply(held.chunks, changes.chunks)
        _apply(held.states, changes.states)
        held.references.update(changes.references)
        held.journal.extend((self._sequence + 1, row) for row in changes.journal)
        for notification in changes.notifications:
            held.notifications.setdefault(notification.id, notification)
        for row in changes.outbox:
            held.outbox.setdefault((row.id, row.endpoint), row)
        self._joins.commit()
        self._sequence += 1
        return self._sequence

    def rollback(self) -> None:
        """Forget the join rows added since the last commit."""
        self._joins.rollback()

    def close(self) -> None:
        """Nothing to close."""
        self.rollback()

    def journal(self, after: int = 0, limit: int = 10_000) -> list[Journaled]:
        """Rows of the journal with their numbers, oldest first, from the first one after `after` (E1)."""
        rows = enumerate(self._held.journal, 1)
        return [Journaled(number, sequence, row) for number, (sequence, row) in rows][after : after + limit]

    def notifications(self, limit: int) -> list[Notification]:
        """The newest notifications, newest first."""
        return list(reversed(self._held.notifications.values()))[:limit]

    def outbox_rows(self) -> list[OutboxRow]:
        """The whole outbox, oldest first."""
        return list(self._held.outbox.values())


def _apply(held: dict[_K, _V], changed: Mapping[_K, _V | None]) -> None:
    for key, value in changed.items():
        if value is None:
            held.pop(key, None)
        else:
            held[key] = value
