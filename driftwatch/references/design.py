"""The layout of a model version, designed from its reference: which fields, blocks and slices it counts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from driftwatch.errors import ReferenceFileError
from driftwatch.events.block import Block as Events
from driftwatch.events.classes import Stream
from driftwatch.events.embeddings import Embedding, length_text
from driftwatch.events.spec import DAY_MS
from driftwatch.references.categorical import by_frequency, categorical_field, field_of
from driftwatch.references.multivariate import fit, fitted_on, streams_of_derived
from driftwatch.references.numeric import numeric_field
from driftwatch.references.spec import CellsSpec
from driftwatch.references.subject import StreamColumns, Subject
from driftwatch.summaries.derived import Derived, Deriver
from driftwatch.summaries.embedded import Embedded
from driftwatch.summaries.layout import (
    CALIBRATION_ROWS,
    CLASS_CALIBRATION,
    CLASS_DECIDED,
    CLASS_DECIDED_LABEL,
    CLASS_SCORE_LABEL,
    DECISION,
    OTHER,
    QUALITY_ROWS,
    RESIDUAL_EDGES,
    RESIDUAL_ROWS,
    SCORE,
    SCORE_DECISION,
    Block,
    Field,
    Layout,
    Part,
    Task,
)
from driftwatch.summaries.performance import CALIBRATION_AGES
from driftwatch.summaries.slices import SliceTable

Floats = NDArray[np.float64]

HOUR_MS: Final = 3_600_000
AGE_EDGES_MS: Final = (HOUR_MS, DAY_MS, 3 * DAY_MS, 7 * DAY_MS, 14 * DAY_MS, 30 * DAY_MS)
"""Upper edges of the label-age buckets `(a, b]`; a last one is open."""


def design(
    subject: Subject,
    streams: Sequence[tuple[StreamColumns, Events]],
    slices: SliceTable,
    labels: Sequence[float | str | None],
) -> Layout:
    """The layout that fits these reference events; the same for any order of them.

    `streams` holds the predictions and, where the model has them, the features; `labels` all labels known.
    Raises ReferenceFileError where there is nothing to count, or where labels are of no use.
    """
    predictions = next(events for of, events in streams if of.reading.stream is Stream.PREDICTIONS)
    classes = _classes(subject, predictions.decisions, labels)
    placed = streams_of_derived(subject, {of.reading.stream: of for of, _ in streams})
    parts = [_part(subject, of, events, classes, placed[of.reading.stream]) for of, events in streams]
    for part in parts:
        if not part.fields:
            raise ReferenceFileError(
                f"model {subject.model!r}: the {part.stream} have nothing to count; map `score`, `decision` or `features`"
            )
    score = next((f for part in parts for f in part.fields if f.name == SCORE), None)
    if subject.has_labels:
        own = [f for part in parts for f in part.fields if f.name in subject.class_scores]
        parts.append(_labels_part(subject, score, own, len(classes)))
    return Layout(
        task=subject.task,
        parts=tuple(parts),
        slices=slices,
        classes=classes,
        threshold=subject.predictions.threshold,
        calibration_cells=subject.cells.calibration_cells,
        age_edges_ms=AGE_EDGES_MS,
        scale=_scale(labels, predictions.scores) if subject.task is Task.REGRESSION else 1.0,
    )


def _classes(
    subject: Subject, decisions: Sequence[str | None], labels: Sequence[float | str | None]
) -> tuple[str, ...]:
    if subject.task is Task.BINARY:
        return ("0", "1")
    if subject.task is Task.REGRESSION:
        return ()
    texts: Iterable[str | None] = [*decisions, *(label for label in labels if isinstance(label, str))]
    frequent = by_frequency(texts, subject.cells.categories)
    # A class with a score of its own is counted by its name, however rare it is.
    return (*dict.fromkeys((*frequent, *subject.predictions.class_scores)), OTHER)


def _part(
    subject: Subject, of: StreamColumns, events: Events, classes: tuple[str, ...], derived: Sequence[str]
) -> Part:
    fields: list[Field] = []
    spec = subject.cells

    def start() -> int:
        return fields[-1].stop if fields else 0

    for place, (name, _) in enumerate(of.reading.numeric):
        values, tails = _valid(events.numbers[:, place]), name in subject.class_scores
        fields.append(numeric_field(name, start(), values, spec, tails=tails))
    for place, (name, _) in enumerate(of.reading.textual[: of.categorical]):
        fields.append(categorical_field(name, start(), events.texts[place], spec))
    for embedding in of.reading.embeddings:
        if embedding.reductions:
            fields.append(_length_field(embedding, start(), spec))
    if of.reading.stream is Stream.PREDICTIONS:
        if of.reading.score is not None:
            fields.append(_score_field(subject, start(), _valid(events.scores)))
        if _decides(subject):
            fields.append(_decision_field(start(), classes, spec))
    maps, fields[len(fields) :] = _derived(subject, of, events, derived, start())
    embedded, fields[len(fields) :] = _embedded(subject, of, events, start())
    blocks = _together(subject, fields, len(classes)) if of.reading.stream is Stream.PREDICTIONS else ()
    scored = tuple(subject.class_scores) if of.reading.stream is Stream.PREDICTIONS else ()
    columns = blocks[-1].stop if blocks else start()
    return Part(of.reading.stream, tuple(fields), blocks, columns, maps, embedded, scored)


def _derived(
    subject: Subject, of: StreamColumns, events: Events, names: Sequence[str], start: int
) -> tuple[tuple[Derived, ...], list[Field]]:
    """The maps fitted on one half of the events, and their fields, cut from the other half, from column `start` on."""
    if not names:
        return (), []
    numeric = [name for name, _ in of.reading.numeric]
    for_fit = fitted_on(events)
    maps: list[Derived] = []
    for name in names:
        spec = subject.multivariate[name]
        places = [numeric.index(field) for field in spec.fields]
        maps.append(fit(name, spec, events.numbers[for_fit][:, places]))
    deriver = Deriver(maps, numeric)
    values = deriver.extend(events.numbers[~for_fit])[:, len(numeric) :]
    fields: list[Field] = []
    for name, column in zip(deriver.names, values.T, strict=True):
        at = fields[-1].stop if fields else start
        fields.append(numeric_field(name, at, _valid(column), subject.cells))
    return tuple(maps), fields


def _embedded(
    subject: Subject, of: StreamColumns, events: Events, start: int
) -> tuple[tuple[Embedded, ...], list[Field]]:
    """The maps by which the events were read, and their fields, cut from the half that they were not fitted on."""
    maps = tuple(m for e in of.reading.embeddings for m in e.reductions if isinstance(m, Embedded))
    values = events.numbers[~fitted_on(events)] if maps else events.numbers
    fields: list[Field] = []
    for embedded in maps:
        for name, column in zip(embedded.fields, embedded.columns, strict=True):
            at = fields[-1].stop if fields else start
            made = _valid(values[:, of.reading.number_names.index(column)])
            fields.append(numeric_field(name, at, made, subject.cells))
    return maps, fields


def _length_field(embedding: Embedding, start: int, spec: CellsSpec) -> Field:
    """A category for the length that the maps take; any other is unseen, what is no vector invalid."""
    lengths = dict.fromkeys(length_text(reduction.length) for reduction in embedding.reductions)
    return field_of(embedding.name, start, list(lengths), spec.coarse)


def _score_field(subject: Subject, start: int, scores: Floats) -> Field:
    """The score's cells; a binary model's threshold is an edge, so that a cell knows its decision."""
    below = (float(np.nextafter(subject.predictions.threshold, -np.inf)),)
    cuts = below if subject.task is Task.BINARY else ()
    return numeric_field(SCORE, start, scores, subject.cells, tails=True, cuts=cuts)


def _together(subject: Subject, fields: Sequence[Field], classes: int) -> tuple[Block, ...]:
    """Scores and decision counted together, where neither says the other and labels will meet them."""
    mapped = subject.predictions.decision is not None and _decides(subject)
    if not mapped or not subject.has_labels:
        return ()
    shapes: list[tuple[str, tuple[int, ...]]] = []
    if (score := next((field for field in fields if field.name == SCORE), None)) is not None:
        groups = score.cells if subject.task is Task.BINARY else max(score.groups) + 1
        shapes.append((SCORE_DECISION, (groups + 1, classes)))
    if own := [field.cells for field in fields if field.name in subject.class_scores]:
        shapes.append((CLASS_DECIDED, (len(own), max(own) + 1, 2)))
    return _placed(shapes, fields[-1].stop)


def _placed(shapes: Iterable[tuple[str, tuple[int, ...]]], start: int) -> tuple[Block, ...]:
    """Blocks of these shapes one after another, from column `start` on."""
    blocks: list[Block] = []
    for name, shape in shapes:
        blocks.append(Block(name, blocks[-1].stop if blocks else start, shape))
    return tuple(blocks)


def _decision_field(start: int, classes: tuple[str, ...], spec: CellsSpec) -> Field:
    """Categories in the order of the classes, so that a decision's code is its cell."""
    return field_of(DECISION, start, [name for name in classes if name != OTHER], spec.coarse)


