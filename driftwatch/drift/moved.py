"""Which cells of a field moved most in one slice, in words: `18–25: 4.0 % → 11.2 %`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

import numpy as np

from driftwatch.drift.gather import Sides, coarse_breaks
from driftwatch.drift.reading import Floats, Ints, Pair
from driftwatch.summaries.layout import Field, FieldKind

Terms = Callable[[Sides], Floats]
"""float64[slices, coarse cells of all fields]: what each coarse cell adds to a statistic."""

SHOWN: Final = 3
"""Cells that are named unless told."""
_CATEGORY_MAX: Final = 40
"""Characters of a category's name that are shown; the rest is data nobody asked for."""


def moved(
    pair: Pair, row: int, field: str, limit: int = SHOWN, terms: Terms | None = None
) -> tuple[str, ...]:
    """The cells of a field whose share of all events changed most in a slice row, largest change first.

    With `terms` (a statistic's own) those that add most to the statistic, largest first. Numeric cells are the
    coarse ones, `missing` and `invalid` are cells too; unchanged cells are left out, and all are where a side is
    empty or the part has no such field. Category names come from the data: escape them where they are shown.
    """
    found = next((each for each in pair.part.fields if each.name == field), None)
    if found is None:
        return ()
    breaks = coarse_breaks(found)
    reference = _shares(pair.reference[row], found, breaks)
    current = _shares(pair.current[row], found, breaks)
    if reference is None or current is None:
        return ()
    names = cell_names(found, breaks)
    change = np.abs(current - reference)
    weight = change if terms is None else np.where(change > 0, _terms(pair, row, found, terms), 0.0)
    order = [int(i) for i in np.argsort(-weight, kind="stable")[:limit] if weight[i] > 0]
    return tuple(f"{names[i]}: {_percent(reference.item(i))} → {_percent(current.item(i))}" for i in order)


def _terms(pair: Pair, row: int, field: Field, terms: Terms) -> Floats:
    """What each coarse cell adds to a statistic in this row; missing and invalid add nothing."""
    alone = replace(pair, reference=pair.reference[[row]], current=pair.current[[row]])
    sides = Sides.of(alone)
    start = int(sides.gather.coarse_fields[pair.part.fields.index(field)])
    cells = np.nan_to_num(terms(sides)[0, start : start + len(coarse_breaks(field))])
    return np.concatenate([cells, [0.0, 0.0]])


def _shares(counts: Ints, field: Field, breaks: Ints) -> Floats | None:
    """Shares of the coarse cells, then missing and invalid; None without events."""
    cells = np.add.reduceat(counts[field.start : field.start + field.cells], breaks)
    whole = np.concatenate([cells, counts[field.missing : field.stop]])
    total = int(whole.sum())
    return whole / total if total else None


def cell_names(field: Field, breaks: Ints) -> list[str]:
    """Every coarse cell in words, then `missing` and `invalid`; category names come from the data."""
    ends = [*(breaks[1:] - 1).tolist(), field.cells - 1]
    name = _interval if field.kind is FieldKind.NUMERIC else _categories
    cells = [name(field, first, last) for first, last in zip(breaks.tolist(), ends, strict=True)]
    return [*cells, "missing", "invalid"]


def _interval(field: Field, first: int, last: int) -> str:
    """Cells `first` to `last` as text; a lower edge just below a value stands for the value itself."""
    edges = field.edges
    if first == 0 and last == len(edges):
        return "any value"
    if first == 0:
        below = last == 0 and _up(edges[0]) == field.low
        return f"below {field.low:.4g}" if below else f"up to {edges[last]:.4g}"
    if last == len(edges):
        return f"above {edges[first - 1]:.4g}"
    low, high = edges[first - 1], edges[last]
    if _up(low) == high:
        return f"{high:.4g}"
    return f"{low:.4g}–{high:.4g}"


def _up(edge: float) -> float:
    return float(np.nextafter(edge, np.inf))


def _categories(field: Field, first: int, last: int) -> str:
    names = [*field.categories, "other"][first : last + 1]
    text = names[0] if len(names) == 1 else f"{names[0]} … {names[-1]}"
    return text if len(text) <= _CATEGORY_MAX else text[: _CATEGORY_MAX - 1] + "…"


def _percent(share: float) -> str:
    """One decimal, more for small shares; never 0 for what is not 0."""
    percent = 100 * share
    if percent == 0 or percent >= 0.1:
        return f"{percent:.1f} %"
    return f"{percent:.2g} %"
