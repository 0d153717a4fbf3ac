"""Slice values become matrix rows: value codes per column, then the rows of each combination of codes that occurs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Final

import numpy as np
from numpy.typing import NDArray

from driftwatch.events.columns import INVALID_TEXT
from driftwatch.summaries.slices import Dimension, SliceTable

Codes = NDArray[np.int16]
"""int16[n, slice columns]: value codes as `SliceTable` defines them; the form in which a join carries slices."""
Ints = NDArray[np.int64]

TABLE_LIMIT: Final = 65_536
"""Up to this many possible combinations are numbered by a table, more by sorting."""
PROBE: Final = 1_024
"""Events looked at to see whether sorting would find combinations that are shared at all."""


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


class _DimensionRows:
    """Finds the rows of one dimension by walking along its columns: each step is one table look-up.

    A state is a kept combination's beginning; two more states, `other` and `unknown`, are never left again,
    except that an unknown value makes any event unknown. The last states are the kept combinations in order.
    """

    def __init__(self, table: SliceTable, dimension: Dimension, start: int) -> None:
        self._places = [table.columns.index(column) for column in dimension.columns]
        self._start = start
        self._steps: list[NDArray[np.int16]] = []
        codes = [{v: code for code, v in enumerate(table.values[place])} for place in self._places]
        states: list[tuple[str, ...]] = [()]
        for depth, place in enumerate(self._places, 1):
            following = list(dict.fromkeys(kept[:depth] for kept in dimension.kept))
            number = {beginning: state for state, beginning in enumerate(following)}
            other, unknown = len(following), len(following) + 1
            shape = (len(states) + 2, len(table.values[place]) + 2)
            step: NDArray[np.int16] = np.full(shape, other, np.int16)
            for beginning in following:
                step[states.index(beginning[:-1]), codes[depth - 1][beginning[-1]]] = number[beginning]
            step[len(states) + 1] = unknown
            step[:, table.unknown_code(place)] = unknown
            self._steps.append(step)
            states = following

    def find(self, codes: Codes) -> Ints:
        """int64[n] rows of n events with these value codes."""
        state: Ints = np.zeros(len(codes), np.int64)
        for place, step in zip(self._places, self._steps, strict=True):
            places: Ints = state * step.shape[1] + codes[:, place]
            state = step.reshape(-1).take(places).astype(np.int64)
        return state + self._start


class SliceCoder:
    """Finds value codes and rows for one slice table; compiled once, holds no state."""

    def __init__(self, table: SliceTable) -> None:
        self.table = table
        self._lookups = [self._lookup(column) for column in range(len(table.columns))]
        self._sizes = [len(values) + 2 for values in table.values]
        self._dimensions: list[_DimensionRows] = []
        start = 1
        for dimension in table.dimensions:
            self._dimensions.append(_DimensionRows(table, dimension, start))
            start += len(dimension.kept) + 2

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
            return Joint(np.zeros(len(codes), np.int64), np.zeros((1, 1 + len(self._dimensions)), np.int64))
        index, examples = self._combine(codes)
        shared = codes[examples]
        rows = np.zeros((len(shared), 1 + len(self._dimensions)), np.int64)
        for number, dimension in enumerate(self._dimensions, 1):
            rows[:, number] = dimension.find(shared)
        return Joint(index, rows)

    def _combine(self, codes: Codes) -> tuple[Ints, Ints]:
        """Number the combinations that occur: int64[n] numbers, and for each number one event that has it.

        Where hardly any two events share a combination, each event is its own (F10).
        """
        index, size = codes[:, 0].astype(np.int64), self._sizes[0]
        for column in range(1, codes.shape[1]):
            if size * self._sizes[column] > 2**62:
                index, examples = _by_sorting(index)
                size = len(examples)
            index *= self._sizes[column]
            index += codes[:, column]
            size *= self._sizes[column]
        if size <= max(TABLE_LIMIT, len(index)):
            return _by_table(index, size)
        if len(np.unique(index[:PROBE])) > PROBE // 2:
            return np.arange(len(index)), np.arange(len(index))
        return _by_sorting(index)


def _by_sorting(index: Ints) -> tuple[Ints, Ints]:
    """Numbers as positions among those that occur, and one event for each."""
    _, examples, numbers = np.unique(index, return_index=True, return_inverse=True)
    return numbers.reshape(-1), examples


def _by_table(index: Ints, size: int) -> tuple[Ints, Ints]:
    """The same for numbers below `size`."""
    example = np.full(size, -1, np.int64)
    example[index] = np.arange(len(index))
    occurring = np.flatnonzero(example >= 0)
    number = np.empty(size, np.int64)
    number[occurring] = np.arange(len(occurring))
    return number.take(index), example[occurring]
