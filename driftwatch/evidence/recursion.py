"""The e-detector: evidence that grows with every closed pane that the tolerance does not explain, bet by bet."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

S = TypeVar("S", bound=np.generic)

CAP: Final = 3.0
"""Nats that one pane can add: no single pane can alert."""
FLOOR: Final = -32.0
"""Stands for ln 0: ln(1 + e^-32) is already 0 in the unit below."""
CEILING: Final = 600.0
"""Far above any limit; keeps exp finite."""
PATH_MAX: Final = 1e6
UNIT: Final = 2.0**-32
"""Logarithms are whole multiples of this, so that equal panes give equal evidence everywhere (EXACTNESS E13)."""


@dataclass(slots=True)
class Evidence:
    """The state of bets, [steps, rows, indicators] each."""

    log: Floats
    """ln R, in whole units."""
    path: Floats
    """The largest sum of log ratios over all stretches of panes that end now, 0 if none is positive (Page 1954).

    Without the cap: it only says when a change began and which share it is.
    """
    since: NDArray[np.int32]
    """The number of the pane at which that stretch began."""
    linear: Floats
    """exp(log): derived, kept because the next pane needs it again."""

    @classmethod
    def empty(cls, steps: Sequence[float], rows: int, indicators: int) -> Evidence:
        """No evidence yet."""
        log = np.full((len(steps), rows, indicators), FLOOR)
        return cls(log, np.zeros(log.shape), np.zeros(log.shape, np.int32), np.exp(log))

    def restart(self, rows: Ints, indicators: slice) -> None:
        """Forget everything of these indicators in these rows."""
        self.log[:, rows, indicators] = FLOOR
        self.linear[:, rows, indicators] = np.exp(FLOOR)
        self.path[:, rows, indicators] = 0.0


def advance(
    state: Evidence,
    steps: Sequence[float],
    hits: Floats,
    penalties: Iterable[Floats],
    pane: int,
    ceiling: Floats | float = CEILING,
    rows: Ints | None = None,
    still: Bools | None = None,
) -> Floats:
    """One closed pane: R_t = LR_t (1 + R_(t-1)), in logarithms; answers the sum of R over steps, [rows, indicators].

    Shiryaev-Roberts form of Shin, Ramdas, Rinaldo 2024. `hits` float64[rows, indicators] are already divided by the clumping factor, and so are
    `penalties`, one array of that shape per step: ln LR = step * hits + penalty, at most CAP. `rows` says which rows of the
    state these are (default: all). Where `still` is true, of all steps or per step, nothing was observed and nothing changes.
    `ceiling` clips ln R from above.
    """
    total = np.zeros(hits.shape)
    ratio, grown = np.empty(hits.shape), np.empty(hits.shape)
    for k, (step, penalty) in enumerate(zip(steps, penalties, strict=True)):
        log, linear = _part(state.log[k], rows), _part(state.linear[k], rows)
        np.multiply(hits, step, out=ratio)
        ratio += penalty
        quiet = still[k] if still is not None and still.ndim == 3 else still
        _follow(state.path[k], state.since[k], _whole(ratio), pane, rows, quiet)
        np.minimum(ratio, CAP, out=ratio)
        np.log1p(linear, out=grown)
        grown += ratio
        _whole(grown)
        np.maximum(grown, FLOOR, out=grown)
        np.minimum(grown, ceiling, out=grown)
        if quiet is not None:
            np.copyto(grown, log, where=quiet)
        np.exp(grown, out=ratio)
        total += ratio
        _put(state.log[k], rows, grown)
        _put(state.linear[k], rows, ratio)
    return total


def _follow(
    path: Floats, since: NDArray[np.int32], ratio: Floats, pane: int, rows: Ints | None, still: Bools | None
) -> None:
    """The best stretch that ends now goes on, or begins anew where the sum fell to 0."""
    old, began = _part(path, rows), _part(since, rows)
    begins = old <= 0.0
    grown = old + ratio
    np.clip(grown, 0.0, PATH_MAX, out=grown)
    if still is not None:
        begins &= ~still
        np.copyto(grown, old, where=still)
    _put(path, rows, grown)
    if rows is None:
        np.copyto(began, pane, where=begins)
    else:
        since[rows] = np.where(begins, pane, began)


def _whole(logs: Floats) -> Floats:
    logs /= UNIT
    np.rint(logs, out=logs)
    logs *= UNIT
    return logs


def _part(array: NDArray[S], rows: Ints | None) -> NDArray[S]:
    return array if rows is None else array[rows]


def _put(array: NDArray[S], rows: Ints | None, values: NDArray[S]) -> None:
    if rows is None:
        array[...] = values
    else:
        array[rows] = values
