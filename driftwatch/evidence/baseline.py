"""What the reference leads one to expect of every share, and by how much it may change before that matters."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from driftwatch.evidence.clumping import HOUR_MS, Clumping, Surprise, measure
from driftwatch.evidence.odds import half_widths

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

DAY: Final = 24
WEEK: Final = 168
CYCLES_MIN: Final = 3
GAIN: Final = 0.8
"""Slots must lower the wander to less than this part of it: needless slots cost delay."""
COSTLY: Final = 0.1
"""Wander that adds less than this part to the tolerance needs no slots."""
WIDE: Final = 3.5
"""Standard deviations of wander that are tolerable."""
FACTOR_FLOOR: Final = 0.0005
"""Clumping is never taken to be weaker than this correlation inside a pane."""
ASSUMED: Final = 0.02
"""Correlation inside a pane where the reference has no panes to learn it from."""
PANES_MIN: Final = 20
"""With fewer panes clumping is not known: the assumed correlation counts where it is the larger."""
TELLING: Final = 20.0
"""Variance of its events below which an indicator says nothing of clumping."""
CELLS_MAX: Final = 2_000_000
"""Numbers that slots may take; beyond it there are fewer slots."""


@dataclass(frozen=True, slots=True)
class PaneShares:
    """The counts of one pane, for the rows that hold anything."""

    start_ms: int
    rows: Ints
    hits: Ints
    """int64[rows, indicators]"""
    sizes: Ints
    """int64[rows, watches]"""


Panes = Callable[[], Iterable[PaneShares]]
"""The reference's panes in the order of time; asked for several times."""


@dataclass(frozen=True, slots=True)
class Spread:
    """How far a stream's shares may move, by row and watch."""

    mean_size: Floats
    """Mean number of events in the pane of an event; 1 where clumping is assumed for want of panes."""
    factor: Floats
    """phi: events per independent one, in a pane of `mean_size`."""
    tolerance: Floats
    """delta: change of a share that does not matter."""
    learned: Bools
    """Whether clumping and wander come from panes; else they are assumed."""

    def take(self, rows: Ints) -> Spread:
        """The same for some rows."""
        return Spread(self.mean_size[rows], self.factor[rows], self.tolerance[rows], self.learned[rows])


@dataclass(frozen=True, slots=True)
class Baseline:
    """Reference shares of all indicators in all rows, and their tolerance."""

    starts: Ints
    """int64[watches]: first indicator of each watch."""
    of: Ints
    """int64[indicators]: the watch of each."""
    slots: int
    """1, or hours of the day or of the week."""
    slotted: Bools
    """bool[watches]: whether a watch has a share per slot."""
    hits: Ints
    """int64[slots, rows, indicators]"""
    sizes: Ints
    """int64[slots, rows, watches]"""
    spread: Spread

    def slot(self, start_ms: int) -> int:
        """The slot of a pane that starts then."""
        return start_ms // HOUR_MS % self.slots

    def counts(self, slot: int | None = None) -> tuple[Floats, Floats]:
        """Hits and events of each indicator, [rows, indicators]; None: over all slots."""
        hits: Ints = self.hits.sum(axis=0)
        sizes: Ints = self.sizes.sum(axis=0)
        if slot is not None and self.slotted.any():
            hits = np.where(self.slotted[self.of], self.hits[slot], hits)
            sizes = np.where(self.slotted, self.sizes[slot], sizes)
        return hits.astype(np.float64), sizes[:, self.of].astype(np.float64)

    def shares(self, slot: int | None = None) -> Floats:
        """The reference share of each indicator, [rows, indicators]; NaN where there is none."""
        hits, sizes = self.counts(slot)
        with np.errstate(invalid="ignore"):
            return hits / sizes

    def bounds(self, slot: int | None = None) -> tuple[Floats, Floats]:
        """The largest and the smallest tolerable share, [rows, indicators]: f + delta + c and f - delta - c."""
        hits, sizes = self.counts(slot)
        factor = self.spread.factor[:, self.of]
        bets = np.diff(self.starts, append=len(self.of))[self.of]
        above, below = half_widths(hits / factor, sizes / factor, bets)
        with np.errstate(invalid="ignore"):
            share = np.nan_to_num(hits / sizes)
        tolerance = self.spread.tolerance[:, self.of]
        return share + tolerance + above, share - tolerance - below


