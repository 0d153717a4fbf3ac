"""The layout: which counters a model version has, fixed once from its reference and named by its hash."""

from __future__ import annotations

import hashlib
from enum import StrEnum
from typing import Final

import msgspec

from driftwatch.events.classes import Stream
from driftwatch.summaries.derived import Derived
from driftwatch.summaries.embedded import Embedded
from driftwatch.summaries.slices import SliceTable


class Task(StrEnum):
    """What kind of number or class a model predicts."""

    BINARY = "binary"
    MULTICLASS = "multiclass"
    REGRESSION = "regression"


class FieldKind(StrEnum):
    """How a field's values fall into cells."""

    NUMERIC = "numeric"
    CATEGORICAL = "categorical"


class Scheme(StrEnum):
    """By which rule a numeric field was cut into cells."""

    QUANTILE = "quantile"
    EXACT = "exact"
    WIDTH = "width"
    EDGES = "edges"
    DECILES = "deciles"
    DOANE = "doane"


SCORE: Final = "score"
"""Name of the field made of the model's score or predicted value."""
DECISION: Final = "decision"
"""Name of the field made of the decided class (binary and multiclass)."""
OTHER: Final = "__other__"
SCORE_DECISION: Final = "score_decision"
"""Name of the block that counts score and decision together."""
CLASS_DECIDED: Final = "class_decided"
CLASS_SCORE_LABEL: Final = "class_score_label"
CLASS_DECIDED_LABEL: Final = "class_decided_label"
CLASS_CALIBRATION: Final = "class_calibration"
"""Names of the blocks that hold every class's own score against the decision and the label (one-vs-rest)."""

FIXED_POINT: Final = 1_000_000
"""Fixed-point sums count in units of 1e-6 (of a probability, or of the regression scale)."""


def class_score(name: str) -> str:
    """Name of the field made of a class's own score."""
    return f"{SCORE}[{name}]"


def class_of(field: str) -> str:
    """The class of which a field that `class_score` named is the score."""
    return field[len(SCORE) + 1 : -1]


def is_output(field: str) -> bool:
    """Whether a field is made of what the model said: its score, its decision, or a class's own score."""
    return field in (SCORE, DECISION) or (field.startswith(f"{SCORE}[") and field.endswith("]"))


class Field(msgspec.Struct, frozen=True):
    """One histogram inside a part: its cells, then `missing`, then `invalid`, from column `start` on.

    Numeric cell i holds `edges[i-1] < x <= edges[i]`, open outwards. An atom at v is the cell between
    `nextafter(v, -inf)` and v. Categorical cell i is `categories[i]`; one more is `__other__`.
    `coarse[i]` is the PSI cell into which cell i is joined; neighbours share it, so it never decreases.
    """

    name: str
    kind: FieldKind
    start: int
    edges: tuple[float, ...] = ()
    atoms: tuple[bool, ...] = ()
    categories: tuple[str, ...] = ()
    coarse: tuple[int, ...] = ()
    low: float = 0.0
    """Smallest valid value of the reference (numeric): below it is out of range."""
    high: float = 0.0
    """Largest valid value of the reference (numeric)."""
    mean: float = 0.0
    deviation: float = 0.0
    """Standard deviation of the reference's valid values (numeric)."""
    centres: tuple[float, ...] = ()
    """Mean of the reference's values in each cell (numeric): where a cell's mass lies, for Wasserstein."""
    scheme: Scheme = Scheme.QUANTILE
    """By which rule the cells were cut (numeric)."""

    @property
    def cells(self) -> int:
        """Cells for valid values, without `missing` and `invalid`."""
        return len(self.edges) + 1 if self.kind is FieldKind.NUMERIC else len(self.categories) + 1

    @property
    def missing(self) -> int:
        """Column of the missing values."""
        return self.start + self.cells

    @property
    def invalid(self) -> int:
        """Column of the invalid values."""
        return self.start + self.cells + 1

    @property
    def stop(self) -> int:
        """First column after this field."""
        return self.start + self.cells + 2

    @property
    def groups(self) -> tuple[int, ...]:
        """Coarse cell of each cell; each cell its own where the layout has no coarse ones."""
        return self.coarse if len(self.coarse) == self.cells else tuple(range(self.cells))


class Block(msgspec.Struct, frozen=True):
    """A group of counters that is not a histogram of one field: `shape` counters from column `start` on, C order."""

    name: str
    start: int
    shape: tuple[int, ...]

    @property
    def size(self) -> int:
        """Counters in the block."""
        size = 1
        for extent in self.shape:
            size *= extent
        return size

    @property
    def stop(self) -> int:
        """First column after this block."""
        return self.start + self.size


