"""Small layouts and plain recounts against which the fast code is tested."""

from __future__ import annotations

from bisect import bisect_left
from math import isinf, isnan

import numpy as np

from driftwatch.events.classes import Stream
from driftwatch.events.columns import INVALID_TEXT
from driftwatch.summaries.layout import (
    CALIBRATION_ROWS,
    CLASS_CALIBRATION,
    CLASS_DECIDED,
    CLASS_DECIDED_LABEL,
    CLASS_SCORE_LABEL,
    DECISION,
    QUALITY_ROWS,
    RESIDUAL_EDGES,
    RESIDUAL_ROWS,
    SCORE,
    Block,
    Field,
    FieldKind,
    Layout,
    Part,
    Task,
    class_score,
)
from driftwatch.summaries.performance import CALIBRATION_AGES
from driftwatch.summaries.slices import Dimension, SliceTable

AGES_MS = (1_000, 2_000)


def fields(*made: Field) -> tuple[Field, ...]:
    """The fields one after another, whatever start they were given."""
    placed: list[Field] = []
    start = 0
    for field in made:
        place = Field(field.name, field.kind, start, edges=field.edges, categories=field.categories)
        placed.append(place)
        start = place.stop
    return tuple(placed)


def numeric(name: str, *edges: float) -> Field:
    return Field(name, FieldKind.NUMERIC, 0, edges=edges)


def categorical(name: str, *categories: str) -> Field:
    return Field(name, FieldKind.CATEGORICAL, 0, categories=categories)


def part(*made: Field, stream: Stream = Stream.PREDICTIONS) -> Part:
    placed = fields(*made)
    return Part(stream, placed, (), placed[-1].stop if placed else 0)


def blocks(*shapes: tuple[str, tuple[int, ...]]) -> Part:
    made: list[Block] = []
    start = 0
    for name, shape in shapes:
        made.append(Block(name, start, shape))
        start = made[-1].stop
    return Part(Stream.LABELS, (), tuple(made), start)


def table(**columns: tuple[str, ...]) -> SliceTable:
    """One dimension per column, and the crossing of the first two (its first two combinations kept)."""
    dimensions = [Dimension((name,), tuple((v,) for v in values)) for name, values in columns.items()]
    if len(columns) >= 2:
        (a, first), (b, second) = list(columns.items())[:2]
        dimensions.append(Dimension((a, b), ((first[0], second[0]), (first[-1], second[0]))))
    return SliceTable(tuple(columns), tuple(columns.values()), tuple(dimensions))


def layout(
    task: Task,
    *parts: Part,
    slices: SliceTable | None = None,
    classes: tuple[str, ...] = (),
    scale: float = 1.0,
) -> Layout:
    return Layout(task, parts, slices or SliceTable((), (), ()), classes, 0.5, 10, AGES_MS, scale)


def binary(slices: SliceTable | None = None) -> Layout:
    labels = blocks(
        ("confusion", (2, 2)),
        ("score_label", (4, 2)),
        ("calibration", (CALIBRATION_ROWS, 10)),
        ("calibration_mass", (CALIBRATION_ROWS, 4)),
        ("strata", (4, 2, 2)),
        (CALIBRATION_AGES, (3, 3, 10)),
        ("ages", (3, 2)),
        ("quality", (QUALITY_ROWS,)),
    )
    inputs = part(numeric(SCORE, 0.25, 0.5, 0.75), categorical(DECISION, "0", "1"))
    return layout(Task.BINARY, inputs, labels, slices=slices, classes=("0", "1"))


def multiclass() -> Layout:
    labels = blocks(
        ("confusion", (3, 3)),
        ("calibration", (CALIBRATION_ROWS, 10)),
        (CALIBRATION_AGES, (3, 3, 10)),
        ("ages", (3, 2)),
        ("quality", (QUALITY_ROWS,)),
    )
    inputs = part(numeric(SCORE, 0.5), categorical(DECISION, "cat", "dog"))
    return layout(Task.MULTICLASS, inputs, labels, classes=("cat", "dog", "__other__"))


def one_vs_rest() -> Layout:
    """Multiclass, with scores of their own for dog (3 cells) and cat (2 cells), in this order; without the score."""
    own = (numeric(class_score("dog"), 0.25, 0.75), numeric(class_score("cat"), 0.5))
    scored = tuple(field.name for field in own)
    placed = fields(*own, categorical(DECISION, "cat", "dog", "cow"))
    block = Block(CLASS_DECIDED, placed[-1].stop, (2, 4, 2))
    inputs = Part(Stream.PREDICTIONS, placed, (block,), block.stop, scored=scored)
    labels = blocks(
        ("confusion", (4, 4)),
        (CLASS_SCORE_LABEL, (2, 3, 2)),
        (CLASS_DECIDED_LABEL, (2, 3, 2)),
        (CLASS_CALIBRATION, (2, CALIBRATION_ROWS, 10)),
        ("ages", (3, 2)),
        ("quality", (QUALITY_ROWS,)),
    )
    labels = Part(Stream.LABELS, (), labels.blocks, labels.columns, scored=scored)
    return layout(Task.MULTICLASS, inputs, labels, classes=("cat", "dog", "cow", "__other__"))


def regression(scale: float = 2.0) -> Layout:
    labels = blocks(
        ("residuals", (RESIDUAL_ROWS,)),
        ("residual_cells", (len(RESIDUAL_EDGES) + 1,)),
        ("ages", (3, 2)),
        ("quality", (QUALITY_ROWS,)),
    )
    return layout(Task.REGRESSION, part(numeric(SCORE, 0.0)), labels, scale=scale)


def plain_cell(field: Field, value: float | str | None) -> int:
    """The cell of one value, as the layout's docstring says it."""
    if field.kind is FieldKind.NUMERIC:
        assert isinstance(value, float)
        if isnan(value):
            return field.cells
        return field.cells + 1 if isinf(value) else bisect_left(field.edges, value)
    if value is None or value == INVALID_TEXT:
        return field.cells + (value == INVALID_TEXT)
    return field.categories.index(str(value)) if value in field.categories else len(field.categories)


def plain_rows(slices: SliceTable, values: tuple[str | None, ...]) -> list[int]:
    """The rows of one event by their names."""
    rows = [0]
    for dimension in slices.dimensions:
        picked = tuple(values[slices.columns.index(column)] for column in dimension.columns)
        if None in picked or INVALID_TEXT in picked:
            name = f"{dimension.name}=__unknown__"
        elif picked in dimension.kept:
            name = ",".join(f"{c}={v}" for c, v in zip(dimension.columns, picked, strict=True))
        else:
            name = f"{dimension.name}=__other__"
        rows.append(slices.rows.index(name))
    return rows


def recount(
    of: Part,
    slices: SliceTable,
    values: list[tuple[float | str | None, ...]],
    texts: list[tuple[str | None, ...]],
) -> np.ndarray:
    """The matrix of n events, counted one by one."""
    matrix = np.zeros((len(slices.rows), of.columns), np.int64)
    for event, text in zip(values, texts, strict=True):
        for row in plain_rows(slices, text):
            for field, value in zip(of.fields, event, strict=True):
                matrix[row, field.start + plain_cell(field, value)] += 1
    return matrix
