"""How far a share may lie from the reference's before a bet begins to pay, and what each bet pays."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv

Floats = NDArray[np.float64]

STEPS: Final = (0.2, 0.5, 1.0)
"""Distance in logits of the share that a bet expects from the largest tolerable one."""
UP: Final = STEPS
BOTH: Final = (*STEPS, *(-step for step in STEPS))
"""Bets on a larger share, then on a smaller one."""
LOWEST: Final = 0.001
HIGHEST: Final = 0.999
UNSURE: Final = 0.05
"""eta: the chance that some bet of a stream starts from a reference share further off than its half width."""
HOPELESS: Final = -1e9
"""Slope of a bet that cannot pay: any event takes its evidence to the floor."""


def half_widths(hits: Floats, sizes: Floats, bets: Floats | int) -> tuple[Floats, Floats]:
    """One-sided Clopper-Pearson half widths (upper, lower) of shares hits/sizes at UNSURE/(2 bets) each.

    Real numbers >= 0 of one shape; a share of nothing is unknown: its half widths reach from 0 to 1.
    Clopper and Pearson 1934, by quantiles of the beta distribution.
    """
    level = UNSURE / (2 * np.asarray(bets, np.float64))
    none = sizes <= 0
    sizes = np.where(none, 1.0, sizes)
    hits = np.clip(np.where(none, 0.0, hits), 0.0, sizes)
    misses = sizes - hits
    share = hits / sizes
    with np.errstate(invalid="ignore"):
        high = np.where(misses <= 0, 1.0, betaincinv(hits + 1, misses, 1 - level))
        low = np.where(hits <= 0, 0.0, betaincinv(hits, misses + 1, level))
    return np.where(none, 1.0, high - share), np.where(none, 1.0, share - low)


def slopes(q0: Floats, step: float) -> Floats:
    """The b of the logarithm of the likelihood ratio `step * hits + b * events` of shares q1 against q0.

    logit q1 = logit q0 + step gives ln(q1/q0) = step + b and ln((1-q1)/(1-q0)) = b with
    b = -ln(1 + q0 (e^step - 1)). A tolerable share outside (LOWEST, HIGHEST) on the bet's far side is hopeless;
    on its near side it is moved to the bound, which only takes evidence away.
    """
    if step > 0:
        q0, hopeless = np.maximum(q0, LOWEST), ~(q0 < HIGHEST)
    else:
        q0, hopeless = np.minimum(q0, HIGHEST), ~(q0 > LOWEST)
    return np.where(hopeless, HOPELESS, -np.log1p(np.where(hopeless, 0.5, q0) * np.expm1(step)))


def usable(q0: Floats) -> NDArray[np.bool_]:
    """Whether a bet with this largest tolerable share is made at all."""
    return (q0 > LOWEST) & (q0 < HIGHEST)
