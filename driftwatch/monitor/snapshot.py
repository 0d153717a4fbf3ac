"""The immutable picture of the core after a commit: all that metrics, API and status page may show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec
import numpy as np
from numpy.typing import NDArray

from driftwatch.alerts.alert import Alert, Episode
from driftwatch.alerts.decision_log import Decided
from driftwatch.drift.reading import Reading
from driftwatch.drift.reasons import Reason
from driftwatch.events.classes import RecordClass, Stream
from driftwatch.events.records import Partition
from driftwatch.monitor.prospects import Prospects
from driftwatch.verdicts.verdict import Verdict


@dataclass(frozen=True, slots=True)
class RuleView:
    """A rule's verdicts on the last reading of one window."""

    rule: str
    statistic: str
    window: str
    fields: tuple[str, ...]
    verdicts: NDArray[np.int8]
    """int8[slices, fields]: position in `tuple(Verdict)`; -1 where the rule does not look."""
    when: str = ""
    """The rule's demand as it is written, such as `psi > 0.25 for 3 panes`."""
    min_events: int = 0
    """Fewer current events than this: insufficient."""
    stream: Stream | None = None
    """The reading's stream; None where the statistic is computed for one stream only."""


@dataclass(frozen=True, slots=True)
class EvidenceView:
    """The evidence of one group of streams after the last closed pane."""

    group: str
    family: str
    """`page` or `ticket`: the budget that it draws on."""
    fields: tuple[str, ...]
    verdicts: NDArray[np.int8]
    """int8[slices, fields]: position in `tuple(Verdict)`; -1 where there is no stream."""
    logs: NDArray[np.float64]
    """float64[slices, fields]: ln E, NaN where there is no stream."""
    log_limit: float
    """ln E from which one stream alerts alone."""
    streams: int
    firing: int
    end_ms: int = 0
    """End of the last closed pane that it rests on."""

    @property
    def rule(self) -> str:
        """How its alerts are called."""
        return f"{self.window} {self.group}"

    @property
    def window(self) -> str:
        """What stands for a window: evidence has none."""
        return "evidence"


@dataclass(frozen=True, slots=True)
class IssueView:
    """Something that is wrong with the data of a stream, as of its last closed pane."""

    stream: Stream
    reason: Reason
    field: str
    share: float
    """Of the events, or of the records looked at, that show it."""
    count: int
    example: str
    since_ms: int
    alerts: bool
    """Whether it opens a ticket."""


@dataclass(frozen=True, slots=True)
class CohortView:
    """Predictions by day with the labels that they have by now, by label age; all traffic of one version."""

    days_ms: tuple[int, ...]
    """Starts of the days, ascending."""
    age_edges_ms: tuple[int, ...]
    """Upper edges of the label ages, the last one open."""
    predictions: NDArray[np.int64]
    """int64[days]"""
    labels: NDArray[np.int64]
    """int64[days, ages]"""
    reached: NDArray[np.int64]
    """int64[days]: ages that every prediction of the day has lived through."""


class Line(msgspec.Struct, frozen=True):
    """The past of one window of a version (or, without stream and window, of what was said of the version): n points.

    Columns are bytes, little-endian, so that a line costs what its numbers cost, in memory and in the checkpoint.
    """

    version: str
    stream: str
    window: str
    names: tuple[str, ...]
    """Statistics; of a version's own line the groups of its evidence."""
    ends: bytes = b""
    counts: bytes = b""
    said: bytes = b""
    values: bytes = b""

    @property
    def ends_ms(self) -> NDArray[np.int64]:
        """int64[n]: event time of each point, ascending."""
        return np.frombuffer(self.ends, "<i8").astype(np.int64)

    @property
    def events(self) -> NDArray[np.int64]:
        """int64[n]: events (labels: matched labels) of the window."""
        return np.frombuffer(self.counts, "<i8").astype(np.int64)

    @property
    def verdicts(self) -> NDArray[np.int8]:
        """int8[n]: position in `tuple(Verdict)`."""
        return np.frombuffer(self.said, "<i1").astype(np.int8)

    @property
    def numbers(self) -> NDArray[np.float64]:
        """float64[n, names, 3]: value, lower, upper; of evidence ln E twice, and its limit. NaN: unknown."""
        flat = np.frombuffer(self.values, "<f8").astype(np.float64)
        return flat.reshape(len(self.ends) // 8, len(self.names), 3)

    def of(
        self,
        ends_ms: NDArray[np.int64],
        events: NDArray[np.int64],
        verdicts: NDArray[np.int8],
        numbers: NDArray[np.float64],
    ) -> Line:
        """The same line with these points."""
        return Line(
            self.version,
            self.stream,
            self.window,
            self.names,
            ends_ms.astype("<i8").tobytes(),
            events.astype("<i8").tobytes(),
            verdicts.astype("<i1").tobytes(),
            numbers.astype("<f8").tobytes(),
        )


@dataclass(frozen=True, slots=True)
class VersionView:
    """One live model version."""

    version: str
    layout_hash: str
    reference_hash: str
    slices: tuple[str, ...]
    verdict: Verdict
    """The loudest over all rules and evidence; `insufficient` where none had enough data."""
    readings: Mapping[tuple[Stream, str], Reading]
    """Last reading by stream and window."""
    rules: tuple[RuleView, ...] = ()
    last_event_ms: int = 0
    evidence: tuple[EvidenceView, ...] = ()
    prospects: Prospects | None = None
    """What its evidence can find in all traffic; None where it does not alert, or before the first closed pane."""
    quality: tuple[IssueView, ...] = ()
    cohorts: CohortView | None = None
    """None where no labels are counted."""
    restored: bool = False
    """Whether all of it is of the last commit before the start: no pane has closed since."""

    @property
    def judged_ms(self) -> int:
        """End of the newest window that was read; 0 where none was."""
        return max((reading.end_ms for reading in self.readings.values()), default=0)


@dataclass(frozen=True, slots=True)
class ModelView:
    """One model with its live versions, alerts and episodes."""

    model: str
    task: str
    versions: Mapping[str, VersionView]
    alerts: tuple[Alert, ...]
    """Active ones and those resolved most recently."""
    episodes: tuple[Episode, ...]
    classes: Mapping[tuple[Stream, Partition, RecordClass], int]
    """Records since the state directory was made, by class; they sum to the records consumed."""
    frontiers_ms: Mapping[Stream, int]
    """How far event time is decided, per stream; a very small number at the start."""
    waiting: int
    remembered: int
    """Predictions that await labels."""
    sample: float
    decisions: tuple[Decided, ...] = ()
    """The last changes of alerts, the oldest first."""
    history: tuple[Line, ...] = ()
    """The past of its versions' windows and verdicts."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All models after commit `sequence`; replaced as a whole, never changed."""

    sequence: int
    models: Mapping[str, ModelView]
    offsets: Mapping[Partition, int] = field(default_factory=dict[Partition, int])
    open_panes: int = 0
    idle: frozenset[Partition] = frozenset()