def learn(
    starts: Ints, indicators: int, totals: tuple[Ints, Ints], smallest: Floats, panes: Panes, width_ms: int
) -> Baseline:
    """The baseline of one part. `totals`: hits int64[rows, indicators] and events int64[rows, watches] of the reference.

    `smallest` float64[watches] is the least tolerance of each watch; `panes` may be empty: then clumping is assumed.
    """
    of = np.repeat(np.arange(len(starts)), np.diff(starts, append=indicators))
    every, cycles = _by_slot(panes, totals, width_ms)
    if every is None:
        hits, sizes = totals[0][None], totals[1][None]
        slotted = np.zeros(len(starts), np.bool_)
        spread = assumed(len(totals[0]), smallest)
        return Baseline(starts, of, 1, slotted, hits, sizes, spread)
    candidates = [1, *(h for h in (DAY, WEEK) if h <= len(every[0]) and cycles[h] >= CYCLES_MIN)]
    measured: dict[int, Clumping] = {}
    for slots in candidates:
        folded = tuple(_fold(counts, slots) for counts in every)
        surprises = _surprises(panes(), folded[0], folded[1], of)
        measured[slots] = measure(
            surprises, totals[0].shape, width_ms, slots, 0 if slots == 1 else cycles[slots]
        )
    costs = {h: _cost(found, starts, smallest) for h, found in measured.items()}
    chosen = _choose({h: _by_watch(found.wander, starts) for h, found in measured.items()}, costs)
    slots = int(chosen.max(initial=1))
    best = _picked(measured, chosen[of])
    spread = _spread(best, starts, of, smallest, panes, totals[1])
    return Baseline(starts, of, slots, chosen > 1, _fold(every[0], slots), _fold(every[1], slots), spread)


def assumed(rows: int, smallest: Floats) -> Spread:
    """Where nothing is known of clumping: a correlation of `ASSUMED` inside panes of any size."""
    shape = (rows, len(smallest))
    return Spread(
        mean_size=np.ones(shape),
        factor=np.full(shape, 1 + ASSUMED),
        tolerance=np.broadcast_to(smallest, shape).copy(),
        learned=np.zeros(shape, np.bool_),
    )


def events_per_independent(spread: Spread, sizes: Floats) -> Floats:
    """phi_t of panes with these numbers of events, at least 1 and never more than them: 1 + 1.5 (phi - 1) max(1, n/n_mean)."""
    relative = np.maximum(1.0, sizes / spread.mean_size)
    return np.maximum(1.0, np.minimum(sizes, 1 + 1.5 * (spread.factor - 1) * relative))


