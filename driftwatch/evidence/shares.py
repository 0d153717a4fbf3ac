"""Bets on shares of a part's fields: what a closed pane says about each of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from driftwatch.evidence.bank import Observed, TimedPanes
from driftwatch.evidence.baseline import Baseline, PaneShares, Spread, events_per_independent, learn
from driftwatch.evidence.comparison import Comparison
from driftwatch.evidence.groups import Group
from driftwatch.evidence.indicators import ShareMap
from driftwatch.evidence.odds import BOTH, HOPELESS, slopes, usable
from driftwatch.evidence.outlook import Outlook

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(slots=True)
class _Slot:
    """The slopes of all bets in one slot of the baseline."""

    number: int = -1
    slopes: Floats = field(default_factory=lambda: np.empty((0, 0, 0)))


class ShareObserver:
    """Observes the indicators of a `ShareMap` against their baseline, up and down."""

    steps = BOTH

    def __init__(
        self, shares: ShareMap, baseline: Baseline, groups: tuple[Group, ...], columns: Ints | None = None
    ) -> None:
        """`columns` are the matrix columns over which `shares` counts; default: all, in their order."""
        self.shares, self.baseline, self.columns = shares, baseline, columns
        self.starts, self.groups = shares.starts, groups
        self._slot = _Slot()
        self.spread = baseline.spread
        up, down = baseline.bounds()
        self.kept = np.stack([usable(up if step > 0 else down) for step in self.steps])
        self.bets = np.add.reduceat(self.kept.sum(axis=0), shares.starts, axis=1)

    def observe(self, matrix: Ints, start_ms: int) -> Observed:
        """One closed pane int64[rows, columns]."""
        hits, sizes = self.shares.count(matrix if self.columns is None else matrix[:, self.columns])
        return self.seen(hits, sizes, start_ms)

    def seen(self, hits: Ints, sizes: Ints, start_ms: int) -> Observed:
        """The same from counts [rows, indicators] and events [rows, watches]."""
        told = sizes > 0
        rows = np.flatnonzero(told.any(axis=1))
        everything = len(rows) == len(told)
        if not everything:
            hits, sizes, told = hits[rows], sizes[rows], told[rows]
        spread = self.baseline.spread
        if not everything:
            spread = spread.take(rows)
        worth = 1 / events_per_independent(spread, sizes.astype(np.float64))
        effective = (sizes * worth)[:, self.shares.of]
        return Observed(
            rows,
            hits * worth[:, self.shares.of],
            self._penalties(self.baseline.slot(start_ms), effective, None if everything else rows),
            told,
        )

    def sizes(self, matrix: Ints) -> Floats:
        """float64[rows, watches]: events of each field in counts int64[rows, columns]."""
        return self.shares.count(matrix if self.columns is None else matrix[:, self.columns])[1].astype(
            np.float64
        )

    def compare(self, matrix: Ints) -> Comparison:
        """Counts int64[rows, columns] of any stretch beside the reference's shares over all slots."""
        hits, sizes = self.shares.count(matrix if self.columns is None else matrix[:, self.columns])
        of, spread = self.shares.of, self.baseline.spread
        events = sizes.astype(np.float64)[:, of]
        share = np.nan_to_num(self.baseline.shares())
        factor = events_per_independent(spread, np.minimum(sizes, spread.mean_size))[:, of]
        up, _ = self.baseline.bounds()
        return Comparison(
            events=events,
            hits=hits.astype(np.float64),
            expected=events * share,
            spread=events * np.clip(share * (1 - share), 1e-6, None) * factor,
            tolerance=up - share,
            reference=self.baseline.counts()[1],
            scores=np.zeros_like(events),
        )

    def outlook(self, events: Floats) -> Outlook:
        """What can be told of panes with float64[rows, watches] events, over all slots of the baseline."""
        effective = events / events_per_independent(self.spread, events)
        up, down = self.baseline.bounds()
        steps = len(self.steps) // 2
        return Outlook(
            np.nan_to_num(self.baseline.shares()),
            np.where(self.kept[0], up, np.nan),
            np.where(self.kept[steps], down, np.nan),
            effective[:, self.shares.of],
        )

    def learn(self, panes: TimedPanes, width_ms: int) -> Spread:
        """Clumping and wander of these panes around their own shares; no tolerance less than the present one."""
        pick = slice(None) if self.columns is None else self.columns
        counted = [
            PaneShares(start, rows, *self.shares.count(matrix[:, pick])) for start, rows, matrix in panes
        ]
        hits, sizes = np.zeros(self.kept[0].shape, np.int64), np.zeros_like(self.bets)
        for pane in counted:
            hits[pane.rows] += pane.hits
            sizes[pane.rows] += pane.sizes
        smallest = self.spread.tolerance.max(axis=0)
        return learn(
            self.starts, len(self.shares.of), (hits, sizes), smallest, lambda: counted, width_ms
        ).spread

    def with_spread(self, spread: Spread) -> ShareObserver:
        """The same under another spread."""
        return ShareObserver(self.shares, replace(self.baseline, spread=spread), self.groups, self.columns)

    def _penalties(self, slot: int, effective: Floats, rows: Ints | None) -> Iterator[Floats]:
        slopes_of = self._slopes(slot)
        product = np.empty(effective.shape)
        for k in range(len(self.steps)):
            yield np.multiply(slopes_of[k] if rows is None else slopes_of[k, rows], effective, out=product)

    def _slopes(self, slot: int) -> Floats:
        if self._slot.number != slot:
            up, down = self.baseline.bounds(slot)
            values = np.stack([slopes(up if step > 0 else down, step) for step in self.steps])
            self._slot = _Slot(slot, np.where(self.kept, values, HOPELESS))
        return self._slot.slopes
