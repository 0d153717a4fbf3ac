"""The largest layout that a model can learn: what its costs are computed from before there is a reference."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from driftwatch.events.classes import Stream
from driftwatch.monitor.spec import ModelSpec
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
    SCORE_DECISION,
    Block,
    Field,
    FieldKind,
    Layout,
    Part,
    Scheme,
    Task,
    class_score,
)
from driftwatch.summaries.performance import CALIBRATION_AGES
from driftwatch.summaries.slices import Dimension, SliceTable

FEATURES: Final = 20
"""Features assumed where they are the keys of an object and no reference says which."""
_DOANE: Final = 200
"""Cells that NumPy's rule `doane` is assumed to make; 100 000 values of a bell shape give 18."""
_AGES: Final = 16
"""Label-age buckets assumed; more than any layout has."""


def assumed_layout(spec: ModelSpec) -> Layout:
    """A layout that is at least as large as the one that will be learned (features of an object: `FEATURES` of them)."""
    predictions = [f"feature {i}" for i in range(_features(spec.predictions.features))]
    parts = [_part(Stream.PREDICTIONS, spec, predictions)]
    if spec.features is not None:
        names = [f"feature {i}" for i in range(_features(spec.features.features))]
        parts.append(_part(Stream.FEATURES, spec, names))
    if spec.labels is not None or spec.predictions.label is not None:
        parts.append(Part(Stream.LABELS, (), *_blocks(spec), scored=_scored(spec)))
    return Layout(
        task=spec.task,
        parts=tuple(parts),
        slices=_slices(spec),
        classes=tuple(str(i) for i in range(_classes(spec))),
        threshold=spec.predictions.threshold,
        calibration_cells=spec.cells.calibration_cells,
        age_edges_ms=(),
        scale=1.0,
    )


def assumes_features(spec: ModelSpec) -> bool:
    """Whether the number of features is a guess."""
    declared = [spec.predictions.features, spec.features.features if spec.features else None]
    return any(isinstance(features, str) for features in declared)


def _features(declared: str | list[str] | dict[str, str] | None) -> int:
    return 0 if declared is None else FEATURES if isinstance(declared, str) else len(declared)


def _classes(spec: ModelSpec) -> int:
    if spec.task is Task.MULTICLASS:  # those with scores of their own may all be beyond the most frequent
        return spec.cells.categories + len(_scored(spec)) + 1
    return 2 if spec.task is Task.BINARY else 0


def _scored(spec: ModelSpec) -> tuple[str, ...]:
    return tuple(map(class_score, spec.predictions.class_scores))


def _cells(spec: ModelSpec) -> int:
    """Cells of a numeric field at most: cuts of equal mass, one more edge below each atom, ends, tails.

    Exact cells: one per value and per gap. A field may have schemes of its own; the widest counts for all.
    """
    schemes = [spec.cells.of(name) for name in ("", *spec.cells.fields)]
    exact = any(field.scheme is Scheme.EXACT for field in schemes)
    widest = max([spec.cells.cells, *(max(field.cells or 0, len(field.edges)) for field in schemes)])
    doane = any(field.scheme is Scheme.DOANE for field in schemes)
    return max(2 * spec.cells.exact_max + 1 if exact else 0, 2 * widest + 7, _DOANE if doane else 0)


