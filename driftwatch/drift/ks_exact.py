"""The exact distribution of the two-sample Kolmogorov–Smirnov distance for small samples."""

from __future__ import annotations

import numpy as np

from driftwatch.drift.reading import Floats, Ints


def ks_exact_p_value(sizes: Ints, other_sizes: Ints, distances: Floats) -> Floats:
    """P(D ≥ d) for P pairs of sample sizes at once, each at least 1; float64[P].

    Every order of the pooled sample is a lattice path from (0, 0) to (m, n); D < d holds for the paths on
    which |i/m − j/n| < d everywhere (Hodges 1958). Counts paths row by row, so sizes should stay in the hundreds.
    """
    m, n = sizes[:, None], other_sizes[:, None]
    # d is a multiple of 1/(m·n) up to rounding: compare integers, a path that touches the bound is outside.
    bound = np.rint(distances * sizes * other_sizes).astype(np.int64)[:, None]
    across = np.arange(int(other_sizes.max(initial=0)) + 1)
    inside = np.zeros((len(sizes), len(across)))
    total = np.zeros_like(inside)
    inside[:, 0] = total[:, 0] = 1.0
    kept, whole = np.ones(len(sizes)), np.ones(len(sizes))
    for row in range(int(sizes.max(initial=0)) + 1):
        allowed = (np.abs(row * n - across * m) < bound) & (across <= n)
        inside = np.cumsum(inside * allowed, axis=1) * allowed
        total = np.cumsum(total, axis=1)
        done = sizes == row
        kept = np.where(done, _at(inside, other_sizes), kept)
        whole = np.where(done, _at(total, other_sizes), whole)
    return np.clip(1 - kept / whole, 0.0, 1.0)


def _at(rows: Floats, columns: Ints) -> Floats:
    return np.take_along_axis(rows, columns[:, None], axis=1)[:, 0]
