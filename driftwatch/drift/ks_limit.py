"""The distribution of the Kolmogorov–Smirnov distance for large samples, to the third order in 1/sqrt(n)."""

from __future__ import annotations

from typing import Final

import numpy as np

from driftwatch.drift.reading import Floats

_TAIL: Final = 6.0
"""From n·d² of this on (p below 1e-5) differences from 1 lose digits, and the tail's own form is used."""
_TERMS: Final = np.arange(1, 10, dtype=np.float64)
"""Enough for every z below sqrt(_TAIL): the next term is below 1e-16."""
_SMALLEST: Final = 0.05
"""Below this z the probability is 1 to the last bit."""


def ks_limit_p_value(size: Floats, distance: Floats) -> Floats:
    """P(D ≥ d) of n values against a known distribution, element by element; NaN comes out where it goes in.

    Pelz and Good 1976 (as in Simard, L'Ecuyer 2011), whose first term is Kolmogorov's limit; in the tail
    2·exp(−2n(d+1/6n)² − 4nd⁴/9 − 32nd⁶/135 + 4d²/9): Smirnov's limit with the next terms of its large
    deviations, the last one found by comparison with Smirnov's exact sum (within 0.1 % for d < 0.15, n > 1 000).
    """
    z = np.sqrt(size) * distance
    body = 1 - _pelz_good(size, np.clip(z, _SMALLEST, np.sqrt(_TAIL)))
    square = distance * distance
    shift = 2 * z * z + 2 * distance / 3 + 1 / (18 * size)
    tail = 2 * np.exp(4 / 9 * square - shift - size * square * square * (4 / 9 + 32 / 135 * square))
    return np.clip(np.where(z * z < _TAIL, body, tail), 0.0, 1.0)


def _pelz_good(size: Floats, z: Floats) -> Floats:
    """P(D < z/sqrt(n)): K0 + K1/n^½ + K2/n + K3/n^(3/2), in the form of theta functions for small z."""
    square = z * z
    odd = (np.pi * (2 * _TERMS - 1) / 2) ** 2
    whole = (np.pi * _TERMS) ** 2
    by_odd = np.exp(-odd / (2 * square[..., None]))
    by_whole = np.exp(-whole / (2 * square[..., None]))

    def moments(powers: Floats, weights: Floats, highest: int) -> list[Floats]:
        return [np.add.reduce(weights * powers**k, axis=-1) for k in range(highest + 1)]

    m0, m1, m2, m3 = moments(odd, by_odd, 3)
    _, w1, w2 = moments(whole, by_whole, 2)
    s2, s3, s4 = square**2, square**3, square**4
    k0 = m0 / z
    k1 = (m1 - square * m0) / (6 * s2)
    k2 = (6 * s3 + 2 * s2) * m0 + (2 * s2 - 5 * square) * m1 + (1 - 2 * square) * m2
    k2 = k2 / (72 * s3 * z) - w1 / (36 * square * z)
    k3 = (5 - 30 * square) * m3 + (212 * s2 - 60 * square) * m2 + (135 * s2 - 96 * s3) * m1
    k3 = (k3 - (30 * s3 + 90 * s4) * m0) / (6480 * s4 * square) + (3 * square * w1 - w2) / (216 * s3)
    root = np.sqrt(size)
    return np.sqrt(2 * np.pi) * (k0 + k1 / root + k2 / size + k3 / (size * root))
