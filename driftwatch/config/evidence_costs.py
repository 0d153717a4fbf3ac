"""What evidence costs in memory, as formulas: the state of its bets, how it is designed, and the references it rests on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from driftwatch.events.classes import Stream
from driftwatch.evidence.baseline import CELLS_MAX, CYCLES_MIN, DAY, WEEK
from driftwatch.evidence.clumping import HOUR_MS
from driftwatch.references.learn import EVENTS_MAX
from driftwatch.references.reference import Reference
from driftwatch.summaries.layout import FieldKind, Layout, Part, is_output
from driftwatch.summaries.performance import CALIBRATION_AGES

SHARE_BYTES: Final = 450
"""Memory of one share in one slice: six bets of a few float64, their slopes, and what a pane and a commit need beside."""
DESIGN_BYTES: Final = 400
"""What learning clumping and wander needs beside for one share in one slice, while a version begins."""
SLOT_BYTES: Final = 12
"""Hits and events of one share in one slice and slot of the reference."""
DESIGN_COPIES: Final = 4
"""Copies of the slots while slots are chosen."""
STREAM_BYTES: Final = 1_000
"""Memory of one stream of evidence that fires: what it alerted at, and what is said of it."""
ENTRY_BYTES: Final = 8
"""Memory of one counter of a reference's pane that is not zero: where it is, and its value."""
LABEL_ENTRIES: Final = 12
"""Counters that one label adds to in a row, at most."""
CLASS_ENTRIES: Final = 7
"""How many more for each class with a score of its own."""
QUALITY_SHARES: Final = 3
DECILES: Final = 9
ATOMS_MAX: Final = 20
"""So many values can have 5 % each."""


@dataclass(frozen=True, slots=True)
class EvidenceCosts:
    """Of one live version."""

    streams: int
    """Streams of evidence, at most."""
    shares: int
    """Shares that are bet on, over all slices, at most."""
    state_bytes: int
    design_bytes: int
    """Beside that while a version begins; one does at a time."""


def shares_of(layout: Layout, part: Part) -> tuple[int, int]:
    """(streams, shares) of one slice at most: what `evidence.indicators` and `evidence.labels` could make of a part."""
    if part.stream is Stream.LABELS:
        calibration = part.block(CALIBRATION_AGES) or part.block("calibration")
        ages = part.block("ages")
        cells = calibration.shape[-1] + 1 if calibration else 0
        return 4, 1 + 2 + cells + (ages.shape[0] if ages else 0)
    shares = 0
    for field in part.fields:
        if field.kind is FieldKind.NUMERIC:
            edges = len(field.edges)
            atoms = sum(field.atoms) if field.atoms else ATOMS_MAX
            shares += min(edges, DECILES + 2 * is_output(field.name)) + min(edges, atoms, ATOMS_MAX)
        else:
            shares += len(field.categories) + 1
        shares += QUALITY_SHARES
    return 2 * len(part.fields), shares


def evidence_of(layout: Layout, span_ms: int, pane_ms: int) -> EvidenceCosts:
    """`span_ms` is the event time that the reference covers or will cover: with it come shares per hour of day or week."""
    rows = len(layout.slices.rows)
    streams = shares = slotted = 0
    for part in layout.parts:
        watched, bet_on = shares_of(layout, part)
        streams, shares = streams + rows * watched, shares + rows * bet_on
        if part.stream is not Stream.LABELS:
            slotted = max(slotted, _slots(span_ms, pane_ms, rows * bet_on))
    held = SHARE_BYTES * shares + STREAM_BYTES * streams + SLOT_BYTES * slotted
    return EvidenceCosts(streams, shares, held, DESIGN_BYTES * shares + DESIGN_COPIES * SLOT_BYTES * slotted)


def _slots(span_ms: int, pane_ms: int, shares: int) -> int:
    """Numbers that shares per slot take at most, as `evidence.baseline` chooses slots; 0 where there are none."""
    if pane_ms > HOUR_MS:
        return 0
    slots = [slots for slots in (DAY, WEEK) if span_ms >= CYCLES_MIN * slots * HOUR_MS]
    return min(max(slots, default=0) * shares, CELLS_MAX)


def reference_bytes(reference: Reference) -> int:
    """A loaded reference: its matrices, and its panes without their zeros."""
    totals = sum(total.nbytes for total in reference.totals.values())
    panes = ((pane.times_ms, pane.starts, pane.cells, pane.counts) for pane in reference.panes.values())
    return totals + sum(array.nbytes for arrays in panes for array in arrays)


def learned_bytes(layout: Layout) -> int:
    """A reference that is still to be learned, of as many events as are kept: each adds to its rows in every field."""
    rows = 1 + len(layout.slices.dimensions)
    fields = sum(
        LABEL_ENTRIES + CLASS_ENTRIES * len(part.scored)
        if part.stream is Stream.LABELS
        else len(part.fields) + 1 + len(part.scored)
        for part in layout.parts
    )
    columns = sum(part.columns for part in layout.parts)
    return EVENTS_MAX * rows * fields * ENTRY_BYTES + 8 * len(layout.slices.rows) * columns
