"""What the core reports happened, as typed values; one recorder turns them into metrics and log lines."""

from __future__ import annotations

from dataclasses import dataclass

from driftwatch.alerts.alert import AlertState, EpisodeState
from driftwatch.drift.reasons import Reason
from driftwatch.events.classes import Stream
from driftwatch.events.columns import DeadLetter


@dataclass(frozen=True, slots=True)
class RecordsRejected:
    """Records that could not be read, kept as dead letters."""

    letters: tuple[DeadLetter, ...]


@dataclass(frozen=True, slots=True)
class PaneClosed:
    """A pane became final."""

    model: str
    version: str
    stream: Stream
    start_ms: int
    end_ms: int
    events: int


@dataclass(frozen=True, slots=True)
class WindowRead:
    """A window's statistics were computed."""

    model: str
    version: str
    stream: Stream
    window: str
    end_ms: int
    events: int
    verdict: str


@dataclass(frozen=True, slots=True)
class AlertChanged:
    """An alert went from one state to another, and why."""

    fingerprint: str
    model: str
    version: str
    rule: str
    old: AlertState
    new: AlertState
    reason: str
    time_ms: int


@dataclass(frozen=True, slots=True)
class EpisodeChanged:
    """A retraining episode went from one state to another, and why."""

    id: str
    model: str
    old: EpisodeState | None
    new: EpisodeState
    reason: str
    time_ms: int


@dataclass(frozen=True, slots=True)
class VersionSeen:
    """A model version appeared; `known` says whether a reference matches it."""

    model: str
    version: str
    known: bool


@dataclass(frozen=True, slots=True)
class VersionEstablished:
    """A closed pane held enough events of a new version (E11)."""

    model: str
    version: str
    events: int


@dataclass(frozen=True, slots=True)
class PartitionIdle:
    """A partition stopped (or began again) to hold back its stream (E4)."""

    topic: str
    partition: int
    idle: bool


@dataclass(frozen=True, slots=True)
class SampleHalved:
    """Too many predictions await labels: the id sample was halved (E12)."""

    model: str
    share: float


@dataclass(frozen=True, slots=True)
class SplitIds:
    """Ids that came in two partitions: producers must key by id (E3)."""

    model: str
    stream: Stream
    count: int


@dataclass(frozen=True, slots=True)
class SlicesFolded:
    """Slice values that have no row of their own were counted in `__other__`."""

    model: str
    column: str
    count: int


@dataclass(frozen=True, slots=True)
class ReferenceLearned:
    """A model version's learned reference is ready and stored (E10)."""

    model: str
    version: str
    hash: str
    events: int


@dataclass(frozen=True, slots=True)
class ReferenceAccepted:
    """Somebody accepted what a version's alerts tell of as its new reference."""

    model: str
    version: str
    hash: str
    by: str


@dataclass(frozen=True, slots=True)
class QualityChanged:
    """Something began (or ceased) to be wrong with the data of a stream."""

    model: str
    version: str
    stream: Stream
    reason: Reason
    feature: str
    example: str
    began: bool
    time_ms: int


Fact = (
    RecordsRejected
    | PaneClosed
    | WindowRead
    | AlertChanged
    | EpisodeChanged
    | VersionSeen
    | VersionEstablished
    | PartitionIdle
    | SampleHalved
    | SplitIds
    | SlicesFolded
    | ReferenceLearned
    | ReferenceAccepted
    | QualityChanged
)
