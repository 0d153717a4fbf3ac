"""How complete the labels of a cohort are by now: the chain ladder over a table of cohort by label age."""

from __future__ import annotations

import numpy as np

from driftwatch.drift.estimates import ratio
from driftwatch.drift.gather import Bools
from driftwatch.drift.reading import Floats, Ints


def arrived_by(arrivals: Ints, reached: Ints) -> Floats:
    """G(a) = Π_{u>a}(1 − r_u): share of all labels that come at age a or younger, float64[ages].

    `arrivals` int64[cohorts, ages]: labels by prediction cohort and age; `reached` int64[cohorts]: how many ages a
    cohort has lived through (its later columns are not known yet, whatever they hold). r_u = arrivals at age u ÷
    arrivals at age ≤ u, both over the cohorts that have reached u, so that growing traffic does not bias it (chain
    ladder, Mack 1993). "All" is what comes up to the oldest age that any cohort has reached; NaN without labels.
    """
    known = _known(arrivals, reached)
    counted = np.where(known, arrivals, 0)
    up_to = np.where(known, np.cumsum(counted, axis=1), 0).sum(axis=0)
    rate = np.where(up_to > 0, counted.sum(axis=0) / np.maximum(up_to, 1), 0.0)
    later: Floats = np.append(1 - rate[1:], 1.0)
    share: Floats = np.multiply.accumulate(later[::-1])[::-1]
    return share if counted.any() else np.full(len(rate), np.nan)


def completeness(arrivals: Ints, reached: Ints) -> Floats:
    """float64[cohorts]: share of each cohort's labels that have come: G at the last age it has lived through.

    0 for a cohort that has lived through none; NaN without labels.
    """
    last = np.minimum(reached, arrivals.shape[1]) - 1
    share = arrived_by(arrivals, reached)
    return np.where(last >= 0, share[np.maximum(last, 0)], share[-1] * 0.0)


def expected_labels(arrivals: Ints, reached: Ints) -> Floats:
    """float64[cohorts]: labels that each cohort will have in the end; NaN where its completeness is 0 or not known."""
    came = np.where(_known(arrivals, reached), arrivals, 0).sum(axis=1)
    return ratio(came, np.nan_to_num(completeness(arrivals, reached)))


def coverage(predictions: Ints, arrivals: Ints, reached: Ints) -> Floats:
    """Labels of age a or younger ÷ predictions, both over the cohorts that have reached a, float64[ages]; NaN without.

    `predictions` int64[cohorts], `arrivals` and `reached` as above.
    """
    known = _known(arrivals, reached)
    came = np.where(known, np.cumsum(arrivals, axis=1), 0).sum(axis=0)
    return ratio(came, np.where(known, predictions[:, None], 0).sum(axis=0))


def _known(arrivals: Ints, reached: Ints) -> Bools:
    ages = np.arange(arrivals.shape[1], dtype=np.int64)
    return np.less(ages, reached[:, None])
