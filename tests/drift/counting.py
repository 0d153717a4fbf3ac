"""Raw values become layouts and matrices by the plainest code possible, for tests of statistics."""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

from driftwatch.drift.reading import Floats, Ints, Pair
from driftwatch.events.classes import Stream
from driftwatch.references.numeric import numeric_field
from driftwatch.references.spec import CellsSpec
from driftwatch.summaries.layout import (
    CLASS_DECIDED,
    FIXED_POINT,
    Block,
    Field,
    FieldKind,
    Layout,
    Part,
    Task,
    class_score,
)
from driftwatch.summaries.slices import Dimension, SliceTable

DATA = Path(__file__).parents[3] / "shared" / "data"
HOUR_MS = 3_600_000


def numeric(name: str, start: int, values: Floats, cells: int = 64, coarse: int = 10) -> Field:
    """A field of quantile cells: outer cells hold what lies outside the reference, heavy values are atoms."""
    valid = np.sort(values[np.isfinite(values)])
    distinct, counts = np.unique(valid, return_counts=True)
    heavy = distinct[counts * cells >= len(valid)]
    cuts = np.quantile(valid, np.arange(1, cells) / cells, method="inverted_cdf")
    return _field(name, start, valid, [*cuts, *heavy, *np.nextafter(heavy, -np.inf)], set(heavy), coarse)


def exact(name: str, start: int, values: Floats) -> Field:
    """A field with a cell for every distinct reference value and every gap."""
    valid = np.unique(values[np.isfinite(values)])
    return _field(name, start, valid, [*valid, *np.nextafter(valid, -np.inf)], set(valid), 10)


def edged(name: str, start: int, values: Floats, edges: Sequence[float]) -> Field:
    """A field with these very edges, each cell a coarse one."""
    cells = len(edges) + 1
    return Field(
        name, FieldKind.NUMERIC, start, tuple(edges), (False,) * cells, coarse=tuple(range(cells)),
        low=float(np.min(values)), high=float(np.max(values)), **_moments(values, list(edges)),
    )  # fmt: skip


def _moments(values: Floats, edges: list[float]) -> dict[str, Any]:
    """Mean, deviation, and where each cell's mass lies; of an empty cell its middle, or the nearer edge."""
    place = np.searchsorted(edges, values, side="left")
    ends = [edges[0], *edges, edges[-1]]
    centres = [
        float(np.mean(values[place == cell])) if (place == cell).any() else (ends[cell] + ends[cell + 1]) / 2
        for cell in range(len(edges) + 1)
    ]
    return {"mean": float(values.mean()), "deviation": float(values.std()), "centres": tuple(centres)}


