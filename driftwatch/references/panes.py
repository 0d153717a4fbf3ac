"""The reference's own closed panes: how wide they are, and their counts in sparse form."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from driftwatch.events.narrow import Narrow, narrow
from driftwatch.references.reference import ReferencePanes

Ints = NDArray[np.int64]

PANES_MAX: Final = 2_000
"""More panes than this say nothing new; they are made wider."""


def pane_width_ms(first_ms: int, last_ms: int, base_ms: int, origin_ms: int) -> int:
    """The base pane's width, doubled until the time covered has at most `PANES_MAX` panes."""
    width_ms = base_ms
    while (last_ms - origin_ms) // width_ms - (first_ms - origin_ms) // width_ms + 1 > PANES_MAX:
        width_ms *= 2
    return width_ms


def collect(
    times_ms: Ints, width_ms: int, origin_ms: int, shape: tuple[int, int], add: Callable[[Ints, Ints], None]
) -> ReferencePanes:
    """Panes of n events with `times_ms` int64[n]: `add(matrix, places)` counts the events at `places` int64[k].

    Panes without events are left out; they are empty, not unknown.
    """
    times: list[int] = []
    cells: list[Narrow] = []
    counts: list[Narrow] = []
    matrix = np.zeros(shape, np.int64)
    for start_ms, places in _groups(times_ms - (times_ms - origin_ms) % width_ms):
        matrix.fill(0)
        add(matrix, places)
        flat = matrix.reshape(-1)
        filled = np.flatnonzero(flat)
        times.append(start_ms)
        cells.append(narrow(filled))
        counts.append(narrow(flat[filled]))
    return ReferencePanes(
        width_ms=width_ms,
        times_ms=np.array(times, np.int64),
        starts=np.cumsum([0, *map(len, cells)]).astype(np.int64),
        cells=np.concatenate([np.empty(0, np.int8), *cells]),
        counts=np.concatenate([np.empty(0, np.int8), *counts]),
    )


def no_panes(width_ms: int) -> ReferencePanes:
    """Panes of a reference without event times."""
    nothing = np.empty(0, np.int8)
    return ReferencePanes(width_ms, np.empty(0, np.int64), np.zeros(1, np.int64), nothing, nothing)


def _groups(starts_ms: Ints) -> Iterator[tuple[int, Ints]]:
    order = np.argsort(starts_ms, kind="stable")
    ordered = starts_ms[order]
    bounds = [0, *(np.flatnonzero(np.diff(ordered)) + 1).tolist(), len(ordered)]
    for begin, end in pairwise(bounds):
        if end > begin:
            yield int(ordered[begin]), order[begin:end]
