"""The cells of a categorical field: the reference's categories by frequency up to a cap."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from driftwatch.events.columns import INVALID_TEXT
from driftwatch.references.spec import CellsSpec
from driftwatch.summaries.layout import OTHER, Field, FieldKind


def categorical_field(name: str, start: int, texts: Iterable[str | None], spec: CellsSpec) -> Field:
    """The field of its given categories, else of those most frequent in `texts`; the same for any order of them."""
    categories = spec.of(name).categories or by_frequency(texts, spec.categories)
    return field_of(name, start, categories, spec.coarse)


def field_of(name: str, start: int, categories: Sequence[str], coarse: int) -> Field:
    """The field with these categories.

    As PSI cells the first `coarse - 1` categories stand alone; the rest is joined with `__other__`.
    """
    cells = len(categories) + 1
    return Field(
        name=name,
        kind=FieldKind.CATEGORICAL,
        start=start,
        categories=tuple(categories),
        coarse=tuple(min(cell, coarse - 1) for cell in range(cells)),
    )


def by_frequency(texts: Iterable[str | None], cap: int) -> tuple[str, ...]:
    """The `cap` most frequent texts, ties in alphabetical order; missing, invalid and the name `__other__` are none."""
    counts = Counter(texts)
    for reserved in (None, INVALID_TEXT, OTHER):
        counts.pop(reserved, None)
    ranked = sorted((-count, text) for text, count in counts.items() if text is not None)
    return tuple(text for _, text in ranked[:cap])
