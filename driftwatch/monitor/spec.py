"""One watched model as it is configured, assembled from the Specs of the core."""

from __future__ import annotations

from pydantic import Field

from driftwatch.alerts.spec import RetrainingSpec
from driftwatch.drift.spec import StatisticsSpec
from driftwatch.events.spec import MINUTE_MS, FeaturesSpec, LabelsSpec, PredictionsSpec
from driftwatch.events.times import Duration
from driftwatch.references.spec import CellsSpec, ReferenceSpec
from driftwatch.spec import Spec
from driftwatch.summaries.layout import Task
from driftwatch.verdicts.spec import RuleSpec
from driftwatch.windows.spec import WindowSpec


class ModelSpec(Spec):
    """One watched model."""

    name: str = Field(min_length=1, pattern=r"^[A-Za-z0-9_.-]+$")
    task: Task
    reference: str | ReferenceSpec | list[ReferenceSpec]
    """A file, `{learn: 7d}`, or a list of these with version patterns."""
    predictions: PredictionsSpec
    features: FeaturesSpec | None = None
    labels: LabelsSpec | None = None
    slices: list[str | list[str]] = []
    """Columns, and lists of columns for crossings; each is a dotted path in predictions or features."""
    windows: list[WindowSpec] = Field(min_length=1)
    origin: str = "1970-01-01T00:00:00Z"
    """Moment from which panes and windows are counted."""
    join_within: Duration = 10 * MINUTE_MS
    """How far apart in event time records of different streams may lie and still be joined."""
    statistics: StatisticsSpec = StatisticsSpec()
    cells: CellsSpec = CellsSpec()
    rules: list[RuleSpec] = []
    retraining: RetrainingSpec = RetrainingSpec()
