"""The counts of a part by field, ready for statistics over all slices and fields at once."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from dataclasses import field as made_by
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from driftwatch.drift.estimates import ratio
from driftwatch.drift.reading import Floats, Ints, Pair
from driftwatch.summaries.layout import FIXED_POINT, Field, FieldKind, Part

Bools = NDArray[np.bool_]
Made = TypeVar("Made")


@dataclass(frozen=True, eq=False)
class Geometry:
    """Where the cells lie on the number line, in reference standard deviations; zero for categorical fields."""

    centres: Floats
    """float64[C]: where a cell's mass lies."""
    gaps: Floats
    """float64[C]: from a cell's centre to the next one's; 0 in a field's last cell."""
    slack: Floats
    """float64[C]: how far a value may lie from its cell's centre; 0 in atoms and open outer cells."""
    lower: Floats
    upper: Floats
    """float64[C]: a cell's ends; NaN where it is open."""

    @classmethod
    def of(cls, fields: tuple[Field, ...]) -> Geometry:
        """The geometry of a part's fields."""
        made = [_geometry(field) for field in fields]
        return cls(*(_join_floats([each[row] for each in made]) for row in range(5)))


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
    geometry: Geometry
    spread: Bools
    """bool[F]: numeric, and the reference's values are not all the same."""
    _kept: dict[Hashable, Any] = made_by(default_factory=dict[Hashable, Any], repr=False)

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
            geometry=Geometry.of(fields),
            spread=np.array([_spread(field) for field in fields], np.bool_),
        )

    def keep(self, key: Hashable, make: Callable[[], Made]) -> Made:
        """What `make` gives, made once for this part and key."""
        if key not in self._kept:
            self._kept[key] = make()
        return self._kept[key]

    @cached_property
    def field_of(self) -> Ints:
        """int64[C]: position of each cell's field."""
        return np.repeat(np.arange(len(self.sizes)), self.sizes)

    @cached_property
    def coarse_field_of(self) -> Ints:
        """int64[G]: position of each coarse cell's field."""
        return np.repeat(np.arange(len(self.sizes)), self.coarse_sizes)

    def each_cell(self, of_fields: NDArray[Any]) -> NDArray[Any]:
        """[S, F] repeated over the cells of each field, [S, C]."""
        return np.repeat(of_fields, self.sizes, axis=1)

    def each_coarse(self, of_fields: NDArray[Any]) -> NDArray[Any]:
        """[S, F] repeated over the coarse cells of each field, [S, G]."""
        return np.repeat(of_fields, self.coarse_sizes, axis=1)

    def sum(self, of_cells: NDArray[Any]) -> NDArray[Any]:
        """[S, C] added up by field, [S, F]."""
        return np.add.reduceat(of_cells, self.starts, axis=1)


@dataclass(frozen=True, eq=False)
class Side:
    """The counts of one side (reference or current), int64[slices, columns], cut by field."""

    gather: Gather
    matrix: Ints
    _made: dict[Callable[[Side], Any], Any] = made_by(default_factory=dict[Any, Any], repr=False)

    def once(self, of: Callable[[Side], Made]) -> Made:
        """What a function makes of this side alone; made once, however often it is asked for."""
        if of not in self._made:
            self._made[of] = of(self)
        return self._made[of]

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
    def divisor(self) -> Floats:
        """float64[S, C]: each cell's field's valid events; NaN where there are none."""
        return self.gather.each_cell(np.where(self.valid > 0, self.valid, np.nan))

    @cached_property
    def shares(self) -> Floats:
        """float64[S, C]: each cell's share of its field's valid values; NaN where there are none."""
        return self.cells / self.divisor

    @cached_property
    def coarse_shares(self) -> Floats:
        """float64[S, G]: the same of the coarse cells."""
        return ratio(self.coarse, self.gather.each_coarse(self.valid))

    @cached_property
    def cumulative(self) -> Floats:
        """float64[S, C]: share of valid values at or below the cell's upper edge; NaN where there are none."""
        return self.below / self.divisor

    @cached_property
    def below(self) -> Ints:
        """int64[S, C]: events in this cell and the cells of the same field before it."""
        running = np.cumsum(self.cells, axis=1)
        before = np.take(running, self.gather.starts, axis=1) - np.take(
            self.cells, self.gather.starts, axis=1
        )
        return running - self.gather.each_cell(before)

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
    _made: dict[Callable[[Sides], Any], Any] = made_by(default_factory=dict[Any, Any], repr=False)

    @classmethod
    def of(cls, pair: Pair, confidence: float = 0.95, reference: Side | None = None) -> Sides:
        """Both sides of a pair; the reference's may be kept and given again, with all that was made of it."""
        if reference is None:
            reference = Side(Gather.of(pair.part), np.ascontiguousarray(pair.reference))
        return cls(pair, reference, Side(reference.gather, np.ascontiguousarray(pair.current)), confidence)

    @property
    def gather(self) -> Gather:
        """Where the cells lie."""
        return self.reference.gather

    def once(self, of: Callable[[Sides], Made]) -> Made:
        """What a function makes of these sides; made once, however many statistics ask for it."""
        if of not in self._made:
            self._made[of] = of(self)
        return self._made[of]

    @cached_property
    def apart(self) -> Floats:
        """float64[S, C]: F_ref − F_cur at the cells' upper edges; NaN where a side is empty."""
        return self.reference.cumulative - self.current.cumulative


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


def _spread(field: Field) -> bool:
    return field.kind is FieldKind.NUMERIC and field.deviation > 0 and len(field.centres) == field.cells


def _geometry(field: Field) -> tuple[Floats, ...]:
    if field.kind is not FieldKind.NUMERIC or len(field.centres) != field.cells:
        return (np.zeros(field.cells),) * 5
    unit = field.deviation if field.deviation > 0 else 1.0
    edges = np.array(field.edges)
    with np.errstate(over="ignore"):
        centres = np.array(field.centres) / unit
        lower, upper = np.append(np.nan, edges) / unit, np.append(edges, np.nan) / unit
        reach = np.maximum(upper - centres, centres - lower)
    reach[np.array(field.atoms, np.bool_) | ~np.isfinite(reach)] = 0.0
    return centres, np.append(np.diff(centres), 0.0), reach, lower, upper


def _join_floats(parts: list[Floats]) -> Floats:
    return np.concatenate([np.empty(0), *parts])


def _ranged(field: Field) -> bool:
    """Whether the first cell is `x < low` and the last one `x > high`."""
    return (
        field.kind is FieldKind.NUMERIC
        and len(field.edges) >= 2
        and bool(np.nextafter(field.low, -np.inf) == field.edges[0])
        and field.high == field.edges[-1]
    )
