"""Which statistics a model computes and with what settings (a part of the configuration)."""

from __future__ import annotations

from typing import Final

from pydantic import Field

from driftwatch.drift.reasons import Reason
from driftwatch.spec import Spec

EVERY: Final = "all"
"""In `also`: every statistic that the layout can give."""


class StatisticsSpec(Spec):
    """Settings of the statistics; the defaults suit most models."""

    min_events: int = Field(default=100, ge=1)
    """Fewer events (or labels) than this in a slice's window: the verdict is `insufficient`."""
    confidence: float = Field(default=0.95, gt=0.5, lt=1)
    """Level of the intervals."""
    also: list[str] = []
    """Statistics beside the default ones, by name, or `all`; docs/statistics.md lists them. One that a rule names is
    computed unasked."""
    variants: dict[str, str] = {}
    """Another tool's definition of a statistic, computed beside ours: `psi: classic`, `js: nannyml-0.13`, `ks: exact`,
    `chi2: evidently-0.7`. The numeric fields must be cut for it (`cells.fields`)."""


class QualitySpec(Spec):
    """What is said of broken data, beside the statistics: typed reasons with examples, pane by pane."""

    alert: list[Reason] = [
        Reason.NEW_FIELD,
        Reason.REMOVED_FIELD,
        Reason.RENAMED_FIELD,
        Reason.TYPE_CHANGE,
        Reason.UNIT_CHANGE,
        Reason.CONSTANT,
        Reason.DUPLICATE_ID,
        Reason.CONFLICTING_LABEL,
    ]
    """Reasons that open a ticket; the others are shown only: evidence and rules watch them. `[]` for none."""
    ignore: list[str] = []
    """Patterns (`*`, `?`) over field names of which nothing is said."""
    min_events: int = Field(default=100, ge=16)
    """Fewer events than this in a pane: nothing is said of it."""
