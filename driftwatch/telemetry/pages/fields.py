"""Features and slices as pictures: the heat map, and the cells that moved as pairs of bars."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np

from driftwatch.drift.cell_shares import CellShare, cell_shares
from driftwatch.drift.reading import Reading
from driftwatch.telemetry.charts.heat import STEPS, heat
from driftwatch.telemetry.charts.pairs import pairs, percent
from driftwatch.telemetry.charts.shapes import figures
from driftwatch.telemetry.markup import Child, Markup, join, tag
from driftwatch.telemetry.pages.frame import carried, figure, key, model_address
from driftwatch.telemetry.pages.sight import Sight

ROWS_MAX: Final = 20
"""Slices of a heat map, the worst first."""
COLUMNS_MAX: Final = 12
CELLS_MAX: Final = 8
"""Cells of a field that are drawn, those that changed most."""
FIELDS_MAX: Final = 6
"""Fields whose cells are drawn."""


def heat_map(sight: Sight) -> Markup:
    """PSI by slice and feature, the slices that moved most first; all traffic always."""
    reading = sight.inputs
    if reading is None or "psi" not in reading.estimates:
        return tag("p", "No window has closed yet.", class_="none")
    found = reading.estimates["psi"]
    values = found.value
    greatest = np.fmax.reduce(values, axis=1, initial=-1.0)
    rows: list[int] = [
        0,
        *(i for i in np.argsort(-greatest, kind="stable").tolist() if i and greatest[i] >= 0),
    ][:ROWS_MAX]
    of_fields = np.fmax.reduce(values[rows], axis=0, initial=-1.0)
    columns: list[int] = sorted(np.argsort(-of_fields, kind="stable")[:COLUMNS_MAX].tolist())
    names = [sight.version.slices[row] for row in rows]
    fields = [found.fields[column] for column in columns]
    shown = values[np.ix_(rows, columns)].tolist()
    label = f"PSI by slice and feature; {_loudest(names, fields, shown)}"
    left = [
        f"{len(sight.version.slices) - len(rows)} slices" if len(rows) < len(sight.version.slices) else "",
        f"{len(found.fields) - len(columns)} features" if len(columns) < len(found.fields) else "",
    ]
    omitted = (
        f" Not drawn: {' and '.join(filter(None, left))} that moved less or are empty." if any(left) else ""
    )
    table: list[Sequence[Child]] = [
        (_slice_link(sight, name), *(figures(value) for value in numbers))
        for name, numbers in zip(names, shown, strict=True)
    ]
    shades = [
        ("h0", f"below {STEPS[0]:g}"),
        *((f"h{i + 1}", f"from {step:g}") for i, step in enumerate(STEPS)),
    ]
    caption = f"PSI against the reference, window {reading.window}.{omitted} "
    return figure(heat(label, names, fields, shown), caption, ("Slice", *fields), table, key(*shades))


def _loudest(rows: Sequence[str], columns: Sequence[str], values: Sequence[Sequence[float]]) -> str:
    known = [(v, r, c) for r, numbers in enumerate(values) for c, v in enumerate(numbers) if v == v]
    if not known:
        return "nothing is known yet"
    value, row, column = max(known)
    return f"greatest in {rows[row]}, {columns[column]}: {figures(value)}"


def _slice_link(sight: Sight, name: str) -> Child:
    if not carried(name):
        return name
    address = model_address(sight.model.model, version=sight.version.version, window=sight.window, slice=name)
    return tag("a", name, href=address)


def moved_fields(sight: Sight, first: Iterable[tuple[str, str]] = (), most: int = FIELDS_MAX) -> list[Markup]:
    """The cells of the fields in `first` (slice, field), then of those with the greatest PSI in the slice looked at."""
    reading = sight.inputs
    if reading is None or reading.cells is None:
        return []
    wanted = dict.fromkeys((*first, *_most_moved(sight, reading)))
    made: list[Markup] = []
    for slice_, field in wanted:
        if len(made) == most:
            break
        if slice_ in sight.version.slices and (drawn := _moved(sight, reading, slice_, field)):
            made.append(drawn)
    return made


def _most_moved(sight: Sight, reading: Reading) -> list[tuple[str, str]]:
    found = reading.estimates.get("psi")
    if found is None:
        return []
    values = np.nan_to_num(found.value[sight.row], nan=-1.0)
    return [(sight.slice, found.fields[i]) for i in np.argsort(-values, kind="stable").tolist()]


def _moved(sight: Sight, reading: Reading, slice_: str, field: str) -> Markup:
    part = reading.layout.part(reading.stream)
    if part is None or reading.cells is None:
        return Markup("")
    row = sight.version.slices.index(slice_)
    cells = cell_shares(part, reading.cells, row, field)
    if not cells:
        return Markup("")
    kept = _kept(cells)
    found = reading.estimates.get("psi")
    psi = (
        float(found.value[row, found.fields.index(field)])
        if found and field in found.fields
        else float("nan")
    )
    where = "all traffic" if slice_ == "all" else slice_
    most = max(kept, key=lambda cell: abs(cell.current - cell.reference))
    label = (
        f"{field} in {where}: share of each cell, reference and now; {most.name} from {percent(most.reference)} "
        f"to {percent(most.current)}"
    )
    left = f", {len(cells) - len(kept)} cells that changed less not drawn" if len(kept) < len(cells) else ""
    caption = join([tag("b", field), " in ", tag("b", where), f": PSI {figures(psi)}{left} "])
    table: list[Sequence[Child]] = [(c.name, percent(c.reference), percent(c.current)) for c in cells]
    return figure(
        pairs(label, kept),
        caption,
        ("Cell", "Reference", "Now"),
        table,
        key(("then", "reference"), ("now", "now")),
    )


def _kept(cells: Sequence[CellShare]) -> list[CellShare]:
    """Those that changed most, in their own order."""
    order = sorted(range(len(cells)), key=lambda i: -abs(cells[i].current - cells[i].reference))[:CELLS_MAX]
    return [cells[i] for i in sorted(order) if max(cells[i].reference, cells[i].current) > 0]