def _by_slot(
    panes: Panes, totals: tuple[Ints, Ints], width_ms: int
) -> tuple[tuple[Ints, Ints] | None, dict[int, int]]:
    """Counts by hour of the week (or of the day, or one slot, as the span and memory allow), and the cycles of each."""
    first = last = None
    for pane in panes():
        first = pane.start_ms if first is None else first
        last = pane.start_ms
    if first is None or last is None:
        return None, {}
    hours = (last + width_ms - first) / HOUR_MS
    cycles = {slots: int(hours // slots) for slots in (DAY, WEEK)}
    slots = max(
        (
            h
            for h in (DAY, WEEK)
            if cycles[h] >= CYCLES_MIN and width_ms <= HOUR_MS and h * totals[0].size <= CELLS_MAX
        ),
        default=1,
    )
    hits = np.zeros((slots, *totals[0].shape), np.int64)
    sizes = np.zeros((slots, *totals[1].shape), np.int64)
    for pane in panes():
        slot = pane.start_ms // HOUR_MS % slots
        hits[slot, pane.rows] += pane.hits
        sizes[slot, pane.rows] += pane.sizes
    return (hits, sizes), cycles


def _fold(counts: Ints, slots: int) -> Ints:
    """Counts [hours, ...] in fewer slots, each a divisor's worth of hours."""
    return counts.reshape(len(counts) // slots, slots, *counts.shape[1:]).sum(axis=0)


def _surprises(panes: Iterable[PaneShares], hits: Ints, sizes: Ints, of: Ints) -> Iterator[Surprise]:
    with np.errstate(invalid="ignore"):
        shares = np.nan_to_num(hits / sizes[:, :, of])
    for pane in panes:
        share = shares[pane.start_ms // HOUR_MS % len(shares)][pane.rows]
        events = pane.sizes[:, of].astype(np.float64)
        expected = events * share
        yield Surprise(pane.start_ms, pane.rows, pane.hits - expected, expected * (1 - share), events)


def _by_watch(values: Floats, starts: Ints) -> Floats:
    return np.add.reduceat(values.sum(axis=0), starts) if len(starts) else np.empty(0)


def _cost(found: Clumping, starts: Ints, smallest: Floats) -> Floats:
    """What wander adds to the tolerance of each watch, as a part of the least: mean over rows."""
    tolerance = _tolerance(found, starts, smallest)
    return (tolerance / smallest - 1).mean(axis=0) if len(tolerance) else np.zeros(len(smallest))


def _choose(wander: dict[int, Floats], costs: dict[int, Floats]) -> Ints:
    """Slots of each watch: more only where they lower the wander, and what it costs, by more than a fifth.

    All watches with slots share one number of them: that which leaves the least wander.
    """
    single = wander[1]
    best = np.ones(len(single), np.int64)
    matters = costs[1] >= COSTLY
    gains = {
        h: matters & (values < GAIN * single) & (costs[h] < GAIN * costs[1])
        for h, values in wander.items()
        if h > 1
    }
    left = {h: np.where(better, wander[h], single).sum() for h, better in gains.items()}
    if not left or not any(better.any() for better in gains.values()):
        return best
    slots = DAY if DAY in left else WEEK
    if WEEK in left and left[WEEK] < GAIN * left[DAY]:
        slots = WEEK
    return np.where(gains[slots], slots, best)


def _picked(measured: dict[int, Clumping], slots: Ints) -> Clumping:
    """Of each indicator the clumping under the slots chosen for it."""
    plain = measured[1]
    other = measured[int(slots.max(initial=1))]
    many = slots > 1
    return Clumping(
        np.where(many, other.panes, plain.panes),
        np.where(many, other.factor, plain.factor),
        np.where(many, other.wander, plain.wander),
        plain.spread,
    )


def _spread(found: Clumping, starts: Ints, of: Ints, smallest: Floats, panes: Panes, sizes: Ints) -> Spread:
    squares = np.zeros(sizes.shape)
    for pane in panes():
        squares[pane.rows] += pane.sizes.astype(np.float64) ** 2
    mean_size = np.maximum(squares / np.maximum(sizes, 1), 1.0)
    return spread_of(found, starts, smallest, mean_size)


def spread_of(found: Clumping, starts: Ints, smallest: Floats, mean_size: Floats) -> Spread:
    """Clumping and wander of the loudest indicator of each watch count for the whole watch.

    Indicators that hardly occur are left out: a single event would look like a clump.
    """
    factor = np.maximum.reduceat(np.where(_tells(found), found.factor, 1.0), starts, axis=1)
    learned = np.maximum.reduceat(found.panes, starts, axis=1) >= PANES_MIN
    factor = np.maximum(factor, 1 + FACTOR_FLOOR * (mean_size - 1))
    factor = np.where(learned, factor, np.maximum(factor, 1 + ASSUMED * (mean_size - 1)))
    return Spread(mean_size, factor, _tolerance(found, starts, smallest), learned)


def _tolerance(found: Clumping, starts: Ints, smallest: Floats) -> Floats:
    wander = np.maximum.reduceat(np.where(_tells(found), found.wander, 0.0), starts, axis=1)
    return np.maximum(smallest, WIDE * np.sqrt(wander))


def _tells(found: Clumping) -> Bools:
    return (found.spread >= TELLING) & ~np.isnan(found.factor)
