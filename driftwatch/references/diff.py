"""What differs between two references: fields, slices, and how far each field's values lie apart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from driftwatch.events.classes import Stream
from driftwatch.references.reference import Reference
from driftwatch.summaries.layout import Field, FieldKind


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field that both references have, where it differs."""

    stream: Stream
    field: str
    kinds: tuple[FieldKind, FieldKind]
    moved: float | None
    """Share of events that would have to change cells: half the sum of |p - q| over all cells with missing and
    invalid; None where the two references have different cells."""
    means: tuple[float, float] | None = None
    ranges: tuple[tuple[float, float], tuple[float, float]] | None = None
    categories_added: tuple[str, ...] = ()
    categories_removed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Difference:
    """What changed from reference `a` to reference `b`."""

    equal: bool
    """Whether they are the same in everything that counts."""
    same_layout: bool
    """Whether panes of one can be compared with the other (E9)."""
    models: tuple[str, str]
    events: tuple[int, int]
    spans_ms: tuple[int, int]
    fields_added: tuple[str, ...]
    fields_removed: tuple[str, ...]
    fields: tuple[FieldChange, ...]
    """Largest move first; then those whose cells differ, by name."""
    slices_added: tuple[str, ...]
    slices_removed: tuple[str, ...]


def diff(a: Reference, b: Reference) -> Difference:
    """What changed from `a` to `b`."""
    old, new = _fields(a), _fields(b)
    changes = [_change(a, b, *key, old[key], new[key]) for key in old if key in new]
    found = [change for change in changes if change is not None]
    found.sort(key=lambda c: (c.moved is None, -(c.moved or 0.0), c.field))
    rows_a, rows_b = a.layout.slices.rows, b.layout.slices.rows
    return Difference(
        equal=a.hash == b.hash,
        same_layout=a.layout.hash == b.layout.hash,
        models=(a.model, b.model),
        events=(a.events, b.events),
        spans_ms=(a.span_ms, b.span_ms),
        fields_added=tuple(_name(*key) for key in new if key not in old),
        fields_removed=tuple(_name(*key) for key in old if key not in new),
        fields=tuple(found),
        slices_added=tuple(row for row in rows_b if row not in set(rows_a)),
        slices_removed=tuple(row for row in rows_a if row not in set(rows_b)),
    )


def _fields(reference: Reference) -> dict[tuple[Stream, str], Field]:
    return {(part.stream, field.name): field for part in reference.layout.parts for field in part.fields}


def _name(stream: Stream, field: str) -> str:
    return f"{stream}.{field}"


def _change(
    a: Reference, b: Reference, stream: Stream, name: str, old: Field, new: Field
) -> FieldChange | None:
    same_cells = (old.kind, old.edges, old.categories) == (new.kind, new.edges, new.categories)
    moved = _moved(a, b, stream, old, new) if same_cells else None
    if moved == 0.0:
        return None
    change = FieldChange(stream, name, (old.kind, new.kind), moved)
    if old.kind is not new.kind:
        return change
    if old.kind is FieldKind.NUMERIC:
        ranges = ((old.low, old.high), (new.low, new.high))
        return FieldChange(stream, name, change.kinds, moved, (old.mean, new.mean), ranges)
    return FieldChange(
        stream,
        name,
        change.kinds,
        moved,
        categories_added=tuple(c for c in new.categories if c not in set(old.categories)),
        categories_removed=tuple(c for c in old.categories if c not in set(new.categories)),
    )


def _moved(a: Reference, b: Reference, stream: Stream, old: Field, new: Field) -> float:
    p = a.totals[stream][0, old.start : old.stop].astype(np.float64)
    q = b.totals[stream][0, new.start : new.stop].astype(np.float64)
    shares = [counts / max(1.0, float(counts.sum())) for counts in (p, q)]
    return float(np.abs(shares[0] - shares[1]).sum() / 2)
