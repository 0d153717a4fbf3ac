"""What one event adds to a pane, counter by counter, in plain Python: the slow twin of `driftwatch.summaries`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from driftwatch.summaries.layout import RESIDUAL_EDGES, Field, FieldKind, Layout, Part, Task
from driftwatch.summaries.slices import SliceTable

INVALID: Final = float("inf")
"""A value of the wrong type, number or text."""
MILLION: Final = 1_000_000

Value = float | str | None
"""A number, a text, `INVALID`, or None where it is missing."""
Entry = tuple[int, int]
"""(column, how much is added)."""


def rows_of(table: SliceTable, values: Mapping[str, Value]) -> list[int]:
    """All traffic, then one row per slicing: its own, the rest, or unknown as soon as one value is."""
    found, start = [0], 1
    for dimension in table.dimensions:
        picked = tuple(values.get(column) for column in dimension.columns)
        own = len(dimension.kept)
        if any(value is None or value == INVALID for value in picked):
            found.append(start + own + 1)
        elif picked in dimension.kept:
            found.append(start + dimension.kept.index(picked))  # type: ignore[arg-type]
        else:
            found.append(start + own)
        start += own + 2
    return found


def cell_of(field: Field, value: Value) -> int:
    """Cell i of a number is `edges[i-1] < x <= edges[i]`; a text has its own or the last; then missing, then invalid."""
    if value is None:
        return field.cells
    if value == INVALID:
        return field.cells + 1
    if field.kind is FieldKind.NUMERIC:
        assert isinstance(value, int | float)
        return sum(1 for edge in field.edges if edge < value)
    return field.categories.index(value) if value in field.categories else field.cells - 1  # type: ignore[arg-type]


def decision_of(layout: Layout, mapped: bool, decision: Value, score: Value) -> int:
    """The cell of the decided class: classes first, then any other, missing, invalid."""
    named = [name for name in layout.classes if name != "__other__"]
    other = len(named)
    if not mapped and layout.task is not Task.BINARY:
        return other + 1
    value: Value = decision
    if not mapped and score is not None and score != INVALID:
        assert isinstance(score, int | float)
        value = "1" if score >= layout.threshold else "0"
    elif not mapped:
        value = score
    if value is None:
        return other + 1
    if value == INVALID:
        return other + 2
    if layout.task is Task.BINARY:
        value = {"true": "1", "false": "0"}.get(str(value), value)
    return named.index(str(value)) if value in named else other


def field_entries(part: Part, values: Mapping[str, Value], decision: int) -> list[Entry]:
    """One more in one cell of each field, and in one place of score and decision together, where those are counted."""
    cells = {
        field.name: decision if field.name == "decision" else cell_of(field, values.get(field.name))
        for field in part.fields
    }
    entries = [(field.start + cells[field.name], 1) for field in part.fields]
    for block in part.blocks:
        if block.name == "score_decision":
            score = part.field("score")
            rows, classes = block.shape
            place = (rows - 1) * classes
            if cells["score"] < score.cells and decision < classes:
                group = cells["score"] if rows - 1 == score.cells else score.coarse[cells["score"]]
                place = group * classes + decision
            entries.append((block.start + place, 1))
        if block.name == "class_decided":
            categories = part.field("decision").categories
            _, rows, _ = block.shape
            for k, name in enumerate(part.scored):
                usable = cells[name] < part.field(name).cells and decision <= len(categories)
                decided = decision < len(categories) and name == f"score[{categories[decision]}]"
                row = cells[name] if usable else rows - 1
                entries.append((block.start + (k * rows + row) * 2 + int(usable and decided), 1))
    return entries


def label_entries(
    layout: Layout, decision: int, score: Value, label: Value, age_ms: int, own: Mapping[str, Value]
) -> list[Entry]:
    """All that a joined label adds to the labels part, by the meanings written beside `driftwatch.summaries.layout`.

    `own` are the classes' own scores by the names of their fields.
    """
    part = next(part for part in layout.parts if part.stream == "labels")
    starts = {block.name: block.start for block in part.blocks}
    quality = starts["quality"]
    entries = [(quality + 2, 1)]
    number = score if isinstance(score, int | float) and score != INVALID else None
    age = starts["ages"] + 2 * sum(1 for edge in layout.age_edges_ms if edge < age_ms)
    if layout.task is Task.REGRESSION:
        return entries + _residuals(layout, starts, age, number, label)
    y = int(label) if layout.task is Task.BINARY else _class(layout, label)  # type: ignore[arg-type]
    decided = decision < len(layout.classes)
    right = decided and decision == y
    said = layout.classes[decision] if decided else None
    entries += _one_vs_rest(layout, part, own, said, label)
    if decided:
        entries.append((starts["confusion"] + decision * len(layout.classes) + y, 1))
        entries += [(age, 1), (age + 1, int(not right))]
    scores = [field for p in layout.parts for field in p.fields if field.name == "score"]
    if not decided or (scores and number is None):
        entries.append((quality, 1))
    if not scores or number is None:
        return entries
    group = scores[0].groups[cell_of(scores[0], number)]
    if decided and "strata" in starts:
        stratum = starts["strata"] + 2 * (group * len(layout.classes) + decision)
        entries += [(stratum, 1), (stratum + 1, int(not right))]
    probable = 0.0 <= number <= 1.0
    if not probable and decided:
        entries.append((quality + 1, 1))
    if layout.task is Task.BINARY:
        entries.append((starts["score_label"] + 2 * cell_of(scores[0], number) + y, 1))
    if probable and (decided or layout.task is Task.BINARY):
        outcome = y if layout.task is Task.BINARY else int(right)
        width = layout.calibration_cells
        cell = sum(1 for k in range(1, width) if k / width < number)
        entries += _calibration(starts["calibration"], width, cell, number, outcome)
        if "calibration_mass" in starts:
            mass = next(block.shape[1] for block in part.blocks if block.name == "calibration_mass")
            entries += _calibration(starts["calibration_mass"], mass, group, number, outcome)
        if "calibration_ages" in starts:
            bucket = sum(1 for edge in layout.age_edges_ms if edge < age_ms)
            start = starts["calibration_ages"] + bucket * 3 * width + cell
            entries += [(start, 1), (start + width, outcome), (start + 2 * width, _fixed(number))]
    return entries


def _one_vs_rest(
    layout: Layout, part: Part, own: Mapping[str, Value], said: str | None, label: Value
) -> list[Entry]:
    """`said` is the decided class."""
    entries: list[Entry] = []
    blocks = {block.name: block for block in part.blocks}
    fields = {field.name: field for other in layout.parts for field in other.fields}
    for k, name in enumerate(part.scored):
        p, y = own.get(name), int(name == f"score[{label}]")
        if not isinstance(p, int | float) or p == INVALID:
            continue
        sums = blocks["class_calibration"]
        met = ["class_score_label", *(["class_decided_label"] if name == f"score[{said}]" else [])]
        for block in (blocks[each] for each in met):
            entries.append((block.start + 2 * (k * block.shape[1] + cell_of(fields[name], p)) + y, 1))
        if 0.0 <= p <= 1.0:
            width = layout.calibration_cells
            cell = sum(1 for edge in range(1, width) if edge / width < p)
            entries += _calibration(sums.start + k * 6 * width, width, cell, p, y)
    return entries


def _class(layout: Layout, label: Value) -> int:
    named = [name for name in layout.classes if name != "__other__"]
    return named.index(str(label)) if label in named else len(named)


def _calibration(start: int, width: int, cell: int, p: float, y: int) -> list[Entry]:
    amounts = (1, y, _fixed(p), _fixed(p * p), _fixed(p) * y, _fixed((1 - 2 * p) ** 2 * p * (1 - p)))
    return [(start + row * width + cell, amount) for row, amount in enumerate(amounts)]


def _residuals(
    layout: Layout, starts: Mapping[str, int], age: int, predicted: float | None, label: Value
) -> list[Entry]:
    start, quality = starts["residuals"], starts["quality"]
    if predicted is None:
        return [(quality, 1)]
    assert isinstance(label, float)
    e = (predicted - label) / layout.scale
    if abs(e) > 16.0:
        return [(quality + 1, 1)]
    size = _fixed(abs(e))
    amounts = [1, _fixed(e), size, _fixed(e * e), _fixed(e**4)]
    entries = [(start + row, amount) for row, amount in enumerate(amounts)]
    entries += [(age, 1), (age + 1, size)]
    if "residual_cells" in starts:
        entries.append((starts["residual_cells"] + sum(1 for edge in RESIDUAL_EDGES if edge < e), 1))
    if label != 0.0:
        relative = abs((predicted - label) / label)
        entries += (
            [(start + 5, _fixed(relative)), (start + 6, 1)] if relative <= 1_000.0 else [(quality + 1, 1)]
        )
    return entries


def _fixed(value: float) -> int:
    return round(value * MILLION)
