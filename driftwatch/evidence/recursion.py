"""The e-detector: evidence that grows with every closed pane that the tolerance does not explain, bet by bet."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

CAP: Final = 3.0
"""Nats that one pane can add: no single pane can alert."""
FLOOR: Final = -32.0
"""Stands for ln 0: ln(1 + e^-32) is already 0 in the unit below."""
CEILING: Final = 600.0
"""Far above any limit; keeps exp finite."""
UNIT: Final = 2.0**-32
"""Logarithms are whole multiples of this, so that equal panes give equal evidence everywhere (EXACTNESS E13)."""


@dataclass(slots=True)
class Evidence:
    """The state of bets [steps, rows, indicators]; `log` holds ln R, in whole units.

    `path` and `since` follow the bets of the smallest step in each direction, [directions, rows, indicators]: the
    largest sum of log ratios over all stretches that end now, and the pane number at which that stretch began.
    """

    log: Floats
    path: Floats
    since: Ints
    linear: Floats
    """exp(log): derived, kept because the next pane needs it again."""

    @classmethod
    def empty(cls, steps: Sequence[float], rows: int, indicators: int) -> Evidence:
        """No evidence yet."""
        directions = len({step > 0 for step in steps})
        log = np.full((len(steps), rows, indicators), FLOOR)
        path = np.zeros((directions, rows, indicators))
        return cls(log, path, np.zeros(path.shape, np.int64), np.exp(log))

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
    still: NDArray[np.bool_] | None = None,
) -> Floats:
    """One closed pane: R_t = LR_t (1 + R_(t-1)), in logarithms; answers the sum of R over steps, [rows, indicators].

    Shiryaev-Roberts form of Shin, Ramdas, Rinaldo 2024. `hits` float64[rows, indicators] are already divided by the clumping factor, and so are
    `penalties`, one array of that shape per step: ln LR = step * hits + penalty, at most CAP. `rows` says which rows of the
    state these are (default: all). Where `still` is true, of all steps or per step, nothing was observed and nothing changes.
    `ceiling` clips ln R from above.
    """
    total = np.zeros(hits.shape)
    ratio, grown = np.empty(hits.shape), np.empty(hits.shape)
    direction, last_up = -1, None
    for k, (step, penalty) in enumerate(zip(steps, penalties, strict=True)):
        log, linear = _part(state.log[k], rows), _part(state.linear[k], rows)
        np.multiply(hits, step, out=ratio)
        ratio += penalty
        np.minimum(ratio, CAP, out=ratio)
        quiet = still[k] if still is not None and still.ndim == 3 else still
        if last_up is not (step > 0):  # the first step of a direction is its smallest
            direction, last_up = direction + 1, step > 0
            _follow(state, direction, ratio, pane, rows, quiet)
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
    state: Evidence,
    direction: int,
    ratio: Floats,
    pane: int,
    rows: Ints | None,
    still: NDArray[np.bool_] | None,
) -> None:
    """Page 1954: the stretch with the largest sum that ends now; it begins anew where the sum fell to 0."""
    path, since = _part(state.path[direction], rows), _part(state.since[direction], rows)
    begins = path <= 0.0
    if still is not None:
        begins &= ~still
    grown = np.maximum(path, 0.0) + _whole(ratio.copy())
    if still is not None:
        np.copyto(grown, path, where=still)
    _put(state.path[direction], rows, np.maximum(grown, 0.0))
    _put(state.since[direction], rows, np.where(begins, pane, since))


def _whole(logs: Floats) -> Floats:
    logs /= UNIT
    np.rint(logs, out=logs)
    logs *= UNIT
    return logs


def _part(array: NDArray[np.generic], rows: Ints | None):  # type: ignore[no-untyped-def]
    return array if rows is None else array[rows]


def _put(array: NDArray[np.generic], rows: Ints | None, values: NDArray[np.generic]) -> None:
    if rows is None:
        array[...] = values
    else:
        array[rows] = values
