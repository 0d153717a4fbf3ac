"""Confidence intervals for shares, means, areas, ratios and their differences, element by element.

All functions take and give arrays of one shape; NaN goes in where there is no data and comes out there.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import betaincinv, ndtri

from driftwatch.drift.estimates import ratio
from driftwatch.drift.reading import Floats, Ints

_STEPS = 60
_CLOSE = 1e-15
"""A few units in the last place: rounding moves the root by as much."""


class Interval(NamedTuple):
    """A value between two limits."""

    value: Floats
    lower: Floats
    upper: Floats


def z_of(confidence: float) -> float:
    """Two-sided standard normal quantile: 1.96 for 0.95."""
    return float(ndtri(0.5 + confidence / 2))


def wilson(successes: Ints, trials: Ints, confidence: float) -> Interval:
    """A share with Wilson's score interval (Wilson 1927; Brown, Cai, DasGupta 2001); NaN without trials."""
    z = z_of(confidence)
    n = np.asarray(trials, np.float64)
    share = ratio(successes, n)
    centre = ratio(successes + z * z / 2, n + z * z)
    with np.errstate(invalid="ignore"):
        half = ratio(z * np.sqrt(n * share * (1 - share) + z * z / 4), n + z * z)
    lower = np.where(successes == 0, 0.0, np.minimum(np.maximum(centre - half, 0), share))
    upper = np.where(successes == trials, 1.0, np.maximum(np.minimum(centre + half, 1), share))
    empty = np.isnan(share)
    return Interval(share, np.where(empty, np.nan, lower), np.where(empty, np.nan, upper))


def normal(value: Floats, variance: Floats, confidence: float) -> Interval:
    """A mean (or a smooth function of means) with the variance of its error: value ± z·sd."""
    with np.errstate(invalid="ignore"):
        half = z_of(confidence) * np.sqrt(np.maximum(variance, 0))
    return Interval(value, value - half, value + half)


def area(value: Floats, positives: Ints, negatives: Ints, confidence: float) -> Interval:
    """AUC with the score-type interval on the variance of Hanley and McNeil (1982).

    Newcombe 2006 (Statistics in Medicine 25, part 2), method 5: the limits solve
    (A − θ)² = z²·θ(1−θ)[1 + (N*−1)((1−θ)/(2−θ) + θ/(1+θ))]/(n⁺n⁻), N* = (n⁺+n⁻)/2. It never leaves [0, 1]
    and has a width at A = 1.
    """
    lower = _area_below(value, positives, negatives, confidence)
    upper = 1 - _area_below(1 - value, positives, negatives, confidence)
    return Interval(value, lower, upper)


def _area_below(value: Floats, positives: Ints, negatives: Ints, confidence: float) -> Floats:
    """The limit at or below the value: the first root of (A − θ)² − variance(θ), by Newton's method in a bracket.

    With u = θ(1 − θ) the variance is c·u·(1 + (N*−1)·(1 + 2u)/(2 + u)). An element that has settled stays, so
    that its bits do not depend on what is computed beside it (E13).
    """
    product = np.multiply(positives, negatives, dtype=np.float64)
    known = (product > 0) & np.isfinite(value)
    top = np.where(known, value, 0.0)
    c = z_of(confidence) ** 2 / np.where(known, product, 1.0)
    larger = np.add(positives, negatives, dtype=np.float64) / 2 - 1
    low, high = np.zeros_like(top), top
    u = top * (1 - top)
    wald = top - np.sqrt(c * u * (1 + larger * (1 + 2 * u) / (2 + u)))
    theta = np.where(top < 1, np.maximum(wald, top / 2), 0.5)  # at A = 1 the area itself is another root
    settled = top <= 0
    for _ in range(_STEPS):
        u = theta * (1 - theta)
        inner, gap = (1 + 2 * u) / (2 + u), top - theta
        beyond = gap * gap - c * u * (1 + larger * inner)
        slope = -2 * gap - c * (1 - 2 * theta) * (1 + larger * (inner + 3 * u / (2 + u) ** 2))
        below = beyond > 0
        low, high = np.where(below, theta, low), np.where(below, high, theta)
        with np.errstate(divide="ignore", invalid="ignore"):
            step = theta - beyond / slope
        near = np.abs(step - theta) <= _CLOSE
        after = np.where(near | ((step > low) & (step < high)), step, (low + high) / 2)
        settled |= near | (np.abs(after - theta) <= _CLOSE)
        theta = np.where(settled, theta, after)
        if settled.all():
            break
    return np.where(known, np.minimum(theta, top), np.nan)