def _part(stream: Stream, spec: ModelSpec, names: list[str]) -> Part:
    fields: list[Field] = []
    start = 0
    scored = _scored(spec) if stream is Stream.PREDICTIONS else ()
    for name in (*names, *scored):
        fields.append(_numeric(name, start, spec))
        start = fields[-1].stop
    if stream is Stream.PREDICTIONS and spec.predictions.score is not None:
        fields.append(_numeric(SCORE, start, spec))
        start = fields[-1].stop
    if stream is Stream.PREDICTIONS and spec.task is not Task.REGRESSION:
        classes = tuple(str(i) for i in range(_classes(spec)))
        fields.append(Field(DECISION, FieldKind.CATEGORICAL, start, categories=classes))
        start = fields[-1].stop
    lists = {of.path for of in spec.multivariate.values() if of.path} if stream is Stream.PREDICTIONS else ()
    for name in sorted(lists):
        fields.append(Field(name, FieldKind.CATEGORICAL, start, categories=("length",)))
        start = fields[-1].stop
    # Which stream carries a derived field is known once there is a reference; learned ones have no features' stream.
    for name in _made(spec) if stream is Stream.PREDICTIONS else ():
        fields.append(_numeric(name, start, spec))
        start = fields[-1].stop
    blocks = _placed(_together(spec), start) if stream is Stream.PREDICTIONS else ()
    return Part(stream, tuple(fields), blocks, blocks[-1].stop if blocks else start, scored=scored)


def _made(spec: ModelSpec) -> list[str]:
    return [made for name, of in spec.multivariate.items() for made in of.made(name)]


def _together(spec: ModelSpec) -> dict[str, tuple[int, ...]]:
    """Shapes of the blocks that count scores and decision together."""
    declared, labelled = spec.predictions, spec.labels is not None or spec.predictions.label is not None
    shapes: dict[str, tuple[int, ...]] = {}
    if not labelled or not _classes(spec) or declared.decision is None:
        return shapes
    if declared.score is not None:
        groups = _cells(spec) if spec.task is Task.BINARY else spec.cells.coarse
        shapes[SCORE_DECISION] = (groups + 1, _classes(spec))
    if declared.class_scores:
        shapes[CLASS_DECIDED] = (len(declared.class_scores), _cells(spec) + 1, 2)
    return shapes


def _placed(shapes: Mapping[str, tuple[int, ...]], start: int) -> tuple[Block, ...]:
    blocks: list[Block] = []
    for name, shape in shapes.items():
        blocks.append(Block(name, start, shape))
        start = blocks[-1].stop
    return tuple(blocks)


def _numeric(name: str, start: int, spec: ModelSpec) -> Field:
    return Field(name, FieldKind.NUMERIC, start, edges=tuple(float(i) for i in range(_cells(spec) - 1)))


def _blocks(spec: ModelSpec) -> tuple[tuple[Block, ...], int]:
    classes, scored = _classes(spec), spec.predictions.score is not None
    shapes: dict[str, tuple[int, ...]] = {"ages": (_AGES, 2), "quality": (QUALITY_ROWS,)}
    if classes:
        shapes["confusion"] = (classes, classes)
    if spec.task is Task.BINARY and scored:
        shapes["score_label"] = (_cells(spec) + 2, 2)
    if classes and scored:
        shapes["calibration"] = (CALIBRATION_ROWS, spec.cells.calibration_cells)
        shapes["calibration_mass"] = (CALIBRATION_ROWS, spec.cells.coarse)
        shapes["strata"] = (spec.cells.coarse, classes, 2)
    if spec.task is Task.REGRESSION:
        shapes["residuals"] = (RESIDUAL_ROWS,)
        shapes["residual_cells"] = (len(RESIDUAL_EDGES) + 1,)
    if classes and scored:
        shapes[CALIBRATION_AGES] = (_AGES, 3, spec.cells.calibration_cells)
    if own := len(spec.predictions.class_scores):
        shapes[CLASS_SCORE_LABEL] = shapes[CLASS_DECIDED_LABEL] = (own, _cells(spec), 2)
        shapes[CLASS_CALIBRATION] = (own, CALIBRATION_ROWS, spec.cells.calibration_cells)
    blocks = _placed(shapes, 0)
    return blocks, blocks[-1].stop


def _slices(spec: ModelSpec) -> SliceTable:
    cap = range(spec.cells.slice_values)
    dimensions = tuple(
        Dimension(columns, tuple(tuple(str(i) for _ in columns) for i in cap)) for columns in spec.dimensions
    )
    values = tuple(tuple(str(i) for i in cap) for _ in spec.slice_columns)
    return SliceTable(spec.slice_columns, values, dimensions)
