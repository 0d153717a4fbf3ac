"""Which statistics a model computes and with what settings (a part of the configuration)."""

from __future__ import annotations

from typing import Final

from pydantic import Field

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
