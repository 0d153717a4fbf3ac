"""Is every class's own score calibrated (one against the rest): all that is asked of a binary score, class by class."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from driftwatch.drift.brier_parts import BRIER_RELIABILITY, BRIER_RESOLUTION, BRIER_UNCERTAINTY, BRIER_WITHIN
from driftwatch.drift.calibration import (
    BRIER_SCORE,
    BRIER_SCORE_DECAY,
    CALIBRATION_ERROR,
    CALIBRATION_ERROR_EXCESS,
    CALIBRATION_ERROR_EXPECTED,
)
from driftwatch.drift.calibration_cells import CALIBRATION_ERROR_MAX
from driftwatch.drift.calibration_tests import (
    CALIBRATION_ERROR_SQUARED,
    CALIBRATION_GAP,
    CALIBRATION_INTERCEPT,
    CALIBRATION_P_VALUE,
    CALIBRATION_SLOPE,
    SPIEGELHALTER_P_VALUE,
    SPIEGELHALTER_Z,
)
from driftwatch.drift.one_vs_rest import by_class
from driftwatch.drift.statistic import Needs, Statistic
from driftwatch.events.classes import Stream
from driftwatch.summaries.layout import CLASS_CALIBRATION, Task

NEEDS: Final = Needs(
    streams=frozenset({Stream.LABELS}),
    tasks=frozenset({Task.MULTICLASS}),
    blocks=(CLASS_CALIBRATION,),
    scored=True,
)


def _class(binary: Statistic, summary: str) -> Statistic:
    """On demand, as each is a number for every class and slice."""
    return replace(
        binary,
        name=f"class_{binary.name}",
        summary=f"Of each class's own score against the rest: {summary}",
        source=f"one against the rest; {binary.source}",
        formula=f"{binary.formula}, with p the class's score and y = 1 for its label",
        compute=by_class(binary.compute),
        needs=NEEDS,
        default=False,
    )


CLASS_CALIBRATION_ERROR: Final = _class(
    CALIBRATION_ERROR, "expected calibration error, plug-in, equal-width cells; biased up."
)
CLASS_CALIBRATION_ERROR_EXPECTED: Final = _class(
    CALIBRATION_ERROR_EXPECTED,
    "the calibration error that a perfectly calibrated score shows with so many labels.",
)
CLASS_CALIBRATION_ERROR_EXCESS: Final = _class(
    CALIBRATION_ERROR_EXCESS, "calibration error beyond what chance shows; about 0 when calibrated."
)
CLASS_CALIBRATION_ERROR_SQUARED: Final = _class(
    CALIBRATION_ERROR_SQUARED,
    "squared calibration error without the plug-in's bias; about 0 when calibrated.",
)
CLASS_CALIBRATION_ERROR_MAX: Final = _class(
    CALIBRATION_ERROR_MAX, "largest gap between share of its labels and mean score in any equal-width cell."
)
CLASS_CALIBRATION_GAP: Final = _class(
    CALIBRATION_GAP, "share of its labels minus mean score: above 0 the model says the class too seldom."
)
CLASS_CALIBRATION_INTERCEPT: Final = _class(
    CALIBRATION_INTERCEPT, "intercept of the recalibration line on the logit scale: 0 when calibrated."
)
CLASS_CALIBRATION_SLOPE: Final = _class(
    CALIBRATION_SLOPE, "slope of the recalibration line on the logit scale: 1 when calibrated."
)
CLASS_CALIBRATION_P_VALUE: Final = _class(
    CALIBRATION_P_VALUE,
    "probability of such an intercept and slope if it were calibrated, for one single look.",
)
CLASS_SPIEGELHALTER_Z: Final = _class(
    SPIEGELHALTER_Z, "Spiegelhalter's z, standard normal when calibrated; beyond ±2 the scores are wrong."
)
CLASS_SPIEGELHALTER_P_VALUE: Final = _class(
    SPIEGELHALTER_P_VALUE, "probability of such a z if it were calibrated, for one single look."
)
CLASS_BRIER_SCORE: Final = _class(BRIER_SCORE, "mean squared difference of score and label.")
CLASS_BRIER_SCORE_DECAY: Final = _class(
    BRIER_SCORE_DECAY, "by how much its Brier score rose since the reference, on the same slice."
)
CLASS_BRIER_RELIABILITY: Final = _class(
    BRIER_RELIABILITY, "the part of its Brier score that comes from miscalibration."
)
CLASS_BRIER_RESOLUTION: Final = _class(
    BRIER_RESOLUTION, "how far the cells' label rates lie from the overall rate."
)
CLASS_BRIER_UNCERTAINTY: Final = _class(
    BRIER_UNCERTAINTY, "the part of its Brier score that is the labels' own variance."
)
CLASS_BRIER_WITHIN: Final = _class(
    BRIER_WITHIN, "what varies inside the cells: the rest that makes the parts sum to its Brier score."
)
