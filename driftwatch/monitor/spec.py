"""One watched model as it is configured, assembled from the Specs of the core."""

from __future__ import annotations

from typing import Final

from pydantic import Field, model_validator

from driftwatch.alerts.spec import RetrainingSpec
from driftwatch.drift.catalogue import chosen
from driftwatch.drift.spec import QualitySpec, StatisticsSpec
from driftwatch.events.classes import Stream
from driftwatch.events.iso import BAD_TIME, parse_iso_ms
from driftwatch.events.spec import DAY_MS, MINUTE_MS, FeaturesSpec, LabelsSpec, PredictionsSpec
from driftwatch.events.times import Duration
from driftwatch.evidence.spec import EvidenceSpec
from driftwatch.references.spec import CellsSpec, MultivariateSpec, ReferenceSpec
from driftwatch.spec import Spec
from driftwatch.summaries.layout import Task
from driftwatch.verdicts.condition import Condition
from driftwatch.verdicts.spec import RuleSpec
from driftwatch.windows.spec import WindowSpec

SKEW_PANES: Final = 2
"""How many panes a partition may be ahead of its stream's frontier beyond the lateness (E7, `max_skew`)."""


class ModelSpec(Spec):
    """One watched model."""

    name: str = Field(min_length=1, pattern=r"^[A-Za-z0-9_.-]+$")
    """How metrics, messages and the API call it."""
    task: Task
    """What it predicts: `binary`, `multiclass` or `regression`."""
    reference: str | ReferenceSpec | list[ReferenceSpec]
    """A file, `{learn: 7d}`, or a list of these with version patterns."""
    predictions: PredictionsSpec
    """The stream of what the model said."""
    features: FeaturesSpec | None = None
    """The stream of features, where they do not come inside the prediction."""
    labels: LabelsSpec | None = None
    """The stream of what turned out; without it no performance is watched."""
    slices: list[str | list[str]] = []
    """Columns, and lists of columns for crossings; each is a dotted path in predictions or features."""
    windows: list[WindowSpec] = Field(min_length=1)
    """Sliding event-time windows over which statistics are computed."""
    origin: str = "1970-01-01T00:00:00Z"
    """Moment from which panes and windows are counted."""
    join_within: Duration = 10 * MINUTE_MS
    """How far apart in event time records of different streams may lie and still be joined."""
    statistics: StatisticsSpec = StatisticsSpec()
    """Settings of the statistics."""
    cells: CellsSpec = CellsSpec()
    """How values are cut into cells when a reference is built."""
    multivariate: dict[str, MultivariateSpec] = {}
    """Fields made of several features, by name: they see changes that no single feature shows."""
    evidence: EvidenceSpec = EvidenceSpec()
    """Evidence under the false-alert budget: the trigger where no rules are declared."""
    quality: QualitySpec = QualitySpec()
    """Broken data by named reasons with examples, apart from drift."""
    rules: list[RuleSpec] = []
    """What is demanded of the statistics."""
    retraining: RetrainingSpec = RetrainingSpec()
    """When a drift episode asks for a retraining."""

    @model_validator(mode="after")
    def _can_learn(self) -> ModelSpec:
        if self.features is not None and any(declared.learn is not None for declared in self.references):
            raise ValueError(
                "a model whose features have a topic of their own cannot learn its reference; "
                "build one with `driftwatch reference build` and name the file"
            )
        return self

    @property
    def origin_ms(self) -> int:
        """`origin` in milliseconds since the epoch; ValueError that says how to write it."""
        origin_ms = parse_iso_ms(self.origin)
        if origin_ms == BAD_TIME:
            raise ValueError(f"{self.origin!r} is not a moment; write one such as 2024-01-01T00:00:00Z")
        return origin_ms

    @property
    def references(self) -> tuple[ReferenceSpec, ...]:
        """`reference` as a list: one entry per version pattern, the first match wins."""
        if isinstance(self.reference, str):
            return (ReferenceSpec(path=self.reference),)
        return (self.reference,) if isinstance(self.reference, ReferenceSpec) else tuple(self.reference)

    @property
    def dimensions(self) -> tuple[tuple[str, ...], ...]:
        """The declared slicings as tuples of columns; a crossing has several."""
        return tuple((entry,) if isinstance(entry, str) else tuple(entry) for entry in self.slices)

    @property
    def slice_columns(self) -> tuple[str, ...]:
        """Every column that some slicing uses, once, in the order declared."""
        return tuple(dict.fromkeys(column for dimension in self.dimensions for column in dimension))

    @property
    def asked(self) -> StatisticsSpec:
        """`statistics` with those that rules name switched on."""
        return chosen(self.statistics, (Condition.parse(rule.when).statistic.name for rule in self.rules))

    def lateness_ms(self, stream: Stream) -> int:
        """Allowed lateness of a stream, with E5's default for labels; an absent stream has the predictions'."""
        if stream is Stream.FEATURES and self.features is not None:
            return self.features.lateness
        if stream is Stream.LABELS and self.labels is not None:
            if self.labels.lateness is not None:
                return self.labels.lateness
            if self.labels.time is not None:
                return DAY_MS
        return self.predictions.lateness

    def open_panes(self, stream: Stream, max_future_ms: int) -> int:
        """Panes of a part that can be open at once: `ceil((lateness + skew + max_future) / slide) + 1`.

        Events lie above the frontier by at most the lateness (E5), by the skew at which a partition is paused (E7),
        and by the time an event may lead its record (E6). Before more panes would be open, a commit closes some.
        Labels wait outside of panes for as long as they may be late, so for them it is only what a commit releases.
        """
        slide = min(window.slide for window in self.windows)
        late = 0 if stream is Stream.LABELS else self.lateness_ms(stream)
        span = late + SKEW_PANES * slide + max_future_ms
        return -(-span // slide) + 1
