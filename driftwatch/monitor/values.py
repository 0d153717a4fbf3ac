"""Slice values as small numbers that outlive layouts: the codes that join rows carry from stream to stream."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import repeat
from typing import Final

import numpy as np
from numpy.typing import NDArray

from driftwatch.events.columns import INVALID_TEXT
from driftwatch.events.joins import SLICE_COLUMNS_MAX
from driftwatch.summaries.slices import SliceTable

UNKNOWN: Final = 0
"""Null, invalid, or carried by a record that has not been met."""
OTHER: Final = 1
_FIRST: Final = 2

Codes = NDArray[np.int16]
"""int16[n, SLICE_COLUMNS_MAX]: 0 unknown, 1 any value without a code, 2 … the known values."""


class SliceValues:
    """Every value of every slice column that some layout has a row for; lists only grow, so codes stay true."""

    def __init__(self, columns: tuple[str, ...], saved: dict[str, list[str]]) -> None:
        self.columns = columns
        self._values = {column: list(saved.get(column, ())) for column in columns}
        self._codes: list[dict[str | None, int]] = [{} for _ in columns]
        self._index()

    def learn(self, table: SliceTable) -> None:
        """Give codes to the values of a layout."""
        for column, values in zip(table.columns, table.values, strict=True):
            known = self._values[column]
            known.extend(value for value in values if value not in known)
        self._index()

    def _index(self) -> None:
        for place, column in enumerate(self.columns):
            codes: dict[str | None, int] = {v: i for i, v in enumerate(self._values[column], _FIRST)}
            self._codes[place] = codes | {None: UNKNOWN, INVALID_TEXT: UNKNOWN}

    def codes(self, carried: Sequence[tuple[int, list[str | None]]], events: int) -> Codes:
        """Codes of n events: (column position, n texts) for the columns that their stream carries."""
        made = np.zeros((events, SLICE_COLUMNS_MAX), np.int16)
        for place, texts in carried:
            made[:, place] = np.fromiter(map(self._codes[place].get, texts, repeat(OTHER)), np.int16, events)
        return made

    def translation(self, table: SliceTable) -> list[NDArray[np.int16]]:
        """Per column of a layout's slice table: its value code for each of our codes."""
        made: list[NDArray[np.int16]] = []
        for place, column in enumerate(table.columns):
            known = {value: code for code, value in enumerate(table.values[place])}
            other = table.other_code(place)
            row = [table.unknown_code(place), other, *(known.get(v, other) for v in self._values[column])]
            made.append(np.array(row, np.int16))
        return made

    def saved(self) -> dict[str, list[str]]:
        """As it stands in the checkpoint."""
        return self._values
