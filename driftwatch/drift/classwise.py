"""Calibration and Brier score of a multiclass model over all classes' own scores."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from driftwatch.drift.calibration import (
    BRIER_SCORE,
    BRIER_SCORE_DECAY,
    CALIBRATION_ERROR,
    CALIBRATION_ERROR_EXCESS,
    CALIBRATION_ERROR_EXPECTED,
)
from driftwatch.drift.calibration_tests import CALIBRATION_ERROR_SQUARED
from driftwatch.drift.class_calibration import (
    CLASS_BRIER_SCORE,
    CLASS_BRIER_SCORE_DECAY,
    CLASS_CALIBRATION_ERROR,
    CLASS_CALIBRATION_ERROR_EXCESS,
    CLASS_CALIBRATION_ERROR_EXPECTED,
    CLASS_CALIBRATION_ERROR_SQUARED,
    NEEDS,
)
from driftwatch.drift.one_vs_rest import mean_over_classes, sum_over_classes

_NEEDS: Final = replace(NEEDS, scored=False)
_CLASSWISE: Final = "Kull et al. 2019 (classwise ECE); Nixon et al. 2019 (static calibration error)"
_CAREFUL: Final = "Its limits are the classes' limits added up: too wide with many classes, for errors in them do not move together."

CLASSWISE_CALIBRATION_ERROR: Final = replace(
    CALIBRATION_ERROR,
    name="classwise_calibration_error",
    summary="Mean over the classes of the calibration error of their own scores, plug-in, equal-width cells; biased up.",
    source=_CLASSWISE,
    formula="(1/K) Σ_k Σ_b (n_kb/N)·|ȳ_kb − p̄_kb|",
    use="Whether all probabilities of a multiclass model can be trusted, not only that of the decided class.",
    lies="Biased up, and small where there are many classes, for most scores are near 0: read `classwise_calibration_error_excess`.",
    compute=mean_over_classes(CLASS_CALIBRATION_ERROR.compute),
    needs=_NEEDS,
)
CLASSWISE_CALIBRATION_ERROR_EXPECTED: Final = replace(
    CALIBRATION_ERROR_EXPECTED,
    name="classwise_calibration_error_expected",
    summary="The classwise calibration error that perfectly calibrated scores show with so many labels.",
    formula="(1/K) Σ_k √(2/π)·Σ w_kb·σ_kb",
    use="As the yardstick of `classwise_calibration_error`.",
    compute=mean_over_classes(CLASS_CALIBRATION_ERROR_EXPECTED.compute),
    needs=_NEEDS,
)
CLASSWISE_CALIBRATION_ERROR_EXCESS: Final = replace(
    CALIBRATION_ERROR_EXCESS,
    name="classwise_calibration_error_excess",
    summary="Classwise calibration error beyond what chance shows; about 0 for calibrated scores.",
    source="classwise_calibration_error − classwise_calibration_error_expected",
    formula="classwise_calibration_error − classwise_calibration_error_expected",
    compute=mean_over_classes(CLASS_CALIBRATION_ERROR_EXCESS.compute),
    needs=_NEEDS,
)
CLASSWISE_CALIBRATION_ERROR_SQUARED: Final = replace(
    CALIBRATION_ERROR_SQUARED,
    name="classwise_calibration_error_squared",
    summary="Mean over the classes of the squared calibration error without the plug-in's bias; about 0 when calibrated, also below.",
    source="Kumar, Liang, Ma 2019 (marginal calibration error); Bröcker 2012; Ferro, Fricker 2012",
    formula="(1/K) Σ_k Σ w·((p̄ − ȳ)² − ȳ(1 − ȳ)/(n − 1))",
    lies="Its square root is not an unbiased calibration error, and below 0 there is none. Its interval is the classes' averaged: too wide.",
    compute=mean_over_classes(CLASS_CALIBRATION_ERROR_SQUARED.compute),
    needs=_NEEDS,
)
MULTICLASS_BRIER_SCORE: Final = replace(
    BRIER_SCORE,
    name="multiclass_brier_score",
    summary="Squared differences of all classes' scores and the label, summed over the classes: 0 is perfect, 2 is sure and wrong.",
    source="Brier 1950, in its original form over all classes; limits: sum of the classes'",
    formula="(1/N) Σ_i Σ_k (p_ik − y_ik)²",
    use="One proper score for ranking and calibration of all classes together.",
    lies=f"Twice the binary Brier score where there are two classes; depends on the base rates. {_CAREFUL}",
    compute=sum_over_classes(CLASS_BRIER_SCORE.compute),
    needs=_NEEDS,
    high=None,
)
MULTICLASS_BRIER_SCORE_DECAY: Final = replace(
    BRIER_SCORE_DECAY,
    name="multiclass_brier_score_decay",
    summary="By how much the multiclass Brier score rose since the reference, on the same slice.",
    source=f"sum over the classes of {BRIER_SCORE_DECAY.source}",
    formula="multiclass_brier_score_cur − multiclass_brier_score_ref",
    use="A rule on `multiclass_brier_score_decay.lower > 0`.",
    lies=f"Rises when labels become less predictable, without any fault of the model. {_CAREFUL}",
    compute=sum_over_classes(CLASS_BRIER_SCORE_DECAY.compute),
    needs=_NEEDS,
    low=None,
    high=None,
)
