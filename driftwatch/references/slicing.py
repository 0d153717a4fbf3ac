"""The slice table: which values and combinations of the declared slice columns get a row of their own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from driftwatch.events.columns import INVALID_TEXT
from driftwatch.summaries.slices import OTHER, UNKNOWN, Dimension, SliceTable

Texts = Sequence[str | None]
RESERVED = frozenset({None, INVALID_TEXT, OTHER, UNKNOWN})
"""Values that never have a row: unknown ones, and texts that would look like the rows for the rest."""


def slice_table(dimensions: Sequence[tuple[str, ...]], values: Mapping[str, Texts], cap: int) -> SliceTable:
    """The table of these dimensions; each keeps its `cap` most frequent combinations, ties in alphabetical order.

    `values` holds, per slice column, the reference's text of each event. A dimension declared twice counts once.
    """
    declared = list(dict.fromkeys(dimensions))
    columns = tuple(dict.fromkeys(column for dimension in declared for column in dimension))
    kept = [Dimension(names, _kept([values[name] for name in names], cap)) for names in declared]
    return SliceTable(
        columns, tuple(_values(column, kept, values[column]) for column in columns), tuple(kept)
    )


def _kept(columns: Sequence[Texts], cap: int) -> tuple[tuple[str, ...], ...]:
    found: list[tuple[int, tuple[str, ...]]] = []
    for combination, count in Counter(zip(*columns, strict=True)).items():
        texts = tuple(text for text in combination if text is not None and text not in RESERVED)
        if len(texts) == len(combination):
            found.append((-count, texts))
    return tuple(texts for _, texts in sorted(found)[:cap])


def _values(column: str, dimensions: Sequence[Dimension], texts: Texts) -> tuple[str, ...]:
    used = {
        combination[place]
        for dimension in dimensions
        for place, name in enumerate(dimension.columns)
        if name == column
        for combination in dimension.kept
    }
    counts = Counter(texts)
    return tuple(sorted(used, key=lambda text: (-counts[text], text)))
