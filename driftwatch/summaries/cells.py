"""Values become cells: for each field of a part a coder, compiled once from the layout, that codes whole columns."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Final

import numpy as np
from numpy.typing import NDArray

from driftwatch.events.columns import INVALID_TEXT
from driftwatch.summaries.class_decided import DecidedCoder
from driftwatch.summaries.derived import Deriver
from driftwatch.summaries.layout import (
    CLASS_DECIDED,
    DECISION,
    SCORE,
    SCORE_DECISION,
    Block,
    Field,
    FieldKind,
    Part,
)

Cells = NDArray[np.integer]
"""int16 or int32 [rows, n], C order: the cell of each event in each field, counted from `field.start`, then its
place in the block `score_decision` and, class by class, in `class_decided` where the part counts them (`Part.starts` says
where each row counts).

Field by field, not event by event: every later step walks along one field.
"""
Floats = NDArray[np.float64]
Texts = Sequence[str | None]

SLOTS_MIN: Final = 256
SLOTS_MAX: Final = 16_384
"""Heavy tails want many slots; 16 384 of 8 bytes still fit the second-level cache."""
EDGES_PER_SLOT_MAX: Final = 3
"""More edges than this in one slot: a binary search is as fast."""
WIDE: Final = 32_000
"""Fields with more cells than this need int32 cells."""


@dataclass(frozen=True, slots=True)
class Scale:
    """Maps finite numbers onto slots `0 … slots - 1` without ever decreasing: linear, or by the bits of the float.

    The bits of an IEEE float, read as an integer, grow with its logarithm: that spreads heavy tails.
    """

    slots: int
    low: float
    factor: float
    """Slots per unit; 0 for the scale by bits."""
    shift: int = 0
    """Bits that share a slot."""

    def slot(self, x: Floats) -> NDArray[np.int64]:
        """int64[n] slots of n finite numbers; numbers outside the table fall into its outer slots."""
        if not self.factor:
            place = _ordered_bits(x) >> self.shift
            place -= _ordered_bits(np.array([self.low])) >> self.shift
        else:
            with np.errstate(over="ignore"):
                scaled = np.subtract(x, self.low)
                np.multiply(scaled, self.factor, out=scaled)
            np.maximum(scaled, 0.0, out=scaled)
            np.minimum(scaled, self.slots - 1, out=scaled)
            place = scaled.astype(np.int64)
        return place


def _ordered_bits(x: Floats) -> NDArray[np.int64]:
    """int64[n] that compare as the floats do; adding 0.0 makes -0.0 and 0.0 equal."""
    bits = np.add(x, 0.0).view(np.int64)
    return bits ^ ((bits >> 63) & 0x7FFF_FFFF_FFFF_FFFF)


@dataclass(frozen=True, slots=True)
class SlotTable:
    """Finds the cell of a finite number by one table look-up and at most `compares` comparisons.

    The slot never decreases with x; so edges in lower slots are below x and edges in higher slots are not,
    exactly, whatever the rounding; only edges in x's own slot are compared.
    """

    scale: Scale
    first: NDArray[np.int64]
    """First edge that is not in a lower slot, per slot."""
    edges: Floats
    """The edges, then +inf so that a comparison past the end is false."""
    compares: int

    def cells(self, x: Floats) -> NDArray[np.int64]:
        """int64[n] number of edges below each of n finite numbers."""
        found = self.first.take(self.scale.slot(x), mode="clip")
        for _ in range(self.compares):
            found += self.edges.take(found) < x
        return found


def slot_table(edges: Floats) -> SlotTable | None:
    """The table with the fewest comparisons, linear and small before large and by bits; None where all need too many."""
    best: SlotTable | None = None
    for scale in _scales(edges):
        held = np.bincount(np.clip(scale.slot(edges), 0, scale.slots - 1), minlength=scale.slots)
        compares = int(held.max())
        if compares <= (EDGES_PER_SLOT_MAX if best is None else best.compares - 1):
            best = SlotTable(scale, np.cumsum(held) - held, np.append(edges, np.inf), compares)
        if best is not None and (best.compares == 1 or scale.slots == SLOTS_MAX):
            return best
    return best


def _scales(edges: Floats) -> Iterator[Scale]:
    if len(edges) < 2:
        return
    low, span = float(edges[0]), float(edges[-1]) - float(edges[0])
    slots = SLOTS_MIN
    while slots <= SLOTS_MAX and np.isfinite(span) and np.isfinite(slots / span):
        yield Scale(slots, low, slots / span)
        slots *= 2
    first, last = _ordered_bits(edges[[0, -1]]).tolist()
    shift = max(0, (last - first).bit_length() - SLOTS_MAX.bit_length() + 1)
    yield Scale(((last >> shift) - (first >> shift)) + 1, low, 0.0, shift)


class NumericCoder:
    """Cells `(a, b]` of one numeric field; NaN falls into `missing`, an infinity into `invalid`."""

    def __init__(self, field: Field) -> None:
        self._edges = np.array(field.edges, np.float64)
        self._table = slot_table(self._edges)
        self._missing = field.cells
        self._invalid = field.cells + 1

    def cells(self, x: Floats) -> NDArray[np.int64]:
        """int64[n] cells of float64[n], contiguous or not."""
        x = np.ascontiguousarray(x)
        finite = np.isfinite(x)
        if finite.all():
            return self._valid(x)
        found = self._valid(np.where(finite, x, 0.0))
        found[~finite] = self._invalid
        found[np.isnan(x)] = self._missing
        return found

    def _valid(self, x: Floats) -> NDArray[np.int64]:
        if self._table is not None:
            return self._table.cells(x)
        return np.searchsorted(self._edges, x, side="left")


class CategoricalCoder:
    """Cells of one categorical field: a category's own, `__other__`, `missing` (None) or `invalid`."""

    def __init__(self, field: Field) -> None:
        self._lookup: dict[str | None, int] = {text: cell for cell, text in enumerate(field.categories)}
        self._lookup[None] = field.cells
        self._lookup[INVALID_TEXT] = field.cells + 1
        self._other = field.cells - 1

    def cells(self, texts: Texts) -> NDArray[np.int64]:
        """int64[n] cells of n canonical texts."""
        return np.fromiter(map(self._lookup.get, texts, repeat(self._other)), np.int64, len(texts))


