"""Cell shares and the reliability diagram of all traffic as metric families, so that a dashboard can draw them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from driftwatch.drift.cell_shares import cell_shares, cells_in
from driftwatch.drift.reading import Reading
from driftwatch.drift.reliability import BLOCKS, WIDTH, bars
from driftwatch.events.classes import Stream
from driftwatch.summaries.layout import Field, Part
from driftwatch.summaries.patterns import matching
from driftwatch.telemetry import catalogue as c
from driftwatch.telemetry.rows import finite
from driftwatch.telemetry.series import Family
from driftwatch.telemetry.text import label_value

SIDES = ("now", "reference")
Values = Iterator[tuple[tuple[str, ...], float]]


def cell_series(part: Part | None, fields: Sequence[str]) -> int:
    """Series of one window of a part: its cells of the fields that the patterns name, and its reliability diagram."""
    if part is None:
        return 0
    shares = sum(len(SIDES) * cells_in(field) for field in _chosen(part, fields))
    diagram = part.block(BLOCKS[WIDTH]) if part.stream is Stream.LABELS else None
    return shares + (len(c.RELIABILITY) * diagram.shape[1] if diagram is not None else 0)


def cell_families(shown: Sequence[Reading], fields: Sequence[str]) -> Iterator[Family]:
    """The families of these readings; a cell without a number shows no series."""
    yield Family.of(c.CELL_SHARE, (value for reading in shown for value in _shares(reading, fields)))
    diagrams = [value for reading in shown for value in _diagram(reading)]
    for place, metric in enumerate(c.RELIABILITY):
        found = ((labels, finite(numbers[place])) for labels, numbers in diagrams)
        yield Family.of(metric, ((labels, number) for labels, number in found if number is not None))


def _chosen(part: Part, patterns: Sequence[str]) -> list[Field]:
    fits = matching(patterns, [field.name for field in part.fields])
    return [field for field, fitting in zip(part.fields, fits, strict=True) if fitting]


def _shares(reading: Reading, fields: Sequence[str]) -> Values:
    part = reading.layout.part(reading.stream)
    if part is None or reading.cells is None:
        return
    for field in _chosen(part, fields):
        of = (label_value(reading.model), label_value(reading.version), str(reading.stream))
        where = (*of, label_value(field.name), label_value(reading.window))
        for place, found in enumerate(cell_shares(part, reading.cells, 0, field.name)):
            for side, share in zip(SIDES, (found.current, found.reference), strict=True):
                yield (*where, _cell(place, found.name), side), share


def _diagram(reading: Reading) -> Iterator[tuple[tuple[str, ...], tuple[float, ...]]]:
    part = reading.layout.part(reading.stream)
    if part is None or reading.labels is None:
        return
    where = (label_value(reading.model), label_value(reading.version), label_value(reading.window))
    for bar in bars(reading.layout, part, *reading.labels, 0, reading.confidence):
        if bar.cells == WIDTH:
            numbers = (float(bar.labels), bar.score, bar.share, bar.lower, bar.upper)
            yield (*where, _cell(bar.cell, f"{bar.low:g}–{bar.high:g}")), numbers


def _cell(place: int, words: str) -> str:
    """In order and never twice, whatever the words: two close edges may read the same."""
    return label_value(f"{place:02d}: {words}")
