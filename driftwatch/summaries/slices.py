"""The slice table: one matrix row per slice, and how the values of an event's slice columns pick its rows."""

from __future__ import annotations

from functools import cached_property
from typing import Final

import msgspec

ALL: Final = "all"
OTHER: Final = "__other__"
UNKNOWN: Final = "__unknown__"


class Dimension(msgspec.Struct, frozen=True):
    """One declared slicing: a column or a crossing of columns, with the combinations that have a row."""

    columns: tuple[str, ...]
    kept: tuple[tuple[str, ...], ...]

    @property
    def name(self) -> str:
        """`country`, or `country*channel` for a crossing."""
        return "*".join(self.columns)


class SliceTable(msgspec.Struct, frozen=True, dict=True):
    """Row 0 is all traffic; then, per dimension, its kept combinations, `__other__` and `__unknown__`.

    Every event adds to exactly one row of each dimension. Value codes of a column: its position in
    `values`, then one code for any other value, then one for unknown (null, invalid or not joined).
    """

    columns: tuple[str, ...]
    values: tuple[tuple[str, ...], ...]
    """Per column the values that occur in some kept combination, by reference frequency."""
    dimensions: tuple[Dimension, ...]

    @cached_property
    def rows(self) -> tuple[str, ...]:
        """Row names: `all`, `country=PT`, `country=PT,channel=web`, `country=__other__`, …"""
        names = [ALL]
        for dimension in self.dimensions:
            for combination in dimension.kept:
                names.append(
                    ",".join(f"{c}={v}" for c, v in zip(dimension.columns, combination, strict=True))
                )
            names.append(f"{dimension.name}={OTHER}")
            names.append(f"{dimension.name}={UNKNOWN}")
        return tuple(names)

    def other_code(self, column: int) -> int:
        """Code of any value of this column that has no code of its own."""
        return len(self.values[column])

    def unknown_code(self, column: int) -> int:
        """Code of a value that is null, invalid or not joined."""
        return len(self.values[column]) + 1

    def rows_of(self, codes: tuple[int, ...]) -> tuple[int, ...]:
        """The matrix rows of an event with these value codes, one per column: row 0, then one per dimension."""
        found = [0]
        for start, dimension, lookup in self._lookups:
            picked = tuple(codes[self.columns.index(c)] for c in dimension.columns)
            places = [self.columns.index(c) for c in dimension.columns]
            if any(code == self.unknown_code(place) for code, place in zip(picked, places, strict=True)):
                found.append(start + len(dimension.kept) + 1)
            else:
                found.append(start + lookup.get(picked, len(dimension.kept)))
        return tuple(found)

    @cached_property
    def _lookups(self) -> tuple[tuple[int, Dimension, dict[tuple[int, ...], int]], ...]:
        made: list[tuple[int, Dimension, dict[tuple[int, ...], int]]] = []
        start = 1
        for dimension in self.dimensions:
            places = [self.columns.index(c) for c in dimension.columns]
            lookup = {
                tuple(self.values[p].index(v) for p, v in zip(places, combination, strict=True)): row
                for row, combination in enumerate(dimension.kept)
            }
            made.append((start, dimension, lookup))
            start += len(dimension.kept) + 2
        return tuple(made)
