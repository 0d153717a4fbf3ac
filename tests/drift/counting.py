"""Raw values become layouts and matrices by the plainest code possible, for tests of statistics."""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from driftwatch.drift.reading import Floats, Ints, Pair
from driftwatch.events.classes import Stream
from driftwatch.references.numeric import numeric_field
from driftwatch.references.spec import CellsSpec
from driftwatch.summaries.layout import FIXED_POINT, Block, Field, FieldKind, Layout, Part, Task
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
