"""Which remembered row an event belongs to: inside the time range of the join, the smallest (time, partition, offset)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from driftwatch.events.joins import JoinRows, JoinTable


def match(
    table: JoinTable,
    ids: NDArray[np.int64],
    times_ms: NDArray[np.int64],
    *,
    generation_ms: int,
    before_ms: int,
    after_ms: int,
) -> tuple[NDArray[np.int64], JoinRows]:
    """For each event its row with time in [t - before, t + after] (E2): (position of each matched event, rows).

    At most one row per event, positions ascending.
    """
    if not len(ids):
        return np.empty(0, np.int64), np.empty(0, table.dtype)
    first = (int(times_ms.min()) - before_ms) // generation_ms
    last = (int(times_ms.max()) + after_ms) // generation_ms
    positions, rows = table.find(range(first, last + 1), ids)
    near = times_ms[positions]
    fits = (rows["time_ms"] >= near - before_ms) & (rows["time_ms"] <= near + after_ms)
    positions, rows = positions[fits], rows[fits]
    order = np.lexsort((rows["offset"], rows["partition"], rows["time_ms"], positions))
    positions, rows = positions[order], rows[order]
    keep = np.ones(len(positions), np.bool_)
    keep[1:] = positions[1:] != positions[:-1]
    return positions[keep], rows[keep]


def duplicates_inside(
    ids: NDArray[np.int64], partitions: NDArray[np.int64], generations: NDArray[np.int64]
) -> NDArray[np.int64]:
    """int64[n]: for each event the position of the earlier event of the block that it repeats, or -1 (E3).

    The block holds each partition's events in offset order. A repetition has the same id and partition and
    lies in the same generation as the first, or a neighbouring one.
    """
    repeats = np.full(len(ids), -1, np.int64)
    first: dict[tuple[int, int], list[int]] = {}
    for i in occur_again(ids).tolist():
        earlier = first.setdefault((int(ids[i]), int(partitions[i])), [])
        near = next((j for j in earlier if abs(int(generations[j]) - int(generations[i])) <= 1), None)
        if near is None:
            earlier.append(i)
        else:
            repeats[i] = near
    return repeats


def occur_again(ids: NDArray[np.int64]) -> NDArray[np.int64]:
    """Positions, ascending, of the events whose id occurs more than once."""
    ascending = np.sort(ids)
    several = ascending[1:][ascending[1:] == ascending[:-1]]
    return np.flatnonzero(np.isin(ids, several)) if len(several) else np.empty(0, np.int64)


def split_inside(
    ids: NDArray[np.int64], partitions: NDArray[np.int64], generations: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """bool[n]: which events have an id that came before them in another partition, in a generation as near (E3)."""
    split = np.zeros(len(ids), np.bool_)
    seen: dict[int, list[tuple[int, int]]] = {}
    rows = zip(*(a.tolist() for a in (ids, partitions, generations)), strict=True)
    for place, (id_, partition, generation) in enumerate(rows):
        earlier = seen.setdefault(id_, [])
        split[place] = any(p != partition and abs(g - generation) <= 1 for p, g in earlier)
        earlier.append((partition, generation))
    return split
