"""Isotonic regression: the nearest rates that never fall with the score, by joining neighbours that do."""

from __future__ import annotations

import numpy as np

from driftwatch.drift.reading import Floats, Ints


def isotonic(weights: Ints | Floats, sums: Ints | Floats) -> Floats:
    """float64[k]: the non-decreasing rates nearest to `sums / weights` in weighted least squares.

    Pool adjacent violators (Ayer et al. 1955; Barlow et al. 1972), each join in a stack, so k steps in all. Places of
    weight 0 take the line between their neighbours' rates (an end takes the nearest); NaN where all have none.
    """
    filled = np.flatnonzero(np.asarray(weights) > 0)
    if not len(filled):
        return np.full(len(weights), np.nan)
    stack: list[tuple[float, float, int]] = []
    for weight, total in zip(
        np.asarray(weights)[filled].tolist(), np.asarray(sums)[filled].tolist(), strict=True
    ):
        held, summed, size = float(weight), float(total), 1
        while stack and stack[-1][1] * held >= summed * stack[-1][0]:
            before = stack.pop()
            held, summed, size = held + before[0], summed + before[1], size + before[2]
        stack.append((held, summed, size))
    rates = np.repeat([summed / held for held, summed, _ in stack], [size for *_, size in stack])
    return np.interp(np.arange(len(weights)), filled, rates)
