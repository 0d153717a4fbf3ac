"""Bets on what labels say: each label is compared with reference labels of its own age, and of its own score."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from driftwatch.evidence.bank import Observed, TimedPanes
from driftwatch.evidence.baseline import Spread, assumed, events_per_independent, spread_of
from driftwatch.evidence.clumping import Surprise, measure
from driftwatch.evidence.comparison import Comparison
from driftwatch.evidence.groups import Group
from driftwatch.evidence.odds import HIGHEST, HOPELESS, LOWEST, half_widths, slopes
from driftwatch.evidence.outlook import Outlook

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class AgedCounts:
    """Labels by row, indicator and age bucket, float64[rows, indicators, ages] each."""

    events: Floats
    hits: Floats
    """Errors, or labels that are 1; for a regression absolute errors in units of their maximum."""
    expected: Floats
    """Sum of the scores where they say what to expect; else 0."""

    def take(self, rows: Ints) -> AgedCounts:
        """The same for some rows."""
        return AgedCounts(self.events[rows], self.hits[rows], self.expected[rows])


Counter = Callable[[Ints], AgedCounts]
"""Counts of a matrix int64[rows, columns]."""
AgedPanes = Iterable[tuple[int, Ints, Ints]]
"""The reference's panes in the order of time: start, rows, matrix of these rows."""


class AgedObserver:
    """Observes one watch: all its indicators, over all ages at once, are bet on together.

    The ratio of an indicator is the product over ages of the ratios in each age, so a change in how fast labels
    come moves nothing. For shares q0 = f + delta + c; with scores q0 = mean score of the pane's labels + the
    reference's own gap +- (delta + c): labels of unequal chance with this mean pay no more than equal ones
    (inequality of the means), and a sum of values in [0, 1] no more than a count (chord bound).
    """

    def __init__(
        self, group: Group, steps: tuple[float, ...], count: Counter, reference: AgedCounts, spread: Spread
    ) -> None:
        """`spread` is of one watch, [rows, 1]."""
        self.groups, self.steps, self.count, self.spread = (group,), steps, count, spread
        self.starts = np.zeros(1, np.int64)
        self._labelled = _labels(reference.events)
        self._past = reference
        self._known, self._reference = reference.events > 0, reference.events
        with np.errstate(invalid="ignore"):
            self._gap = np.nan_to_num((reference.hits - reference.expected) / reference.events)
        bets = reference.events.shape[1] * reference.events.shape[2]
        factor = spread.factor[:, :, None]
        above, below = half_widths(reference.hits / factor, reference.events / factor, bets)
        tolerance = spread.tolerance[:, :, None]
        self._up, self._down = self._gap + tolerance + above, self._gap - tolerance - below
        mean = np.nan_to_num(reference.expected / np.maximum(reference.events, 1))
        made = {up: self._usable(mean, up=up)[1].any(axis=2) for up in (True, False)}
        self.kept = np.stack([made[step > 0] for step in steps])
        self.bets = self.kept.sum(axis=(0, 2))[:, None]

    def _usable(self, mean: Floats, *, up: bool, rows: Ints | slice = slice(None)) -> tuple[Floats, Bools]:
        """The tolerable shares, and where they leave room for a bet on labels of a known age."""
        q0 = mean + (self._up if up else self._down)[rows]
        return q0, ((q0 < HIGHEST) if up else (q0 > LOWEST)) & self._known[rows]

    def bounds(self) -> tuple[Floats, Floats]:
        """The largest and the smallest tolerable share (with scores: gap), [rows, indicators, ages]."""
        return self._up, self._down

    def observe(self, matrix: Ints, start_ms: int) -> Observed:
        """One closed pane int64[rows, columns]."""
        counts = self.count(matrix)
        rows = np.flatnonzero((counts.events * self._known).any(axis=(1, 2)))
        return self.seen(counts.take(rows), rows)

    def seen(self, counts: AgedCounts, rows: Ints) -> Observed:
        """The same from the counts of rows that hold labels of a known age."""
        events = counts.events * self._known[rows]
        spread = self.spread.take(rows)
        worth = 1 / events_per_independent(spread, events.sum(axis=2).max(axis=1, keepdims=True))
        with np.errstate(invalid="ignore"):
            mean = np.nan_to_num(counts.expected / counts.events)
        ratios: list[Floats] = []
        still: list[Bools] = []
        for step in self.steps:
            q0, told = self._usable(mean, up=step > 0, rows=rows)
            told &= events > 0
            slope = slopes(np.where(told, q0, 0.5), step)
            gained = (step * counts.hits + slope * events) * told
            ratios.append(gained.sum(axis=2) * worth)
            still.append(np.logical_not(told.any(axis=2)))
        penalties = np.where(self.kept[:, rows], np.stack(ratios), HOPELESS)
        quiet = np.stack(still)
        told_rows = np.any(~quiet, axis=(0, 2), keepdims=True)[0]
        return Observed(rows, np.zeros(penalties.shape[1:]), list(penalties), told_rows, quiet)

    def outlook(self, events: Floats) -> Outlook:
        """What can be told of panes with float64[rows, 1] labels, of ages (and scores) as in the reference."""
        past = self._past
        total = np.maximum(past.events.sum(axis=2), 1e-9)
        parts = total / np.maximum(self._labelled, 1e-9)
        share = past.hits.sum(axis=2) / total
        above = ((self._up - self._gap) * past.events).sum(axis=2) / total
        below = ((self._gap - self._down) * past.events).sum(axis=2) / total
        downs: list[Bools] = [kept for step, kept in zip(self.steps, self.kept, strict=True) if step < 0]
        return Outlook(
            share,
            np.where(self.kept[0], share + above, np.nan),
            np.where(downs[0], share - below, np.nan) if downs else np.full_like(share, np.nan),
            parts * (events / events_per_independent(self.spread, events)),
        )

    def learn(self, panes: TimedPanes, width_ms: int) -> Spread:
        """Clumping and wander of these panes around their own shares; no tolerance less than the present one."""
        total = np.zeros((len(self.bets), panes[0][2].shape[1]), np.int64)
        for _, rows, matrix in panes:
            total[rows] += matrix
        return learn_spread(self.count(total), self.count, panes, width_ms, self.spread.tolerance)

    def with_spread(self, spread: Spread) -> AgedObserver:
        """The same under another spread."""
        return AgedObserver(self.groups[0], self.steps, self.count, self._past, spread)

    def sizes(self, matrix: Ints) -> Floats:
        """float64[rows, 1]: labels of known ages in counts int64[rows, columns]."""
        return _labels(self.count(matrix).events * self._known)

    def compare(self, matrix: Ints) -> Comparison:
        """Counts int64[rows, columns] of any stretch beside the reference's, age by age; labels of unknown ages are left out."""
        counts = self.count(matrix)
        events = counts.events * self._known
        with np.errstate(invalid="ignore"):
            mean = np.nan_to_num(counts.expected / counts.events)
        share = np.clip(mean + self._gap, 0.0, 1.0)
        factor = events_per_independent(self.spread, np.minimum(events.sum(axis=2), self.spread.mean_size))
        total = events.sum(axis=2)
        with np.errstate(invalid="ignore"):
            unsure = np.nan_to_num(((self._up - self._gap) * events).sum(axis=2) / total)
        return Comparison(
            events=total,
            hits=((counts.hits - counts.expected) * self._known).sum(axis=2),
            expected=(self._gap * events).sum(axis=2),
            spread=np.maximum((events * share * (1 - share)).sum(axis=2), 1e-6) * factor,
            tolerance=unsure,
            reference=self._reference.sum(axis=2),
            scores=(counts.expected * self._known).sum(axis=2),
        )


