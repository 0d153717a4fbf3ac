"""What one commit changes in the checkpoint, and what is read back from it: plain values, no storage in sight."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from driftwatch.alerts.notifications import Notification, OutboxRow
from driftwatch.events.classes import Stream
from driftwatch.events.records import Partition


@dataclass(frozen=True, slots=True, order=True)
class PaneKey:
    """Names one pane: disjoint cells of event time of one width, per model version and stream."""

    model: str
    version: str
    stream: Stream
    layout: str
    width_ms: int
    start_ms: int


class Entry(StrEnum):
    """What a journal row says; the first three stand at the offsets of the commit before, all others at their own."""

    PLANS = "plans"
    """The configuration, from here on."""
    START = "start"
    """A partition that some model had not met."""
    ACTIVE = "active"
    """A partition that was idle handed over a record again (E4)."""
    SET_ASIDE = "set_aside"
    """Records from beyond the wall clock (E6)."""
    IDLE = "idle"
    """A partition that holds its stream no longer (E4)."""
    ACKNOWLEDGE = "acknowledge"
    """Somebody takes care of a retraining."""
    ACCEPT = "accept"
    """Somebody accepted a new state as a version's reference."""
    ADMIT = "admit"
    """A version is watched from its first event since the last commit on (E11)."""
    CLOSE = "close"
    """Panes closed; with the digest of each, and of the windows that ended with it."""
    LAYOUT = "layout"
    """A version is counted in another layout from here on (E9, E10)."""
    LEARNING = "learning"
    """Learning a version's reference was put off or given up (E10)."""
    END = "end"
    """A version left every window."""
    HALVE = "halve"
    """The sample was halved (E12)."""
    DECIDE = "decide"
    """Alerts and retraining episodes changed their state."""
    SAVEPOINT = "savepoint"
    """What alerts and evidence know at this commit is kept (E14)."""


BEFORE: Final = frozenset({Entry.PLANS, Entry.START, Entry.ACTIVE})
"""Entries that take effect right after the commit whose offsets they name."""


@dataclass(frozen=True, slots=True)
class JournalRow:
    """What the logs did not determine, with the offsets of the commit at which it entered (E1); `kind` names it."""

    kind: str
    """An `Entry`."""
    offsets: Mapping[Partition, int]
    details: Mapping[str, Any]


class Journaled(NamedTuple):
    """A row as it stands in the journal."""

    number: int
    sequence: int
    """Number of the commit that wrote it."""
    row: JournalRow


@dataclass(slots=True)
class Changes:
    """Everything that one commit writes, in one transaction; join rows are already in the open transaction."""

    offsets: dict[Partition, int] = field(default_factory=dict[Partition, int])
    """Next offset of every partition (all of them, not only those that moved)."""
    panes: dict[PaneKey, NDArray[np.int64] | None] = field(
        default_factory=dict[PaneKey, NDArray[np.int64] | None]
    )
    """Dirty panes, int64[slices, columns]; None deletes."""
    chunks: dict[str, bytes | None] = field(default_factory=dict[str, bytes | None])
    """Chunks of the waiting area by name: written once, later deleted (None)."""
    states: dict[str, bytes | None] = field(default_factory=dict[str, bytes | None])
    """Small states by name (partitions, windows, rules, alerts, episodes, versions): msgpack; None deletes."""
    journal: list[JournalRow] = field(default_factory=list[JournalRow])
    notifications: list[Notification] = field(default_factory=list[Notification])
    outbox: list[OutboxRow] = field(default_factory=list[OutboxRow])
    """The notifications rendered per endpoint; filled by the loop just before the commit."""
    references: dict[str, bytes] = field(default_factory=dict[str, bytes])
    """References by hash, learned or from files: the bytes of a reference file."""


@dataclass(frozen=True, slots=True)
class Saved:
    """The last commit as it was loaded; empty mappings in a new state directory."""

    sequence: int
    """Number of the last commit; 0 in a new state directory."""
    offsets: Mapping[Partition, int]
    panes: Mapping[PaneKey, NDArray[np.int64]]
    chunks: Mapping[str, bytes]
    states: Mapping[str, bytes]
    references: Mapping[str, bytes]
