"""What share of all events lies in each cell of a field, now and in the reference: the picture behind PSI."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from driftwatch.drift.gather import coarse_breaks
from driftwatch.drift.moved import names_of, shares_of
from driftwatch.drift.reading import Ints
from driftwatch.summaries.layout import Field


@dataclass(frozen=True, slots=True)
class CellShare:
    """One coarse cell of a field; a share is None where that side has no events."""

    cell: str
    """In words, such as `18–25`; categories come from the data. Two cells may have the same words: they come in order."""
    reference: float | None
    current: float | None


def cells_in(field: Field) -> int:
    """How many cells `cell_shares` tells apart: the coarse ones, missing and invalid."""
    return len(coarse_breaks(field)) + field.stop - field.missing


def cell_shares(field: Field, reference: Ints, current: Ints) -> Iterator[CellShare]:
    """Every cell of a field from one slice's counts int64[columns] of each side, in the order of the layout."""
    breaks = coarse_breaks(field)
    sides = [shares_of(counts, field, breaks) for counts in (reference, current)]
    for place, cell in enumerate(names_of(field, breaks)):
        past, now = (None if side is None else side.item(place) for side in sides)
        yield CellShare(cell, past, now)
