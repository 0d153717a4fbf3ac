"""The cells of a numeric field, cut from the reference's values: by default equal mass, atoms apart, deciles among the edges."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from driftwatch.references.schemes import distinct, scheme_edges
from driftwatch.references.spec import CellsSpec
from driftwatch.summaries.layout import Field, FieldKind, Scheme

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

TAILS: Final = ((1, 100), (99, 100))
"""Quantiles that scores have as edges beside the deciles: evidence bets on them (STATISTICS §4)."""
_ALONE: Final = 100
"""Up to this many cells of a chosen scheme are PSI cells as they are."""
_LARGE: Final = 1e100
"""Values beyond this are scaled down before they are squared."""


def numeric_field(
    name: str,
    start: int,
    values: Floats,
    spec: CellsSpec,
    *,
    tails: bool = False,
    cuts: tuple[float, ...] = (),
) -> Field:
    """The field whose cells fit these finite reference values, float64[m] in any order (m may be 0).

    `cuts` are edges that it must have where they lie inside the values' range.
    Equal values in another order give an equal field, to the last bit.
    """
    ordered = np.sort(values + 0.0)  # + 0.0: -0.0 and 0.0 are one value and one text
    scheme, edges = _cut(name, ordered, spec, tails=tails)
    if scheme in (Scheme.QUANTILE, Scheme.EXACT):
        edges = np.union1d(edges, [cut for cut in cuts if len(edges) and edges[0] < cut < edges[-1]])
    cell_of = np.searchsorted(edges, ordered, side="left")
    counts = np.bincount(cell_of, minlength=len(edges) + 1)
    mean, deviation = _moments(ordered)
    return Field(
        name=name,
        kind=FieldKind.NUMERIC,
        start=start,
        edges=tuple(edges.tolist()),
        atoms=_atoms(edges),
        coarse=_coarse(counts, scheme, spec.coarse),
        low=float(ordered[0]) if len(ordered) else 0.0,
        high=float(ordered[-1]) if len(ordered) else 0.0,
        mean=mean,
        deviation=deviation,
        centres=_centres(ordered, edges, counts),
        scheme=scheme,
    )


def _cut(name: str, ordered: Floats, spec: CellsSpec, *, tails: bool) -> tuple[Scheme, Floats]:
    """The scheme that is used and its edges; a field with too many values for exact cells has quantile cells."""
    own = spec.of(name)
    cells = own.cells or spec.cells
    beyond = own.scheme is Scheme.EXACT and distinct(ordered) > spec.exact_max
    if own.scheme is Scheme.QUANTILE or beyond:
        return Scheme.QUANTILE, cell_edges(ordered, cells, tails=tails)
    return own.scheme, scheme_edges(ordered, own, cells)


def _coarse(counts: Ints, scheme: Scheme, wanted: int) -> tuple[int, ...]:
    """Cells that someone chose stand alone; the many of the other schemes are joined."""
    if scheme in (Scheme.QUANTILE, Scheme.EXACT) or len(counts) > _ALONE:
        return coarse_cells(counts, wanted)
    return tuple(range(len(counts)))


def cell_edges(ordered: Floats, cells: int, *, tails: bool = False) -> Floats:
    """Ascending edges of about `cells` cells `(a, b]` of equal mass.

    The first edge lies just below the smallest value and the last one on the largest, so that the outer cells
    hold what is out of the reference's range. A value with the mass of a cell or more gets one of its own.
    """
    if len(ordered) == 0:
        return np.empty(0)
    values, counts = np.unique(ordered, return_counts=True)
    atoms = values[counts * cells >= len(ordered)]
    ranks = [_rank(part, whole, len(ordered)) for part, whole in _fractions(cells, tails=tails)]
    return _edges(ordered[[0]], ordered[ranks], ordered[[-1]], atoms)


def _edges(lowest: Floats, *others: Floats) -> Floats:
    """`lowest` and the last of `others` become cells of one value; everything sorted, each edge once."""
    with np.errstate(over="ignore"):
        below = np.nextafter(np.concatenate([lowest, others[-1]]), -np.inf)
    edges = np.unique(np.concatenate([below, *others]) + 0.0)
    return edges[np.isfinite(edges)]


def _fractions(cells: int, *, tails: bool) -> Iterator[tuple[int, int]]:
    """Shares of mass at which to cut; with 10 cells or more each decile is cut evenly, so deciles are edges."""
    if cells < 10:
        yield from ((cut, cells) for cut in range(1, cells))
    else:
        for decile in range(10):
            pieces = cells * (decile + 1) // 10 - cells * decile // 10
            yield from ((decile * pieces + cut, 10 * pieces) for cut in range(1, pieces + 1))
    yield from TAILS if tails else ()


def _rank(part: int, whole: int, count: int) -> int:
    """Position of the smallest value with at least `part/whole` of the mass at or below it; integers only."""
    return -(-part * count // whole) - 1


def coarse_cells(counts: Ints, wanted: int) -> tuple[int, ...]:
    """Joins cells to about `wanted` of equal mass by where the middle of their mass lies; empty cells join a neighbour."""
    total = int(counts.sum())
    if total == 0:
        return (0,) * len(counts)
    middles = 2 * np.cumsum(counts) - counts
    groups = np.minimum(middles * wanted // (2 * total), wanted - 1)
    filled = np.flatnonzero(counts)
    left = np.maximum(np.searchsorted(filled, np.arange(len(counts)), side="right") - 1, 0)
    _, joined = np.unique(groups[filled[left]], return_inverse=True)
    return tuple(joined.reshape(-1).tolist())


def _atoms(edges: Floats) -> tuple[bool, ...]:
    if len(edges) == 0:
        return (False,)
    inner: list[bool] = (edges[:-1] == np.nextafter(edges[1:], -np.inf)).tolist()
    return (False, *inner, False)


def _moments(ordered: Floats) -> tuple[float, float]:
    """Mean and (population) standard deviation; finite for all finite values."""
    if len(ordered) == 0:
        return 0.0, 0.0
    size = max(abs(float(ordered[0])), abs(float(ordered[-1])))
    unit = size if size > _LARGE else 1.0
    scaled = ordered / unit
    return float(scaled.mean()) * unit, min(float(scaled.std()), np.finfo(np.float64).max / unit) * unit


def _centres(ordered: Floats, edges: Floats, counts: Ints) -> tuple[float, ...]:
    """Mean value in each cell; an empty cell's is its middle, an empty outer one's its edge."""
    if len(ordered) == 0:
        return (0.0,) * (len(edges) + 1)
    lower = np.append(min(edges[0], ordered[0]), edges)
    upper = np.append(edges, max(edges[-1], ordered[-1]))
    centres = lower / 2 + upper / 2
    filled = np.flatnonzero(counts)
    starts = (np.cumsum(counts) - counts)[filled]
    with np.errstate(over="ignore", invalid="ignore"):  # sums of both signs may both leave the range
        means = np.add.reduceat(ordered, starts) / counts[filled]
    means = np.where(np.isfinite(means), means, centres[filled])
    centres[filled] = means
    return tuple(np.clip(centres, lower, upper).tolist())
