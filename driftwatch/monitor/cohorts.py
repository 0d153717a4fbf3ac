"""How many labels the predictions of each day have by now, and how old these were: all traffic of one version."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from driftwatch.events.spec import DAY_MS
from driftwatch.monitor.snapshot import CohortView

Ints = NDArray[np.int64]

DAYS_MAX: Final = 400
"""Days that are kept at most."""
EXTRA_DAYS: Final = 8
"""Days kept beyond the longest delay of a label."""
_PREDICTED: Final = 0


class Cohorts:
    """Per prediction day: predictions, then labels by age bucket; sums, so the same for any order of arrival."""

    def __init__(self, age_edges_ms: tuple[int, ...], max_delay_ms: int, saved: dict[int, list[int]]) -> None:
        """`saved` as `state` gave it: counts by day since 1970."""
        self._edges = np.array(age_edges_ms, np.int64)
        self._days = min(DAYS_MAX, -(-max_delay_ms // DAY_MS) + EXTRA_DAYS)
        self._counts = {day: np.array(counts, np.int64) for day, counts in saved.items()}

    def predict(self, times_ms: Ints) -> None:
        """Count n predictions by their times int64[n]."""
        self._add(times_ms, np.full(len(times_ms), _PREDICTED))

    def label(self, predicted_ms: Ints, ages_ms: Ints) -> None:
        """Count n labels by the times of their predictions and their ages, int64[n] each."""
        self._add(predicted_ms, 1 + np.searchsorted(self._edges, ages_ms, side="left"))

    def _add(self, times_ms: Ints, columns: Ints) -> None:
        if not len(times_ms):
            return
        days, width = times_ms // DAY_MS, len(self._edges) + 2
        first = int(days.min())
        span = int(days.max()) - first + 1
        if span > DAYS_MAX:  # one bad time must not make a large table
            keep = days > days.max() - DAYS_MAX
            self._add(times_ms[keep], columns[keep])
            return
        counts = np.bincount((days - first) * width + columns, minlength=span * width).reshape(span, width)
        for day in np.flatnonzero(counts.any(axis=1)).tolist():
            known = self._counts.get(first + day)
            self._counts[first + day] = counts[day] if known is None else known + counts[day]
        newest = max(self._counts)
        for day in [day for day in self._counts if day <= newest - self._days]:
            del self._counts[day]

    @property
    def state(self) -> dict[int, list[int]]:
        """As the checkpoint keeps it, by day."""
        return {day: self._counts[day].tolist() for day in sorted(self._counts)}

    def view(self, closed_ms: int | None) -> CohortView:
        """The table as of the last closed pane of labels, which ends at `closed_ms`."""
        days = sorted(self._counts)
        width = len(self._edges) + 2
        counts = np.array([self._counts[day] for day in days], np.int64).reshape(len(days), width)
        lived_ms = (closed_ms or 0) - (np.array(days, np.int64) + 1) * DAY_MS
        reached = np.searchsorted(self._edges, lived_ms, side="right")
        return CohortView(
            days_ms=tuple(day * DAY_MS for day in days),
            age_edges_ms=tuple(self._edges.tolist()),
            predictions=counts[:, _PREDICTED],
            labels=counts[:, 1:],
            reached=reached,
        )
