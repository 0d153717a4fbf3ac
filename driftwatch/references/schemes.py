"""Cells cut by other rules than equal mass: exact, equal width, given edges, and the rules of other tools."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from driftwatch.references.spec import FieldCellsSpec
from driftwatch.summaries.layout import Scheme

Floats = NDArray[np.float64]

_BINS_MAX: Final = 10_000


def scheme_edges(ordered: Floats, spec: FieldCellsSpec, cells: int) -> Floats:
    """Ascending edges of the cells `(a, b]` for ascending reference values by the field's scheme (not quantile).

    The outer cells hold what is out of the reference's range, but with `deciles` and given edges: their outer
    cells are open as their definitions have it.
    """
    if spec.scheme is Scheme.EDGES:
        return np.array(spec.edges)
    if len(ordered) == 0:
        return np.empty(0)
    if spec.scheme is Scheme.EXACT:
        return exact_edges(ordered)
    if spec.scheme is Scheme.DECILES:
        return np.unique(np.quantile(ordered, np.arange(1, 10) / 10))
    return from_numpy(numpy_edges(ordered, "doane" if spec.scheme is Scheme.DOANE else cells))


def numpy_edges(ordered: Floats, bins: int | str) -> Floats:
    """NumPy's edges of equal width; one bin around the values where it finds none (a range too small or too large)."""
    try:
        with np.errstate(all="ignore"):
            edges = np.histogram_bin_edges(ordered, bins)
    except (ValueError, OverflowError, MemoryError):
        edges = np.array([])
    if len(edges) < 2 or len(edges) > _BINS_MAX or not np.isfinite(edges).all():
        return ordered[[0, -1]]
    return edges


def exact_edges(ordered: Floats) -> Floats:
    """Edges of a cell per distinct value and one per gap between them: KS then has no grid error."""
    values = np.unique(ordered + 0.0)
    with np.errstate(over="ignore"):
        edges = np.unique(np.concatenate([np.nextafter(values, -np.inf), values]) + 0.0)
    return edges[np.isfinite(edges)]


def distinct(ordered: Floats) -> int:
    """How many different values there are."""
    return int(np.count_nonzero(ordered[1:] != ordered[:-1])) + 1 if len(ordered) else 0


def from_numpy(edges: Floats) -> Floats:
    """NumPy's bins `[a, b)`, the last one closed, as edges of cells `(a, b]` that hold the same values."""
    with np.errstate(over="ignore"):
        moved = np.append(np.nextafter(edges[:-1], -np.inf), edges[-1])
    return np.unique(moved[np.isfinite(moved)] + 0.0)
