"""Which statistics a model computes and with what settings (a part of the configuration)."""

from __future__ import annotations

from pydantic import Field

from driftwatch.spec import Spec


class StatisticsSpec(Spec):
    """Settings of the statistics; the defaults suit most models."""

    min_events: int = Field(default=100, ge=1)
    """Fewer events (or labels) than this in a slice's window: the verdict is `insufficient`."""
    confidence: float = Field(default=0.95, gt=0.5, lt=1)
    """Level of the intervals."""
