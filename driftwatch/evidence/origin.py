"""Where a change comes from: the smallest set of slices that explains all slices in which it shows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from driftwatch.summaries.slices import SliceTable

Floats = NDArray[np.float64]

NOISE: Final = 2.0
"""Standard errors within which a remainder counts as nothing."""
ALL: Final = 0
"""Row of all traffic."""


@dataclass(frozen=True, slots=True)
class Excess:
    """Per row float64[rows]: events beyond expectation in the direction of the change, and how sure that is."""

    excess: Floats
    events: Floats
    spread: Floats
    tolerance: Floats


def origin(table: SliceTable, loud: Sequence[int], found: Excess) -> tuple[int, ...]:
    """The rows that explain the loud ones, most changed first.

    Rows of one dimension are disjoint, so its loud rows add up; rows of another dimension are explained where they hold
    no more excess than these together (they may share their events); all traffic is explained where the rest of it has
    not changed by more than is tolerable. The dimension with the fewest rows wins, then the greatest change; where none
    explains everything, or takes more than half of its slices, the change is in all traffic.
    """
    loud = sorted(set(loud))
    if len(loud) <= 1:
        return tuple(loud)
    candidates = [
        chosen for rows in dimension_rows(table) if (chosen := _candidate(rows, loud, found)) is not None
    ]
    if candidates:
        best = min(candidates, key=lambda rows: (len(rows), -_change(rows, found), rows))
        return tuple(sorted(best, key=lambda row: (-_change((row,), found), row)))
    if ALL in loud:
        return (ALL,)
    return tuple(sorted(loud, key=lambda row: (-_change((row,), found), row)))


def dimension_rows(table: SliceTable) -> Iterable[range]:
    """The rows of each dimension: its kept combinations, the others and the unknown ones."""
    start = 1
    for dimension in table.dimensions:
        stop = start + len(dimension.kept) + 2
        yield range(start, stop)
        start = stop


def _candidate(rows: range, loud: Sequence[int], found: Excess) -> tuple[int, ...] | None:
    chosen = [row for row in loud if row in rows]
    if not chosen:
        return None
    filled = sum(found.events[row] > 0 for row in rows)
    if ALL in loud and 2 * len(chosen) > filled and filled > 1:
        return None
    total = sum(float(found.excess[row]) for row in chosen)
    for row in loud:
        if row in rows:
            continue
        if row == ALL and not _rest_is_calm(chosen, found):
            return None
        if row != ALL and found.excess[row] > total + NOISE * np.sqrt(found.spread[row]):
            return None
    return tuple(chosen)


def _rest_is_calm(chosen: Sequence[int], found: Excess) -> bool:
    events = found.events[ALL] - sum(float(found.events[row]) for row in chosen)
    if events <= 0:
        return True
    excess = found.excess[ALL] - sum(float(found.excess[row]) for row in chosen)
    spread = max(found.spread[ALL] - sum(float(found.spread[row]) for row in chosen), 0.0)
    return bool(abs(excess) <= events * found.tolerance[ALL] + NOISE * np.sqrt(spread))


def _change(rows: Sequence[int], found: Excess) -> float:
    events = sum(float(found.events[row]) for row in rows)
    return sum(float(found.excess[row]) for row in rows) / events if events else 0.0