class JointCoder:
    """Finds an event's place in the block `score_decision` from the cells of its score and of its decision."""

    def __init__(self, part: Part, block: Block) -> None:
        names = [field.name for field in part.fields]
        self._score, self._decision = names.index(SCORE), names.index(DECISION)
        score = part.fields[self._score]
        groups, self._classes = block.shape[0] - 1, block.shape[1]
        self._unusable = groups * self._classes
        group = np.arange(score.cells) if groups == score.cells else np.array(score.groups)
        self._first = np.append(group * self._classes, [self._unusable] * 2)

    def cells(self, cells: Cells) -> NDArray[np.int64]:
        """int64[n] places in the block from the cells [fields or more, n] of n events."""
        decisions = cells[self._decision]
        found = self._first.take(cells[self._score])
        found += decisions
        unusable = (found >= self._unusable) | (decisions >= self._classes)
        found[unusable] = self._unusable
        return found


class PartCoder:
    """Codes the fields of one part from the columns of `Events`; hold one per part and order of columns."""

    def __init__(self, part: Part, numeric: Sequence[str], textual: Sequence[str]) -> None:
        """`numeric` and `textual` name the decoder's columns; fields in neither are passed to `cells` as given."""
        block, decided = part.block(SCORE_DECISION), part.block(CLASS_DECIDED)
        sizes = [0 if block is None else block.size, 0 if decided is None else 2 * decided.shape[1]]
        widest = max([*sizes, *(field.cells for field in part.fields)])
        self.dtype: type[np.int16] | type[np.int32] = np.int32 if widest > WIDE else np.int16
        self._names = tuple(field.name for field in part.fields)
        self._deriver = Deriver(part.derived, numeric)
        reduced = {c: f for of in part.embedded for c, f in zip(of.columns, of.fields, strict=True)}
        if absent := [field for column, field in reduced.items() if column not in numeric]:
            raise ValueError(
                f"the derived field {absent[0]!r} is made of an embedding that is not reduced by its map"
            )
        numbered = (*(reduced.get(name, name) for name in numeric), *self._deriver.names)
        self._sources = tuple(_source(field, numbered, textual) for field in part.fields)
        self._together = None if block is None else JointCoder(part, block)
        self._decided = None if decided is None else DecidedCoder(part, decided)
        self._rows = len(self._sources) + (block is not None) + (len(self._decided) if self._decided else 0)

    def cells(
        self,
        numbers: Floats,
        texts: Sequence[Texts],
        scores: Floats | None = None,
        decisions: NDArray[np.integer] | None = None,
    ) -> Cells:
        """[rows, n] cells, from float64[n, numeric], one list of n per textual column, float64[n] scores, int[n] decision cells.

        Raises ValueError where the part has a field `score` or `decision` and it is not given.
        """
        numbers = self._deriver.extend(numbers)
        made = np.empty((self._rows, self._length(numbers, texts, scores, decisions)), self.dtype)
        for row, source in enumerate(self._sources):
            found = source(numbers, texts, scores, decisions)
            if found is None:
                raise ValueError(f"the layout has the field {self._names[row]!r}; its values were not given")
            made[row] = found
        if self._together is not None:
            made[len(self._sources)] = self._together.cells(made)
        if self._decided is not None:
            self._decided.fill(made, made[-len(self._decided) :])
        return made

    @staticmethod
    def _length(
        numbers: Floats, texts: Sequence[Texts], scores: Floats | None, decisions: NDArray[np.integer] | None
    ) -> int:
        if scores is not None:
            return len(scores)
        if decisions is not None:
            return len(decisions)
        return len(texts[0]) if texts else len(numbers)


_Source = Callable[
    [Floats, Sequence[Texts], Floats | None, NDArray[np.integer] | None], NDArray[np.integer] | None
]


def _source(field: Field, numeric: Sequence[str], textual: Sequence[str]) -> _Source:
    """Where a field's cells come from: a decoder's column of its name, else the score or the decision."""
    if field.kind is FieldKind.NUMERIC:
        coder = NumericCoder(field)
        if field.name in numeric:
            place = numeric.index(field.name)
            return lambda numbers, _texts, _scores, _decisions: coder.cells(numbers[:, place])
        return lambda _numbers, _texts, scores, _decisions: None if scores is None else coder.cells(scores)
    if field.name in textual:
        categories, place = CategoricalCoder(field), textual.index(field.name)
        return lambda _numbers, texts, _scores, _decisions: categories.cells(texts[place])
    return lambda _numbers, _texts, _scores, decisions: decisions
