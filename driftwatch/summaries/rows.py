"""Slice values become matrix rows: value codes per column, then the rows of each combination of codes that occurs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Final

import numpy as np
from numpy.typing import NDArray

from driftwatch.events.columns import INVALID_TEXT
from driftwatch.summaries.slices import SliceTable

Codes = NDArray[np.int16]
"""int16[n, slice columns]: value codes as `SliceTable` defines them; the form in which a join carries slices."""
Ints = NDArray[np.int64]

CACHE_LIMIT: Final = 65_536
"""Combinations of codes whose rows are remembered; beyond it the memory starts anew (F10)."""
TABLE_LIMIT: Final = 65_536
"""Up to this many possible combinations are compressed by a table, more by sorting."""


@dataclass(frozen=True, slots=True)
class Joint:
    """The slice rows of n events, by the combination of value codes that they share.

    `index` int64[n]: each event's position in `rows`; `rows` int64[combinations, 1 + dimensions]: matrix rows,
    the first always 0 (all traffic).
    """

    index: Ints
    rows: Ints

    def take(self, events: Ints) -> Joint:
        """The same for a selection of the events."""
        return Joint(self.index.take(events), self.rows)

    def of(self, dimension: int) -> Ints:
        """int64[n]: each event's row in one dimension; 0 is all traffic."""
        return self.rows[:, dimension].take(self.index)


class SliceCoder:
    """Finds value codes and rows for one slice table; it remembers the rows of combinations it has met."""

    def __init__(self, table: SliceTable) -> None:
        self.table = table
        self._lookups = [self._lookup(column) for column in range(len(table.columns))]
        self._sizes = [len(values) + 2 for values in table.values]
        self._known: dict[bytes, int] = {}
        self._rows = np.zeros((64, 1 + len(table.dimensions)), np.int64)

    def _lookup(self, column: int) -> dict[str | None, int]:
        unknown = self.table.unknown_code(column)
        lookup: dict[str | None, int] = {value: code for code, value in enumerate(self.table.values[column])}
        return lookup | {None: unknown, INVALID_TEXT: unknown}

    def codes(self, texts: Sequence[Sequence[str | None]], events: int) -> tuple[Codes, dict[str, int]]:
        """Value codes of n events, one list of texts per slice column, and per column how many have no code of their own.

        The second answer is what the fact `SlicesFolded` reports; columns without such values are absent.
        """
        made = np.empty((events, len(self._lookups)), np.int16)
        folded: dict[str, int] = {}
        for column, lookup in enumerate(self._lookups):
            other = self.table.other_code(column)
            made[:, column] = np.fromiter(map(lookup.get, texts[column], repeat(other)), np.int16, events)
            if count := int(np.count_nonzero(made[:, column] == other)):
                folded[self.table.columns[column]] = count
        return made, folded

    def unknown(self, events: int) -> Codes:
        """Value codes of events of which no slice value is known (not joined)."""
        row = [self.table.unknown_code(column) for column in range(len(self._lookups))]
        return np.tile(np.array(row, np.int16), (events, 1))

    def joint(self, codes: Codes) -> Joint:
        """The rows of n events with these value codes."""
        if codes.shape[1] == 0 or len(codes) == 0:
            return Joint(np.zeros(len(codes), np.int64), np.zeros((1, self._rows.shape[1]), np.int64))
        index, examples = self._combine(codes)
        combinations = np.ascontiguousarray(codes[examples])
        keys: list[bytes] = combinations.view(f"V{2 * codes.shape[1]}").ravel().tolist()
        if len(self._known) + len(keys) > CACHE_LIMIT:
            self._known.clear()
        places = np.array(
            [self._place(key, row) for key, row in zip(keys, combinations, strict=True)], np.int64
        )
        return Joint(index, self._rows[places])

    def _place(self, key: bytes, codes: Codes) -> int:
        place = self._known.get(key)
        if place is None:
            place = len(self._known)
            if place == len(self._rows):
                self._rows = np.concatenate([self._rows, np.zeros_like(self._rows)])
            self._rows[place] = self.table.rows_of(tuple(codes.tolist()))
            self._known[key] = place
        return place

    def _combine(self, codes: Codes) -> tuple[Ints, Ints]:
        """Number the combinations that occur: int64[n] numbers, and for each number one event that has it."""
        index, size = codes[:, 0].astype(np.int64), self._sizes[0]
        for column in range(1, codes.shape[1]):
            if size * self._sizes[column] > 2**62:
                index, _, size = _compress(index, size)
            index *= self._sizes[column]
            index += codes[:, column]
            size *= self._sizes[column]
        numbers, examples, _ = _compress(index, size)
        return numbers, examples


def _compress(index: Ints, size: int) -> tuple[Ints, Ints, int]:
    """Numbers below `size` as positions among those that occur, one event for each, and how many there are."""
    if size > max(TABLE_LIMIT, len(index)):
        _, examples, numbers = np.unique(index, return_index=True, return_inverse=True)
        return numbers.reshape(-1), examples, len(examples)
    example = np.full(size, -1, np.int64)
    example[index] = np.arange(len(index))
    occurring = np.flatnonzero(example >= 0)
    number = np.empty(size, np.int64)
    number[occurring] = np.arange(len(occurring))
    return number.take(index), example[occurring], len(occurring)
