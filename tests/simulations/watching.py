"""Evidence as the product computes it, over many seeds at once: rows are streams, and every seed has a list rule of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np

from driftwatch.evidence.bank import Bank, Observer, TimedPanes
from driftwatch.evidence.baseline import Baseline, PaneShares, learn
from driftwatch.evidence.groups import Group
from driftwatch.evidence.indicators import Indicator, ShareMap, Watch
from driftwatch.evidence.listing import listed
from driftwatch.evidence.shares import ShareObserver
from tests.simulations.worlds import CELLS, PANE_MS, Floats, Ints, World

WEEK = 2_016
DECILES = Watch(
    "value", Group.INPUTS, (0, CELLS),
    tuple(Indicator(f"decile {k}", ((0, 2 * k),)) for k in range(1, 10)),
)  # fmt: skip
SHARES = ShareMap([DECILES])
TOLERANCE = 0.02


def baseline(world: World, panes: int, *, timed: bool = True) -> Baseline:
    """Learned from the world's own panes before 0; the panes are drawn once and kept."""
    kind = np.uint16 if world.events * 10 < 65_536 else np.int32
    drawn = [world.pane(number).astype(kind) for number in range(-panes, 0)]
    total = np.sum(drawn, axis=0, dtype=np.int64)
    hits, sizes = SHARES.count(total)
    rows = np.arange(world.rows)

    def counted() -> Iterable[PaneShares]:
        for k, matrix in enumerate(drawn if timed else []):
            there = np.flatnonzero(matrix.any(axis=1))
            part = matrix if len(there) == len(rows) else matrix[there]
            yield PaneShares((k - panes) * PANE_MS, there, *SHARES.count(part))

    smallest = np.array([TOLERANCE])
    return learn(SHARES.starts, len(SHARES.indicators), (hits, sizes), smallest, counted, PANE_MS)


def observer(learned: Baseline) -> ShareObserver:
    return ShareObserver(SHARES, learned, (Group.INPUTS,))


@dataclass
class Watcher:
    """A bank over seeds x streams, in this order of rows."""

    observer: Observer
    seeds: int
    panes_per_alert: float
    lists: list[tuple[int, int, Ints]] = field(default_factory=list)
    """(pane, seed, streams) of every alert."""
    bank: Bank = field(init=False)
    first: Floats = field(init=False)
    """Pane of the first alert of each seed; NaN before."""

    def __post_init__(self) -> None:
        self.bank = Bank(self.observer)
        self.first = np.full(self.seeds, np.nan)

    def see(self, matrix: Ints, number: int) -> None:
        self.bank.tick(matrix, number, number * PANE_MS)
        claims = self.bank.claims[:, 0].reshape(self.seeds, -1)
        limit = float(np.log(self.panes_per_alert))
        for seed in np.flatnonzero(claims.max(axis=1) >= limit):
            declared = np.flatnonzero(self.bank.bets[:, 0].reshape(self.seeds, -1)[seed] > 0)
            chosen = declared[listed(claims[seed, declared], limit)]
            if not len(chosen):
                continue
            self.lists.append((number, int(seed), chosen))
            if np.isnan(self.first[seed]):
                self.first[seed] = number
            needed = limit + float(np.log(len(declared) / len(chosen)))
            for stream in chosen:
                self.bank.fire(int(seed) * claims.shape[1] + int(stream), 0, needed)

    def relearn(self, panes: TimedPanes) -> None:
        """Take up clumping and wander from these panes; evidence of calm streams starts anew, as in the product."""
        firing = self.bank.firing
        self.observer = self.observer.with_spread(self.observer.learn(panes, PANE_MS))
        self.bank = Bank(self.observer)
        self.bank.firing = firing

    def alerts(self, before: float = np.inf, since: float = -np.inf) -> int:
        return sum(since <= pane < before for pane, _, _ in self.lists)


def watch(
    world: World, seeds: int, panes: int, reference: int = WEEK, *, timed: bool = True,
    also: Callable[[Ints, int], None] | None = None,
) -> Watcher:  # fmt: skip
    """Learn from `reference` panes, then watch `panes` under a budget of one false alert a week."""
    watcher = Watcher(observer(baseline(world, reference, timed=timed)), seeds, WEEK)
    for number in range(panes):
        matrix = world.pane(number)
        watcher.see(matrix, number)
        if also is not None:
            also(matrix, number)
    return watcher
