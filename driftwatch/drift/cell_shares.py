"""The coarse cells of a field, reference and window side by side: what a picture of a moved field is drawn from."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from driftwatch.drift.gather import coarse_breaks
from driftwatch.drift.moved import cell_names
from driftwatch.drift.reading import Ints
from driftwatch.summaries.layout import Field, Part


class CellShare(NamedTuple):
    """One coarse cell, `missing` or `invalid`: its share of all events of either side."""

    name: str
    """From the data, where it is a category: escape it where it is shown."""
    reference: float
    current: float


def coarse_counts(part: Part, matrix: Ints) -> Ints:
    """int64[slices, K] of a part's matrix int64[slices, columns]: by field its coarse cells, then missing and invalid."""
    if not part.fields:
        return np.zeros((len(matrix), 0), np.int64)
    begins = np.concatenate([_begins(field) for field in part.fields])
    return np.add.reduceat(matrix[:, : part.fields[-1].stop], begins, axis=1)


def cells_in(field: Field) -> int:
    """How many cells of a field are told apart: the coarse ones, missing and invalid."""
    return len(_begins(field))


def cell_shares(part: Part, counts: tuple[Ints, Ints], row: int, field: str) -> tuple[CellShare, ...]:
    """The cells of a field in a slice row, in their order, from `coarse_counts` of reference and window.

    Nothing where a side is empty or the part has no such field.
    """
    start = 0
    for each in part.fields:
        stop = start + len(_begins(each))
        if each.name == field:
            sides = [side[row, start:stop] for side in counts]
            totals = [int(side.sum()) for side in sides]
            if not all(totals):
                return ()
            shares = ((side / total).tolist() for side, total in zip(sides, totals, strict=True))
            return tuple(map(CellShare, cell_names(each, coarse_breaks(each)), *shares))
        start = stop
    return ()


def _begins(field: Field) -> Ints:
    """First column of each coarse cell of a field, of missing and of invalid."""
    return np.append(field.start + coarse_breaks(field), [field.missing, field.invalid])