# Block of the predictions part, where decisions are mapped beside a score and labels will meet them. Axis meanings:
#   score_decision  (groups + 1, classes)  score group x decision; a group is a score cell (binary) or a coarse one
#                                     (multiclass). Events without a usable score or decision: first place of the last row
#
#   class_decided   (K, most cells + 1, 2)  cell of the class's own score x whether that class was decided; K classes
#                                     with a score of their own. Without a usable score or decision: first place of its
#                                     last row
#
# Blocks of the labels part. Axis meanings, in order:
#   confusion    (classes, classes)   decided class x label                       binary, multiclass
#   score_label  (score cells, 2)     cell of the field `score` x label 0/1       binary
#   calibration  (6, equal-width cells)  n, sum y, sum p, sum p^2, sum p*y, sum (1-2p)^2 p(1-p)
#                                     y = label (binary) or decision right (multiclass, top label)
#   calibration_mass  (6, coarse cells of `score`)  the same sums on cells of equal reference mass
#   calibration_ages  (age buckets, 3, equal-width cells)  n, sum y, sum p by label age
#   strata       (coarse cells of `score`, classes, 2)  score x decision: labels, errors         binary, multiclass
#   class_score_label  (K, most cells, 2)  cell of the class's own score x whether it is the label     multiclass
#   class_decided_label  (K, most cells, 2)  the same of the labels whose prediction decided that class
#   class_calibration  (K, 6, equal-width cells)  the sums of `calibration`, p the class's own score, y = it is the label
#   ages         (age buckets, 2)     matched labels, errors (regression: labels, |error| sum)
#   residuals    (7,)                 n, sum e, sum |e|, sum e^2, sum e^4, sum |e/y|, n with y != 0   regression,
#                                     e = predicted - label in units of the scale
#   residual_cells  (16,)             histogram of e on RESIDUAL_EDGES                            regression
#   quality      (3,)                 labels without usable decision or score, out of fixed-point range, matched
CALIBRATION_ROWS: Final = 6
RESIDUAL_ROWS: Final = 7
QUALITY_ROWS: Final = 3
RESIDUAL_EDGES: Final = (
    -8.0,
    -4.0,
    -2.0,
    -1.0,
    -0.5,
    -0.25,
    -0.125,
    0.0,
    0.125,
    0.25,
    0.5,
    1.0,
    2.0,
    4.0,
    8.0,
)
"""Upper edges of the residuals' cells `(a, b]`, in units of the scale; the last cell is open."""


class Part(msgspec.Struct, frozen=True, omit_defaults=True):
    """The columns that one stream fills; each part has panes and windows of its own.

    What has its default is left out of the encoding: a layout without derived fields has the hash that it always had.
    """

    stream: Stream
    fields: tuple[Field, ...]
    blocks: tuple[Block, ...]
    columns: int
    derived: tuple[Derived, ...] = ()
    """What makes the last of the fields from the others."""
    embedded: tuple[Embedded, ...] = ()
    """What makes the very last of the fields from embeddings."""
    scored: tuple[str, ...] = ()
    """Names of the fields of the classes' own scores, in the order of the first axis of the `class_…` blocks."""

    @property
    def made(self) -> tuple[str, ...]:
        """Names of the derived fields; they stand behind all others."""
        return tuple(name for derived in (*self.derived, *self.embedded) for name in derived.fields)

    @property
    def embeddings(self) -> tuple[str, ...]:
        """Names of the fields that count how long the vectors of an embedding are, one per embedding."""
        return tuple(dict.fromkeys(of.embedding for of in self.embedded))

    @property
    def own(self) -> tuple[Field, ...]:
        """The fields that are not derived."""
        return self.fields[: len(self.fields) - len(self.made)]

    def field(self, name: str) -> Field:
        """The field of this name; KeyError if the part has none."""
        for field in self.fields:
            if field.name == name:
                return field
        raise KeyError(name)

    def block(self, name: str) -> Block | None:
        """The block of this name, or None where the task has none."""
        return next((block for block in self.blocks if block.name == name), None)

    @property
    def starts(self) -> tuple[int, ...]:
        """First column of each row of coded cells: the fields, `score_decision`, each class's part of `class_decided`."""
        starts = [field.start for field in self.fields]
        if (joint := self.block(SCORE_DECISION)) is not None:
            starts.append(joint.start)
        if (own := self.block(CLASS_DECIDED)) is not None:
            starts += range(own.start, own.stop, own.size // own.shape[0])
        return tuple(starts)

    @property
    def coded(self) -> int:
        """Columns that are filled from coded cells."""
        last = self.block(CLASS_DECIDED) or self.block(SCORE_DECISION)
        return last.stop if last is not None else self.fields[-1].stop if self.fields else 0


class Layout(msgspec.Struct, frozen=True):
    """All columns of a model version, by stream, and the slice rows; immutable and named by its hash (E9)."""

    task: Task
    parts: tuple[Part, ...]
    slices: SliceTable
    classes: tuple[str, ...]
    """Classes in the order of the confusion block; binary: `("0", "1")`; multiclass ends with `__other__`."""
    threshold: float
    """Binary: score from which the decision is 1 where no decision is mapped."""
    calibration_cells: int
    age_edges_ms: tuple[int, ...]
    """Upper edges of the label-age buckets, the last one open."""
    scale: float
    """Regression: residuals are counted in units of this (the reference's label deviation)."""

    def part(self, stream: Stream) -> Part | None:
        """The part of a stream; None where nothing is counted from it."""
        return next((part for part in self.parts if part.stream is stream), None)

    @property
    def hash(self) -> str:
        """16 hex digits over the canonical encoding: equal layouts, equal names, on every machine."""
        return hashlib.sha256(msgspec.msgpack.encode(self)).hexdigest()[:16]