def _decides(subject: Subject) -> bool:
    if subject.predictions.decision is not None:
        return subject.task is not Task.REGRESSION
    return subject.task is Task.BINARY and subject.predictions.score is not None


def _valid(values: Floats) -> Floats:
    return values[np.isfinite(values)]


def _labels_part(subject: Subject, score: Field | None, own: Sequence[Field], classes: int) -> Part:
    shapes: list[tuple[str, tuple[int, ...]]] = []
    if subject.task is Task.REGRESSION:
        if score is None:
            raise ReferenceFileError(
                f"model {subject.model!r}: labels of a regression need `predictions.score`, the predicted value"
            )
        shapes += [("residuals", (RESIDUAL_ROWS,)), ("residual_cells", (len(RESIDUAL_EDGES) + 1,))]
    elif not _decides(subject):
        raise ReferenceFileError(
            f"model {subject.model!r}: labels need `predictions.decision`, or a binary model's `predictions.score`"
        )
    else:
        shapes.append(("confusion", (classes, classes)))
        if score is not None and subject.task is Task.BINARY:
            shapes.append(("score_label", (score.cells, 2)))
        if score is not None:
            groups = max(score.groups) + 1
            shapes.append(("calibration", (CALIBRATION_ROWS, subject.cells.calibration_cells)))
            shapes.append(("calibration_mass", (CALIBRATION_ROWS, groups)))
            shapes.append(("strata", (groups, classes, 2)))
        if own:
            most = max(field.cells for field in own)
            shapes += [(name, (len(own), most, 2)) for name in (CLASS_SCORE_LABEL, CLASS_DECIDED_LABEL)]
            shapes.append((CLASS_CALIBRATION, (len(own), CALIBRATION_ROWS, subject.cells.calibration_cells)))
    shapes += [("ages", (len(AGE_EDGES_MS) + 1, 2)), ("quality", (QUALITY_ROWS,))]
    if score is not None and subject.task is not Task.REGRESSION:
        shapes.insert(-2, (CALIBRATION_AGES, (len(AGE_EDGES_MS) + 1, 3, subject.cells.calibration_cells)))
    blocks = _placed(shapes, 0)
    return Part(Stream.LABELS, (), blocks, blocks[-1].stop, scored=tuple(field.name for field in own))


def _scale(labels: Sequence[float | str | None], scores: Floats) -> float:
    """The labels' standard deviation; without labels the predictions'; 1 where that says nothing."""
    known = np.sort(np.array([x for x in labels if isinstance(x, float)], np.float64))
    values = known if len(known) > 1 else np.sort(_valid(scores))
    spread = float(np.std(values)) if len(values) > 1 else 0.0
    return spread if np.isfinite(spread) and spread > 0 else 1.0
