"""Numbers that only grow while the process lives: what the recorder counts from facts and commits."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from driftwatch.telemetry.catalogue import COMMIT_BUCKETS_S, Metric

Labels = tuple[str, ...]

MAX_SERIES_PER_METRIC: Final = 1_000
"""Beyond it new sets of metric labels are counted under `__other__`: nothing from the data can grow memory."""
OTHER: Final = "__other__"


@dataclass(frozen=True, slots=True)
class Counts:
    """The counts at one moment."""

    totals: Mapping[str, Mapping[Labels, float]] = field(default_factory=dict[str, Mapping[Labels, float]])
    """By metric name and values of its metric labels."""
    commit_buckets: tuple[int, ...] = (0,) * (len(COMMIT_BUCKETS_S) + 1)
    """Commits per bucket of `COMMIT_BUCKETS_S`, the last one open; not cumulative."""
    commit_seconds: float = 0.0


class Counting:
    """The growing side, owned by the loop's thread; `counts` takes the immutable picture."""

    def __init__(self) -> None:
        self._totals: dict[str, dict[Labels, float]] = {}
        self._buckets = [0] * (len(COMMIT_BUCKETS_S) + 1)
        self._seconds = 0.0

    def add(self, metric: Metric, labels: Labels, amount: float = 1.0) -> None:
        """Count; `labels` in the order of the metric's own."""
        totals = self._totals.setdefault(metric.name, {})
        if labels not in totals and len(totals) >= MAX_SERIES_PER_METRIC:
            labels = (OTHER,) * len(labels)
        totals[labels] = totals.get(labels, 0.0) + amount

    def committed(self, duration_s: float) -> None:
        """Count a commit of this duration."""
        self._buckets[bisect_left(COMMIT_BUCKETS_S, duration_s)] += 1
        self._seconds += duration_s

    def counts(self) -> Counts:
        """What has been counted so far."""
        totals = {name: dict(values) for name, values in self._totals.items()}
        return Counts(totals, tuple(self._buckets), self._seconds)