def _field(
    name: str, start: int, valid: Floats, edges: Sequence[float], atoms: set[float], coarse: int
) -> Field:
    low, high = float(valid[0]), float(valid[-1])
    kept = sorted({float(edge) for edge in (*edges, np.nextafter(low, -np.inf), high)})
    marks = [edge in atoms for edge in kept] + [False]
    below = np.searchsorted(valid, [*kept, np.inf], side="right")
    groups = np.minimum(np.maximum(below - 1, 0) * coarse // len(valid), coarse - 1)
    return Field(
        name, FieldKind.NUMERIC, start, tuple(kept), tuple(marks),
        coarse=tuple(np.maximum.accumulate(groups).tolist()), low=low, high=high, **_moments(valid, kept),
    )  # fmt: skip


def cut(values: Floats, name: str = "x", start: int = 0, **spec: Any) -> Field:
    """A field as the product cuts it; `spec` is that of its cells."""
    return numeric_field(name, start, values[np.isfinite(values)], CellsSpec.model_validate(spec))


def categorical(name: str, start: int, categories: Sequence[str]) -> Field:
    return Field(
        name, FieldKind.CATEGORICAL, start, categories=tuple(categories),
        coarse=tuple(range(len(categories) + 1)),
    )  # fmt: skip


def count_numeric(field: Field, values: Floats) -> Ints:
    """int64[cells + 2]: NaN is missing, an infinity invalid."""
    finite = values[np.isfinite(values)]
    cells = np.bincount(np.searchsorted(field.edges, finite, side="left"), minlength=field.cells)
    return np.array([*cells, np.isnan(values).sum(), np.isinf(values).sum()], np.int64)


def count_texts(field: Field, texts: Sequence[str | None]) -> Ints:
    counts = np.zeros(field.cells + 2, np.int64)
    for text in texts:
        place = field.categories.index(text) if text in field.categories else field.cells - 1
        counts[field.cells if text is None else place] += 1
    return counts


def slices(rows: int) -> SliceTable:
    """A table with this many rows: 1, or at least 3."""
    if rows == 1:
        return SliceTable((), (), ())
    values = tuple(f"v{i}" for i in range(rows - 3))
    return SliceTable(("s",), (values,), (Dimension(("s",), tuple((v,) for v in values)),))


def layout(
    task: Task, *parts: Part, rows: int = 1, classes: Sequence[str] = ("0", "1"), scale: float = 1.0
) -> Layout:
    return Layout(task, parts, slices(rows), tuple(classes), 0.5, 10, (), scale)


def fields_part(*fields: Field) -> Part:
    return Part(Stream.PREDICTIONS, fields, (), max((f.stop for f in fields), default=0))


def labels_part(**shapes: tuple[int, ...]) -> Part:
    blocks, start = [], 0
    for name, shape in shapes.items():
        blocks.append(Block(name, start, shape))
        start = blocks[-1].stop
    return Part(Stream.LABELS, (), tuple(blocks), start)


def pair_of(part: Part, reference: Ints, current: Ints, task: Task = Task.BINARY, **more: object) -> Pair:
    """A pair of matrices int64[slices, columns], of one row each if they are vectors."""
    past, now = np.atleast_2d(reference), np.atleast_2d(current)
    made = layout(task, part, rows=len(past))
    settings = {"layout": made, "reference_span_ms": 10 * HOUR_MS, "window_ms": HOUR_MS, **more}
    return Pair(part=part, reference=past, current=now, **settings)  # type: ignore[arg-type]


def numeric_pair(field: Field, reference: Floats, current: Floats) -> Pair:
    return pair_of(fields_part(field), count_numeric(field, reference), count_numeric(field, current))


def calibration_block(scores: Floats, right: Floats, cells: int) -> Ints:
    """int64[6, cells], cells (lo, hi] of equal width."""
    place = np.clip(np.ceil(scores * cells).astype(int) - 1, 0, cells - 1)
    rows = [
        np.ones_like(scores), right, scores, scores**2, scores * right,
        (1 - 2 * scores) ** 2 * scores * (1 - scores),
    ]  # fmt: skip
    made = np.zeros((6, cells), np.int64)
    for row, values in enumerate(rows):
        fixed = values if row < 2 else np.rint(values * FIXED_POINT)
        np.add.at(made[row], place, fixed.astype(np.int64))
    return made


def mass_block(field: Field, scores: Floats, right: Floats) -> Ints:
    """int64[6, coarse cells of the score]: the same sums on the score's coarse cells."""
    group = np.array(field.groups)[np.searchsorted(field.edges, scores, side="left")]
    rows = [
        np.ones_like(scores), right, scores, scores**2, scores * right,
        (1 - 2 * scores) ** 2 * scores * (1 - scores),
    ]  # fmt: skip
    made = np.zeros((6, max(field.groups) + 1), np.int64)
    for row, values in enumerate(rows):
        np.add.at(made[row], group, (values if row < 2 else np.rint(values * FIXED_POINT)).astype(np.int64))
    return made


def score_label_block(field: Field, scores: Floats, labels: Floats) -> Ints:
    """int64[score cells, 2]"""
    return np.stack([count_numeric(field, scores[labels == y])[:-2] for y in (0, 1)], axis=1)


def strata_block(field: Field, scores: Floats, decided: Ints, labels: Ints, classes: int) -> Ints:
    """int64[coarse cells of the score, classes, 2]: labels, errors."""
    group = np.array(field.groups)[np.searchsorted(field.edges, scores, side="left")]
    made = np.zeros((max(field.groups) + 1, classes, 2), np.int64)
    np.add.at(made, (group, decided, 0), 1)
    np.add.at(made, (group, decided, 1), (decided != labels).astype(np.int64))
    return made


def class_score_fields(start: int, scores: Floats, names: Sequence[str], **spec: Any) -> tuple[Field, ...]:
    """A field for every class's own score, float64[n, classes]."""
    fields: list[Field] = []
    for name, values in zip(names, scores.T, strict=True):
        fields.append(cut(values, class_score(name), fields[-1].stop if fields else start, **spec))
    return tuple(fields)


def class_score_label_block(fields: Sequence[Field], scores: Floats, labels: Ints) -> Ints:
    """int64[classes, most cells, 2]; `labels` are positions of classes."""
    made = np.zeros((len(fields), max(field.cells for field in fields), 2), np.int64)
    for k, field in enumerate(fields):
        usable = np.isfinite(scores[:, k])
        of = score_label_block(field, scores[usable, k], (labels[usable] == k).astype(float))
        made[k, : field.cells] = of
    return made


def class_decided_block(fields: Sequence[Field], scores: Floats, decided: Ints) -> Ints:
    """int64[classes, most cells + 1, 2], what is not usable in the last row."""
    counts = class_score_label_block(fields, scores, decided)
    made = np.pad(counts, ((0, 0), (0, 1), (0, 0)))
    made[:, -1, 0] = len(scores) - counts.sum(axis=(1, 2))
    return made


def class_decided_label_block(fields: Sequence[Field], scores: Floats, decided: Ints, labels: Ints) -> Ints:
    """int64[classes, most cells, 2]: `class_score_label_block`, of each class only what was decided to be it."""
    of = [
        class_score_label_block(fields, scores[decided == k], labels[decided == k])[k]
        for k in range(len(fields))
    ]
    return np.stack(of)


def class_calibration_block(scores: Floats, labels: Ints, cells: int) -> Ints:
    """int64[classes, 6, cells]"""
    of = [(p[np.isfinite(p)], (labels == k)[np.isfinite(p)].astype(float)) for k, p in enumerate(scores.T)]
    return np.stack([calibration_block(p, y, cells) for p, y in of])


def class_labels_part(fields: Sequence[Field], cells: int = 10, **more: tuple[int, ...]) -> Part:
    """A labels part with the blocks of the classes' own scores, in the order in which `class_counts` fills them."""
    k, most = len(fields), max(field.cells for field in fields)
    part = labels_part(
        class_score_label=(k, most, 2),
        class_calibration=(k, 6, cells),
        class_decided_label=(k, most, 2),
        **more,
    )
    return replace(part, scored=tuple(field.name for field in fields))


def class_counts(
    fields: Sequence[Field], scores: Floats, decided: Ints, labels: Ints, cells: int = 10
) -> Ints:
    """The blocks of `class_labels_part`, one after another."""
    blocks = (
        class_score_label_block(fields, scores, labels),
        class_calibration_block(scores, labels, cells),
        class_decided_label_block(fields, scores, decided, labels),
    )
    return np.concatenate([block.ravel() for block in blocks])


Scored = tuple[Floats, Ints, Ints]
"""Scores of every class float64[n, classes], decided classes, labels."""


def scored(rng: np.random.Generator, n: int, classes: int = 3, digits: int = 2) -> Scored:
    """Calibrated scores that sum to about 1, the likeliest class decided, labels by the scores."""
    scores = rng.dirichlet(np.linspace(0.4, 1.2, classes), n)
    labels = (rng.random(n)[:, None] > scores.cumsum(axis=1)[:, :-1]).sum(axis=1)
    return np.round(scores, digits), scores.argmax(axis=1), labels


def class_labels(
    current: Scored, reference: Scored | None = None, fields: Sequence[Field] = (), cells: int = 10
) -> Pair:
    """The labels part of a multiclass model whose classes are `a`, `b`, …; exact cells unless there are fields."""
    past = reference or current
    names = "abcdefghij"[: past[0].shape[1]]
    both = np.concatenate([past[0], current[0]])
    fields = fields or class_score_fields(0, both, names, exact=True)
    classes = len(names) + 1
    part = class_labels_part(fields, cells, confusion=(classes, classes))
    made = [
        np.concatenate([class_counts(fields, *side, cells), confusion_block(*side[1:], classes).ravel()])
        for side in (past, current)
    ]
    of = layout(Task.MULTICLASS, fields_part(*fields), part, classes=f"{names}_")
    return pair_of(part, *made, layout=of)


def class_predictions(current: Scored, reference: Scored, fields: Sequence[Field]) -> Pair:
    """Its predictions, with the labels of the reference for estimates."""
    names = "abcdefghij"[: len(fields)]
    block = Block(CLASS_DECIDED, fields[-1].stop, (len(fields), max(f.cells for f in fields) + 1, 2))
    labels = class_labels_part(fields)
    part = Part(Stream.PREDICTIONS, tuple(fields), (block,), block.stop, scored=labels.scored)
    cells = [count_numeric(field, p) for field, p in zip(fields, current[0].T, strict=True)]
    counts = np.concatenate([*cells, class_decided_block(fields, *current[:2]).ravel()])
    of = layout(Task.MULTICLASS, part, labels, classes=f"{names}_")
    return pair_of(part, counts, counts, layout=of, labelled=class_counts(fields, *reference)[None])


def residual_block(predicted: Floats, labels: Floats, scale: float) -> Ints:
    """int64[7]"""
    e = (predicted - labels) / scale
    sums = [e, np.abs(e), e**2, e**4]
    fixed = [int(np.rint(s * FIXED_POINT).sum()) for s in sums]
    related = labels != 0
    relative = np.rint(np.abs((predicted - labels)[related] / labels[related]) * FIXED_POINT)
    return np.array([len(e), *fixed, int(relative.sum()), int(related.sum())], np.int64)


def age_block(rng: np.random.Generator, errors: Ints) -> Ints:
    """int64[3, 2]: labels and errors in three random age buckets."""
    made = np.zeros((3, 2), np.int64)
    ages = rng.integers(0, 3, len(errors))
    np.add.at(made, (ages, 0), 1)
    np.add.at(made, (ages, 1), errors.astype(np.int64))
    return made


def confusion_block(decided: Ints, labels: Ints, classes: int) -> Ints:
    made = np.zeros((classes, classes), np.int64)
    np.add.at(made, (decided, labels), 1)
    return made


class CarLoan:
    """NannyML's synthetic car loan data as columns."""

    def __init__(self) -> None:
        self.reference = _columns(DATA / "car_loan_reference.csv.gz")
        self.analysis = _columns(DATA / "car_loan_analysis.csv.gz")
        self.analysis["repaid"] = _columns(DATA / "car_loan_labels.csv.gz")["repaid"]


def car_loan() -> CarLoan:
    if not DATA.is_dir():
        pytest.skip(
            f"the data of STATISTICS §6 is not at {DATA.parent.name}/{DATA.name} beside the repository"
        )
    return CarLoan()


def _columns(path: Path) -> dict[str, np.ndarray]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        names = file.readline().strip().split(",")
        rows = [line.rstrip("\n").split(",") for line in file]
    return {name: _column([row[i] for row in rows]) for i, name in enumerate(names)}


def _column(texts: list[str]) -> np.ndarray:
    try:
        return np.array([float(text) if text else np.nan for text in texts])
    except ValueError:
        return np.array(texts)
