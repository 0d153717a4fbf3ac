"""Labels come in clumps: how many count as one independent label, from the reference's panes, and intervals widened by it."""

from __future__ import annotations

from math import erf, sqrt
from typing import Final

import numpy as np

from driftwatch.drift.intervals import z_of
from driftwatch.drift.reading import Ints
from driftwatch.references.reference import ReferencePanes
from driftwatch.summaries.layout import Layout, Part, Task

PANES_MIN: Final = 20
"""Fewer panes say nothing of clumping."""
SIGNIFICANT: Final = 2.0
"""Standard errors above 1 from which a factor is believed."""
Z_MAX: Final = 7.0
"""Widest interval in standard deviations: 95 % intervals count a factor up to 12.7."""


def error_clumping(layout: Layout, part: Part, panes: ReferencePanes) -> float:
    """φ̂ of the error indicator over all traffic: 1 where it is not above chance, not known, or not counted as errors.

    Pearson's dispersion of the errors of the reference's label panes (STATISTICS §3, §4).
    """
    block = part.block("ages")
    if block is None or layout.task is Task.REGRESSION or len(panes.times_ms) < PANES_MIN:
        return 1.0
    # Row 0 stands first in each pane's cells; labels and errors alternate over the ages.
    places = panes.cells.astype(np.int64) - block.start
    inside = (places >= 0) & (places < block.size)
    errors = inside & (places % 2 == 1)
    counts = panes.counts.astype(np.int64)
    both = np.add.reduceat(np.where(inside, counts, 0), panes.starts[:-1])
    wrong = np.add.reduceat(np.where(errors, counts, 0), panes.starts[:-1])
    return dispersion(both - wrong, wrong)


def dispersion(labels: Ints, errors: Ints) -> float:
    """Σ (s − n·f)²/(n·f·(1 − f)) / (T − 1) over T panes with labels, f = Σs/Σn; 1 where it is not clearly above 1."""
    told = labels > 0
    n, s = labels[told], errors[told]
    if len(n) < PANES_MIN or not 0 < s.sum() < n.sum():
        return 1.0
    f = s.sum() / n.sum()
    factor = float(np.add.reduce((s - n * f) ** 2 / (n * f * (1 - f)))) / (len(n) - 1)
    return factor if factor > 1 + SIGNIFICANT * np.sqrt(2 / (len(n) - 1)) else 1.0


def widened(confidence: float, factor: float) -> float:
    """The level whose z is √factor times as large: with it an interval of n labels is that of n/factor labels.

    Exact for Wilson's interval and for all that are a value ± z·sd, which depend on z²/n alone.
    """
    z = min(z_of(confidence) * sqrt(factor), Z_MAX)
    return erf(z / sqrt(2)) if factor > 1 else confidence