def difference(one: Interval, other: Interval) -> Interval:
    """`one − other` of two independent estimates from their own intervals (MOVER: Newcombe 1998; Zou, Donner 2008)."""
    value = one.value - other.value
    lower = value - np.hypot(one.value - one.lower, other.upper - other.value)
    upper = value + np.hypot(one.upper - one.value, other.value - other.lower)
    return Interval(value, lower, upper)


def share_difference(
    successes: Ints, trials: Ints, other_successes: Ints, other_trials: Ints, confidence: float
) -> Interval:
    """Difference of two independent shares with the interval of Agresti and Caffo (2000).

    One success and one failure are added to each side for the interval, not for the value; the interval is cut
    to [−1, 1] and widened to hold the value where tiny samples would leave it outside.
    """
    value = ratio(successes, trials) - ratio(other_successes, other_trials)
    one, other = (successes + 1) / (trials + 2), (other_successes + 1) / (other_trials + 2)
    half = z_of(confidence) * np.sqrt(
        one * (1 - one) / (trials + 2) + other * (1 - other) / (other_trials + 2)
    )
    lower = np.minimum(np.maximum(one - other - half, -1.0), value)
    upper = np.maximum(np.minimum(one - other + half, 1.0), value)
    return Interval(value, lower, upper)


def quotient(one: Interval, other: Interval) -> Interval:
    """`one / other` of two independent positive estimates (MOVER-R: Donner, Zou 2012), in a form without 0/0.

    NaN where the other one is zero or its lower limit is: then the upper limit is not finite.
    """
    a, b = one.value, other.value
    ab = a * b
    low_root = np.sqrt(
        np.maximum(ab * ab - one.lower * other.upper * (2 * a - one.lower) * (2 * b - other.upper), 0)
    )
    high_root = np.sqrt(
        np.maximum(ab * ab - one.upper * other.lower * (2 * a - one.upper) * (2 * b - other.lower), 0)
    )
    value = ratio(a, b)
    # a = 0 gives 0/0 below; its lower limit is 0.
    lower = np.where(a == 0, 0.0, ratio(one.lower * (2 * a - one.lower), ab + low_root))
    upper = ratio(ab + high_root, other.lower * (2 * b - other.lower))
    return Interval(value, np.minimum(np.maximum(lower, 0), value), np.maximum(upper, value))


def rate_quotient(events: Ints, other_events: Ints, exposure: float, confidence: float) -> Interval:
    """Ratio of two Poisson rates; `exposure` is the first one's time over the second one's.

    Given their sum the first count is binomial; exact limits (Clopper–Pearson) carry over
    (Przyborowski, Wilenski 1940). NaN without other events.
    """
    tail = (1 - confidence) / 2
    a, b = np.asarray(events, np.float64), np.asarray(other_events, np.float64)
    some = np.maximum(b, 1)
    low = np.where(a > 0, betaincinv(np.maximum(a, 1), some + 1, tail), 0.0)
    high = betaincinv(a + 1, some, 1 - tail)
    value = ratio(a, b * exposure)
    empty = np.isnan(value)
    lower, upper = ratio(low, (1 - low) * exposure), ratio(high, (1 - high) * exposure)
    return Interval(value, np.where(empty, np.nan, lower), np.where(empty, np.nan, upper))
