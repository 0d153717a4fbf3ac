"""The counts of a part by field, ready for statistics over all slices and fields at once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from driftwatch.drift.reading import Ints, Pair
from driftwatch.summaries.layout import FIXED_POINT, Field, FieldKind, Part

Bools = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Gather:
    """Where the cells of a part's F fields lie; made once per layout.

    The valid cells of all fields stand one after another on one axis of length C (no padding, so a field
    with very many cells costs only itself); `starts` says where each field begins. Coarse cells likewise.
    """

    part: Part
    columns: Ints
    """int64[C]: matrix column of each valid cell."""
    starts: Ints
    """int64[F]: first position of each field on the axis of cells."""
    atomic: Bools
    """bool[C]: the cell holds one single value, so nothing is hidden inside."""
    coarse_starts: Ints
    """int64[G]: position of the first cell of each coarse cell."""
    coarse_fields: Ints
    """int64[F]: first coarse cell of each field."""
    sizes: Ints
    """int64[F]: valid cells of each field."""
    coarse_sizes: Ints
    """int64[F]: coarse cells of each field."""
    missing: Ints
    """int64[F]: column of the missing values."""
    invalid: Ints
    """int64[F]: column of the invalid values."""
    numeric: Ints
    """Positions of the numeric fields."""
    categorical: Ints
    """Positions of the categorical fields."""
    ranged: Bools
    """bool[F]: the outer cells hold exactly what lies outside the reference's range."""

    @classmethod
    def of(cls, part: Part) -> Gather:
        """The places of a part's cells."""
        fields = part.fields
        sizes = _ints([field.cells for field in fields])
        breaks = [coarse_breaks(field) for field in fields]
        starts = np.cumsum(sizes) - sizes
        coarse_sizes = _ints([len(found) for found in breaks])
        return cls(
            part=part,
            columns=_join([np.arange(field.start, field.start + field.cells) for field in fields]),
            starts=starts,
            atomic=_join([_atoms(field) for field in fields]).astype(np.bool_),
            coarse_starts=_join([found + start for found, start in zip(breaks, starts, strict=True)]),
            coarse_fields=np.cumsum(coarse_sizes) - coarse_sizes,
            sizes=sizes,
            coarse_sizes=coarse_sizes,
            missing=_ints([field.missing for field in fields]),
            invalid=_ints([field.invalid for field in fields]),
            numeric=_ints([i for i, field in enumerate(fields) if field.kind is FieldKind.NUMERIC]),
            categorical=_ints([i for i, field in enumerate(fields) if field.kind is FieldKind.CATEGORICAL]),
            ranged=np.array([_ranged(field) for field in fields], np.bool_),
        )


@dataclass(frozen=True, eq=False)
class Side:
    """The counts of one side (reference or current), int64[slices, columns], cut by field."""

    gather: Gather
    matrix: Ints

    @cached_property
    def cells(self) -> Ints:
        """int64[S, C]: counts of the valid cells."""
        return np.take(self.matrix, self.gather.columns, axis=1)

    @cached_property
    def valid(self) -> Ints:
        """int64[S, F]: events with a valid value."""
        return np.add.reduceat(self.cells, self.gather.starts, axis=1)

    @cached_property
    def missing(self) -> Ints:
        """int64[S, F]"""
        return np.take(self.matrix, self.gather.missing, axis=1)

    @cached_property
    def invalid(self) -> Ints:
        """int64[S, F]"""
        return np.take(self.matrix, self.gather.invalid, axis=1)

    @cached_property
    def events(self) -> Ints:
        """int64[S, F]: all events, whatever the field held."""
        return self.valid + self.missing + self.invalid

    @cached_property
    def coarse(self) -> Ints:
        """int64[S, G]: counts of the coarse cells."""
        return np.add.reduceat(self.cells, self.gather.coarse_starts, axis=1)

    @cached_property
    def below(self) -> Ints:
        """int64[S, C]: events in this cell and the cells of the same field before it."""
        running = np.cumsum(self.cells, axis=1)
        before = np.take(running, self.gather.starts, axis=1) - np.take(
            self.cells, self.gather.starts, axis=1
        )
        return running - np.repeat(before, self.gather.sizes, axis=1)

    def block(self, name: str) -> Ints:
        """int64[S, *shape] of a block; KeyError where the part has none."""
        block = self.gather.part.block(name)
        if block is None:
            raise KeyError(name)
        counts = np.ascontiguousarray(self.matrix[:, block.start : block.stop])
        return counts.reshape(-1, *block.shape)


@dataclass(frozen=True, eq=False)
class Sides:
    """A pair with what several statistics share, each computed once."""

    pair: Pair
    reference: Side
    current: Side
    confidence: float = 0.95
    """Level of the intervals."""

    @classmethod
    def of(cls, pair: Pair, confidence: float = 0.95, gather: Gather | None = None) -> Sides:
        """Both sides of a pair; `gather` may be kept and given again for the same part."""
        gather = gather or Gather.of(pair.part)
        return cls(
            pair,
            Side(gather, np.ascontiguousarray(pair.reference)),
            Side(gather, np.ascontiguousarray(pair.current)),
            confidence,
        )

    @property
    def gather(self) -> Gather:
        """Where the cells lie."""
        return self.reference.gather


def from_fixed(sums: Ints) -> NDArray[np.float64]:
    """Fixed-point sums (units of 1e-6) as numbers."""
    return sums / FIXED_POINT


def _ints(values: list[int]) -> Ints:
    return np.array(values, np.int64)


def _join(parts: list[NDArray[np.int64]]) -> Ints:
    return np.concatenate([np.empty(0, np.int64), *parts]).astype(np.int64)


def _atoms(field: Field) -> Ints:
    """A category is an atom; a numeric field without the marks has none."""
    if field.kind is FieldKind.CATEGORICAL:
        return np.ones(field.cells, np.int64)
    if len(field.atoms) != field.cells:
        return np.zeros(field.cells, np.int64)
    return np.array(field.atoms, np.int64)


def coarse_breaks(field: Field) -> Ints:
    """Cells of the field that begin a new coarse cell; without a coarse scheme every cell does."""
    if len(field.coarse) != field.cells:
        return np.arange(field.cells)
    return np.flatnonzero(np.diff(np.array(field.coarse, np.int64), prepend=-1))


def _ranged(field: Field) -> bool:
    """Whether the first cell is `x < low` and the last one `x > high`."""
    return (
        field.kind is FieldKind.NUMERIC
        and len(field.edges) >= 2
        and bool(np.nextafter(field.low, -np.inf) == field.edges[0])
        and field.high == field.edges[-1]
    )