def _labels(events: Floats) -> Floats:
    """float64[rows, 1] of float64[rows, indicators, ages]; scores may be missing, so the indicator of most labels counts."""
    return events.sum(axis=2).max(axis=1, keepdims=True)


def learn_spread(
    reference: AgedCounts, count: Counter, panes: AgedPanes, width_ms: int, smallest: Floats
) -> Spread:
    """Clumping and wander of what the labels say beyond their ages' (and scores') own; `smallest` float64[rows, 1]."""
    shape = reference.events.shape[:2]
    squares, total = np.zeros(shape), np.zeros(shape)

    def surprises() -> Iterator[Surprise]:
        for start_ms, rows, matrix in panes:
            surprise = _surprise(reference, count(matrix), rows, start_ms)
            squares[rows] += surprise.sizes**2
            total[rows] += surprise.sizes
            yield surprise

    found = measure(surprises(), shape, width_ms, 1, 0)
    if not total.any():
        return assumed(shape[0], np.ones(1)) if smallest.size == 0 else _assumed(smallest)
    largest = (squares / np.maximum(total, 1)).max(axis=1, keepdims=True)
    spread = spread_of(found, np.zeros(1, np.int64), np.zeros(1), np.maximum(largest, 1.0))
    return Spread(spread.mean_size, spread.factor, np.maximum(spread.tolerance, smallest), spread.learned)


def _assumed(smallest: Floats) -> Spread:
    spread = assumed(len(smallest), np.zeros(1))
    return Spread(spread.mean_size, spread.factor, smallest.copy(), spread.learned)


def _surprise(reference: AgedCounts, counts: AgedCounts, rows: Ints, start_ms: int) -> Surprise:
    past = reference.take(rows)
    with np.errstate(invalid="ignore"):
        gap = np.nan_to_num((past.hits - past.expected) / past.events)
        mean = np.nan_to_num(counts.expected / counts.events)
    share = np.clip(mean + gap, 0.0, 1.0)
    excess = (counts.hits - share * counts.events).sum(axis=2)
    spread = (counts.events * share * (1 - share)).sum(axis=2)
    return Surprise(start_ms, rows, excess, spread, counts.events.sum(axis=2))
