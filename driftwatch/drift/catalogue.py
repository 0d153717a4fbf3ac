"""The ordered list of all statistics, and the one place where they are computed together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from driftwatch.drift.auc import AUC, AUC_DECAY
from driftwatch.drift.calibration import (
    BRIER_SCORE,
    BRIER_SCORE_DECAY,
    CALIBRATION_ERROR,
    CALIBRATION_ERROR_EXCESS,
    CALIBRATION_ERROR_EXPECTED,
)
from driftwatch.drift.gather import Gather, Sides
from driftwatch.drift.ks import KS_P_VALUE, KS_STATISTIC
from driftwatch.drift.macro import MACRO_F1, MACRO_F1_DECAY
from driftwatch.drift.psi import PSI, PSI_BIAS, PSI_CRITICAL
from driftwatch.drift.quality import (
    EVENT_RATIO,
    INVALID_SHARE,
    LABEL_COVERAGE,
    MISSING_SHARE,
    OUT_OF_RANGE_SHARE,
    UNSEEN_SHARE,
)
from driftwatch.drift.reading import Estimate, Pair
from driftwatch.drift.regression import BIAS, BIAS_DECAY, MAE, MAE_DECAY, RMSE, RMSE_DECAY
from driftwatch.drift.shares import (
    ACCURACY,
    ACCURACY_DECAY,
    ACCURACY_RATIO,
    F1,
    F1_DECAY,
    PRECISION,
    PRECISION_DECAY,
    RECALL,
    RECALL_DECAY,
    SPECIFICITY,
    SPECIFICITY_DECAY,
)
from driftwatch.drift.spec import StatisticsSpec
from driftwatch.drift.statistic import Statistic
from driftwatch.summaries.layout import Layout, Part

CATALOGUE: Final[tuple[Statistic, ...]] = (
    PSI,
    PSI_BIAS,
    PSI_CRITICAL,
    KS_STATISTIC,
    KS_P_VALUE,
    MISSING_SHARE,
    INVALID_SHARE,
    UNSEEN_SHARE,
    OUT_OF_RANGE_SHARE,
    EVENT_RATIO,
    LABEL_COVERAGE,
    CALIBRATION_ERROR,
    CALIBRATION_ERROR_EXPECTED,
    CALIBRATION_ERROR_EXCESS,
    BRIER_SCORE,
    BRIER_SCORE_DECAY,
    ACCURACY,
    ACCURACY_DECAY,
    ACCURACY_RATIO,
    PRECISION,
    PRECISION_DECAY,
    RECALL,
    RECALL_DECAY,
    SPECIFICITY,
    SPECIFICITY_DECAY,
    F1,
    F1_DECAY,
    AUC,
    AUC_DECAY,
    MACRO_F1,
    MACRO_F1_DECAY,
    MAE,
    MAE_DECAY,
    RMSE,
    RMSE_DECAY,
    BIAS,
    BIAS_DECAY,
)
"""Every statistic, in the order in which people see them. A new one is a declaration elsewhere and a line here."""

STATISTICS: Final[Mapping[str, Statistic]] = {statistic.name: statistic for statistic in CATALOGUE}
"""By the name that rules and files write; the metric is `driftwatch_` + name."""

NAMES: Final[tuple[str, ...]] = tuple(STATISTICS)


def applicable(layout: Layout, part: Part) -> tuple[Statistic, ...]:
    """The statistics that a part of a layout can give."""
    return tuple(statistic for statistic in CATALOGUE if statistic.applies(layout, part))


def read(
    pair: Pair, settings: StatisticsSpec | None = None, gather: Gather | None = None
) -> Mapping[str, Estimate]:
    """Every applicable statistic of a pair by name, each computed once, with shared intermediate results.

    `gather` may be kept per part (`Gather.of(part)`) and given again. Raises ValueError where a matrix does
    not fit the part.
    """
    for matrix in (pair.reference, pair.current):
        if matrix.shape != (len(pair.reference), pair.part.columns):
            raise ValueError(f"a matrix of {matrix.shape} does not fit a part of {pair.part.columns} columns")
    settings = settings or StatisticsSpec()
    sides = Sides.of(pair, settings.confidence, gather)
    return {
        statistic.name: statistic.compute(sides)
        for statistic in applicable(pair.layout, pair.part)
        if pair.predicted is not None or not statistic.needs.predicted
    }
