"""How clumped a share is inside panes and how much it wanders between them, learned from the reference's panes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

HOUR_MS: Final = 3_600_000
BLOCK_PANES: Final = 12
SIGNIFICANT: Final = 2.0
"""Standard errors above which wander is believed."""


@dataclass(frozen=True, slots=True)
class Surprise:
    """What one pane holds beyond expectation, for the rows that hold anything: arrays [rows, indicators]."""

    start_ms: int
    rows: Ints
    excess: Floats
    """Events with the indicator less those expected."""
    spread: Floats
    """Variance of the excess if events were independent."""
    sizes: Floats
    """Events."""


@dataclass(frozen=True, slots=True)
class Clumping:
    """Per row and indicator, [rows, indicators]."""

    panes: Ints
    """Panes with events."""
    factor: Floats
    """phi: mean of excess^2/spread over panes with a spread, corrected for the shares that were fitted; NaN without any."""
    wander: Floats
    """V: variance of the share between blocks beyond what clumping explains; 0 unless significant."""
    spread: Floats
    """Variance of the events with the indicator over all panes, if they were independent: how much it can tell."""


def measure(
    surprises: Iterable[Surprise], shape: tuple[int, int], width_ms: int, slots: int, cycles: int
) -> Clumping:
    """Clumping of panes in the order of time; `slots` shares were fitted per indicator, over `cycles` cycles each (0: one share).

    phi and V of STATISTICS, section 4: Pearson's dispersion inside panes, and the variance of blocks of max(1 h, 12 panes)
    less the noise that the differences of neighbouring panes show.
    """
    block_ms = max(HOUR_MS, BLOCK_PANES * width_ms)
    sums, blocks = _Sums(shape, block_ms), _Blocks(shape)
    current = None
    for pane in surprises:
        if current is not None and pane.start_ms // block_ms != current:
            blocks.end()
        current = pane.start_ms // block_ms
        sums.add(pane)
        blocks.add(pane)
    blocks.end()
    with np.errstate(invalid="ignore", divide="ignore"):
        factor = np.where(sums.told > slots, sums.chi / (sums.told - slots), np.nan)
        short = np.where(sums.pairs > 0, sums.differences / sums.pairs, 1.0)
    return Clumping(sums.panes, factor, blocks.wander(short, cycles), sums.spread)


class _Sums:
    """Dispersion, and squared differences of neighbouring panes."""

    def __init__(self, shape: tuple[int, int], near_ms: int) -> None:
        self.panes, self.told = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
        self.chi, self.differences, self.spread = np.zeros(shape), np.zeros(shape), np.zeros(shape)
        self.pairs = np.zeros(shape, np.int64)
        self._near_ms = near_ms
        self._share, self._variance = np.zeros(shape), np.zeros(shape)
        self._last_ms = np.full(shape, np.iinfo(np.int64).min // 2)

    def add(self, pane: Surprise) -> None:
        rows, told = pane.rows, pane.spread > 0
        with np.errstate(invalid="ignore", divide="ignore"):
            share = pane.excess / pane.sizes
            variance = pane.spread / pane.sizes**2
            self.chi[rows] += np.where(told, pane.excess**2 / pane.spread, 0.0)
            near = told & (pane.start_ms - self._last_ms[rows] <= self._near_ms)
            step = (share - self._share[rows]) ** 2 / (variance + self._variance[rows])
        self.panes[rows] += pane.sizes > 0
        self.told[rows] += told
        self.spread[rows] += pane.spread
        self.differences[rows] += np.where(near, step, 0.0)
        self.pairs[rows] += near
        self._share[rows] = np.where(told, share, self._share[rows])
        self._variance[rows] = np.where(told, variance, self._variance[rows])
        self._last_ms[rows] = np.where(told, pane.start_ms, self._last_ms[rows])


class _Blocks:
    """Squared mean excess `a` of each block and its variance `b` under independence, summed as wander needs them."""

    def __init__(self, shape: tuple[int, int]) -> None:
        self._excess, self._spread, self._sizes = np.zeros(shape), np.zeros(shape), np.zeros(shape)
        self._count = np.zeros(shape, np.int64)
        self._a, self._b, self._aa, self._ab, self._bb = (np.zeros(shape) for _ in range(5))

    def add(self, pane: Surprise) -> None:
        self._excess[pane.rows] += pane.excess
        self._spread[pane.rows] += pane.spread
        self._sizes[pane.rows] += pane.sizes

    def end(self) -> None:
        told = self._spread > 0
        with np.errstate(invalid="ignore", divide="ignore"):
            a = np.where(told, (self._excess / self._sizes) ** 2, 0.0)
            b = np.where(told, self._spread / self._sizes**2, 0.0)
        self._count += told
        for total, value in (
            (self._a, a), (self._b, b), (self._aa, a * a), (self._ab, a * b), (self._bb, b * b),
        ):  # fmt: skip
            total += value
        for total in (self._excess, self._spread, self._sizes):
            total.fill(0.0)

    def wander(self, short: Floats, cycles: int) -> Floats:
        count = np.maximum(self._count, 1)
        mean = (self._a - short * self._b) / count
        square = (self._aa - 2 * short * self._ab + short**2 * self._bb) / count
        error = np.sqrt(np.maximum(square - mean**2, 0.0) / count)
        fitted = np.full(count.shape, cycles) if cycles else count
        believed = (mean > SIGNIFICANT * error) & (fitted > 1)
        return np.where(believed, mean * fitted / np.maximum(fitted - 1, 1), 0.0)
