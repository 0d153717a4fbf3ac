"""A reference as a table for people: fields, cells, shares, slices kept, sizes, and from what and when it was built."""

from __future__ import annotations

from dataclasses import dataclass

from driftwatch.events.classes import Stream
from driftwatch.references.reference import Reference
from driftwatch.summaries.layout import Field, FieldKind
from driftwatch.summaries.totals import events_of

LARGEST_SHOWN = 3


@dataclass(frozen=True, slots=True)
class FieldRow:
    """One field; shares are of all reference events."""

    stream: Stream
    field: str
    kind: FieldKind
    cells: int
    atoms: int
    """Cells of one single value (numeric)."""
    low: float | None
    """Smallest value; None for categories, and where there was no valid value."""
    high: float | None
    mean: float | None
    missing: float
    invalid: float
    other: float | None
    """Share of categories without a cell of their own; None for numbers."""
    largest: tuple[tuple[str, float], ...]
    """The fullest cells with their shares."""


@dataclass(frozen=True, slots=True)
class SliceRow:
    """One slice; shares are of all reference events."""

    slice: str
    events: int
    share: float
    labels: int | None
    """Labels known; None where the model has none."""


@dataclass(frozen=True, slots=True)
class StreamRow:
    """One stream's matrix."""

    stream: Stream
    events: int
    columns: int
    matrix_bytes: int
    """Size of one pane in memory."""
    panes: int
    pane_ms: int


@dataclass(frozen=True, slots=True)
class Shown:
    """All that there is to show."""

    model: str
    task: str
    source: str
    created_ms: int
    start_ms: int
    end_ms: int
    """Equal to `start_ms` where the events have no times."""
    events: int
    hash: str
    layout_hash: str
    streams: tuple[StreamRow, ...]
    fields: tuple[FieldRow, ...]
    slices: tuple[SliceRow, ...]


def show(reference: Reference) -> Shown:
    """The reference as plain rows."""
    layout = reference.layout
    return Shown(
        model=reference.model,
        task=layout.task.value,
        source=reference.source,
        created_ms=reference.created_ms,
        start_ms=reference.start_ms,
        end_ms=reference.end_ms,
        events=reference.events,
        hash=reference.hash,
        layout_hash=layout.hash,
        streams=tuple(_stream_row(reference, part.stream) for part in layout.parts),
        fields=tuple(
            _field_row(part.stream, field, reference.totals[part.stream][0].tolist())
            for part in layout.parts
            for field in part.fields
        ),
        slices=tuple(_slice_rows(reference)),
    )


def cell_name(field: Field, cell: int) -> str:
    """How people read a cell: `(2, 5]`, `= 5`, `> 5`, a category."""
    if field.kind is FieldKind.CATEGORICAL:
        return field.categories[cell] if cell < len(field.categories) else "__other__"
    if not field.edges:
        return "any"
    if cell == 0:
        return f"<= {field.edges[0]:.6g}"
    if cell == len(field.edges):
        return f"> {field.edges[-1]:.6g}"
    if field.atoms and field.atoms[cell]:
        return f"= {field.edges[cell]:.6g}"
    return f"({field.edges[cell - 1]:.6g}, {field.edges[cell]:.6g}]"


def _stream_row(reference: Reference, stream: Stream) -> StreamRow:
    part, panes = reference.layout.part(stream), reference.panes[stream]
    assert part is not None
    total = reference.totals[stream]
    return StreamRow(
        stream,
        int(events_of(part, total)[0]),
        part.columns,
        total.nbytes,
        len(panes.times_ms),
        panes.width_ms,
    )


def _field_row(stream: Stream, field: Field, counts: list[int]) -> FieldRow:
    cells = counts[field.start : field.start + field.cells]
    missing, invalid = counts[field.missing], counts[field.invalid]
    events = max(1, sum(cells) + missing + invalid)
    fullest = sorted(range(len(cells)), key=lambda cell: (-cells[cell], cell))[:LARGEST_SHOWN]
    numeric = field.kind is FieldKind.NUMERIC
    valued = numeric and len(field.edges) > 0
    return FieldRow(
        stream=stream,
        field=field.name,
        kind=field.kind,
        cells=field.cells,
        atoms=sum(field.atoms),
        low=field.low if valued else None,
        high=field.high if valued else None,
        mean=field.mean if valued else None,
        missing=missing / events,
        invalid=invalid / events,
        other=None if numeric else cells[-1] / events,
        largest=tuple((cell_name(field, cell), cells[cell] / events) for cell in fullest if cells[cell]),
    )


def _slice_rows(reference: Reference) -> list[SliceRow]:
    inputs, labels = reference.layout.part(Stream.PREDICTIONS), reference.layout.part(Stream.LABELS)
    assert inputs is not None
    events = events_of(inputs, reference.totals[Stream.PREDICTIONS]).tolist()
    known = events_of(labels, reference.totals[Stream.LABELS]).tolist() if labels else [None] * len(events)
    names = reference.layout.slices.rows
    return [
        SliceRow(name, count, count / max(1, events[0]), labelled)
        for name, count, labelled in zip(names, events, known, strict=True)
    ]
