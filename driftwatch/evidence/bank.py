"""A bank: the streams of evidence of one part, one per row and watch, advanced together once per closed pane."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from driftwatch.evidence.baseline import Spread
from driftwatch.evidence.comparison import Comparison
from driftwatch.evidence.groups import Group
from driftwatch.evidence.outlook import Outlook
from driftwatch.evidence.recursion import CEILING, UNIT, Evidence, advance

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

CALM_PANES: Final = 12
"""Panes with data in a row in which a firing stream must look calm before it is resolved."""


TimedPanes = Sequence[tuple[int, Ints, Ints]]
"""Panes in the order of time: start, the rows that hold anything, and their counts int64[rows, columns]."""


@dataclass(frozen=True, slots=True)
class Observed:
    """One pane as bets see it, for R rows that hold anything."""

    rows: Ints
    """int64[R]: which rows."""
    hits: Floats
    """float64[R, indicators]: hits per event that counts as independent."""
    penalties: Sequence[Floats] | Iterator[Floats]
    """Per step float64[R, indicators]."""
    told: Bools
    """bool[R, watches]: whether there was anything to observe."""
    still: Bools | None = None
    """bool[steps, R, indicators]: bets for which there was nothing; default: all those of watches that are not `told`."""


class Observer(Protocol):
    """Turns the matrix of a closed pane into what bets need."""

    steps: tuple[float, ...]
    starts: Ints
    """int64[watches]: first indicator of each."""
    groups: tuple[Group, ...]
    """Of each watch."""

    spread: Spread
    """Clumping and tolerance, [rows, watches]."""
    kept: Bools
    """bool[steps, rows, indicators]: the bets that are made."""
    bets: Ints
    """int64[rows, watches]: C, the bets that are made; 0 where there is no stream of evidence."""

    def observe(self, matrix: Ints, start_ms: int) -> Observed:
        """One closed pane, int64[rows, columns]."""
        ...

    def sizes(self, matrix: Ints) -> Floats:
        """float64[rows, watches]: events (labels) of each stream in counts int64[rows, columns] of any stretch."""
        ...

    def compare(self, matrix: Ints) -> Comparison:
        """Counts int64[rows, columns] of any stretch beside what the reference says of them."""
        ...

    def outlook(self, events: Floats) -> Outlook:
        """What can be told of panes with float64[rows, watches] events."""
        ...

    def learn(self, panes: TimedPanes, width_ms: int) -> Spread:
        """Clumping and wander of these panes around their own shares; no tolerance less than the present one."""
        ...

    def with_spread(self, spread: Spread) -> Observer:
        """The same under another spread."""
        ...


@dataclass(slots=True)
class Firing:
    """What is remembered of streams that alert, [rows, watches] each."""

    limit: Floats
    """ln c: the evidence at which it alerted; 0 for a stream that is calm."""
    calm: Ints
    """Panes with data in a row in which its evidence was at most half of that."""

    @property
    def on(self) -> Bools:
        """Whether a stream fires."""
        return self.limit > 0


class Bank:
    """Evidence of R rows and W watches; a pure function of the closed panes."""

    def __init__(self, observer: Observer) -> None:
        self.observer = observer
        self.bets = observer.bets
        rows, indicators = observer.kept.shape[1:]
        self.evidence = Evidence.empty(observer.steps, rows, indicators)
        self.firing = Firing(np.zeros(self.bets.shape), np.zeros(self.bets.shape, np.int64))
        self.seen = np.full(self.bets.shape, -1, np.int64)
        """int64[rows, watches]: the last pane with data, by number; -1 before the first."""
        sizes: Ints = np.diff(observer.starts, append=indicators)
        self._of: Ints = np.repeat(np.arange(self.bets.shape[1], dtype=np.int64), sizes)
        with np.errstate(divide="ignore"):
            self._log_bets = np.log(self.bets)
        self.log_evidence = np.empty(self.bets.shape)
        """float64[rows, watches]: ln E, the mean over the bets; -inf where there are none."""
        self.refresh()

    def refresh(self) -> None:
        """Derive what is derived from ln R, after it was set from outside."""
        total = np.zeros(self.evidence.log.shape[1:])
        for log, linear in zip(self.evidence.log, self.evidence.linear, strict=True):
            np.exp(log, out=linear)
            total += linear
        self.log_evidence[...] = self._mean(total, slice(None))

    def _mean(self, total: Floats, rows: Ints | slice | list[int]) -> Floats:
        sums = np.add.reduceat(total, self.observer.starts, axis=1)
        with np.errstate(divide="ignore"):
            logs = np.log(sums) - self._log_bets[rows]
        logs = np.rint(logs / UNIT) * UNIT
        return np.where(self.bets[rows] > 0, logs, -np.inf)

    def tick(self, matrix: Ints, pane: int, start_ms: int) -> list[tuple[int, int]]:
        """One closed pane int64[rows, columns] with its number; answers (row, watch) of the streams that are calm again."""
        seen = self.observer.observe(matrix, start_ms)
        if not len(seen.rows):
            return []
        everything = len(seen.rows) == len(self.bets)
        rows: Ints | slice = slice(None) if everything else seen.rows
        still = seen.still
        if still is None and not seen.told.all():
            still = ~seen.told[:, self._of]
        limits = self.firing.limit[rows]
        ceiling = np.where(limits > 0, limits, CEILING)[:, self._of] if limits.any() else CEILING
        total = advance(
            self.evidence, self.observer.steps, seen.hits, seen.penalties, pane,
            ceiling, None if everything else seen.rows, still,
        )  # fmt: skip
        self.log_evidence[rows] = self._mean(total, rows)
        self.seen[rows] = np.where(seen.told, pane, self.seen[rows])
        return self._resolve(rows, seen.told) if limits.any() else []

    def _resolve(self, rows: Ints | slice, told: Bools) -> list[tuple[int, int]]:
        limits, logs = self.firing.limit[rows], self.log_evidence[rows]
        calm = (logs <= limits / 2).astype(np.int64)
        counted = np.where(told, (self.firing.calm[rows] + 1) * calm, self.firing.calm[rows])
        self.firing.calm[rows] = np.where(limits > 0, counted, 0)
        over = [(int(r), int(w)) for r, w in np.argwhere(self.firing.calm >= CALM_PANES)]
        for row, watch in over:
            self.restart(row, watch)
        return over

    @property
    def claims(self) -> Floats:
        """float64[rows, watches]: ln E of the streams that may alert now; a firing one adds nothing."""
        return np.where(self.firing.on, -np.inf, self.log_evidence)

    def fire(self, row: int, watch: int, limit: float) -> None:
        """A stream was listed at the evidence `limit` > 0 (ln c): it fires until it is calm for long enough.

        Its evidence leaves the sum, which is the restart that the budget needs; what runs on, clipped at ln c from the
        next pane on, only decides when it is over.
        """
        self.firing.limit[row, watch] = np.rint(max(limit, 1.0) / UNIT) * UNIT
        self.firing.calm[row, watch] = 0

    def restart(self, row: int, watch: int) -> None:
        """Forget a stream's evidence; it is calm."""
        self.firing.limit[row, watch] = 0.0
        self.firing.calm[row, watch] = 0
        self.evidence.restart(np.array([row]), self.indicators(watch))
        self.log_evidence[row, watch] = self._mean(self.evidence.linear[:, [row]].sum(axis=0), [row])[
            0, watch
        ]

    def forget(self, before: int) -> list[tuple[int, int]]:
        """Restart streams whose slice has been silent since before a pane; answers (row, watch) of those that fired."""
        silent = (self.seen >= 0) & (self.seen < before)
        fired = [(int(r), int(w)) for r, w in np.argwhere(silent & self.firing.on)]
        for row, watch in np.argwhere(silent).tolist():
            self.restart(row, watch)
        self.seen[silent] = -1
        return fired

    def indicators(self, watch: int) -> slice:
        """The indicators of a watch."""
        starts = self.observer.starts
        stop = int(starts[watch + 1]) if watch + 1 < len(starts) else len(self._of)
        return slice(int(starts[watch]), stop)
