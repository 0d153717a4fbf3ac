"""Cells and slice rows become counts: matrices int64[slices, columns], for one pane or for many at once."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from driftwatch.summaries.cells import Cells
from driftwatch.summaries.layout import Part
from driftwatch.summaries.rows import Joint
from driftwatch.summaries.slices import SliceTable

Ints = NDArray[np.int64]

AT_ONCE: Final = 16_384
"""Up to this many counters (events x fields x rows) are added in one call; beyond it field by field, which caches better."""
SUM_COST: Final = 0.1
"""Summing one counter of a row into another, relative to counting one event in one field (measured)."""
FOLD_COST: Final = 0.6
"""Adding one counter of a combination to the row of one dimension, relative to the same."""


def count(part: Part, table: SliceTable, cells: Cells, joint: Joint) -> Ints:
    """int64[slices, part.columns]: n events of one pane counted; `cells` [fields, n] from `PartCoder`."""
    matrix = np.zeros((len(table.rows), part.columns), np.int64)
    add(part, table, matrix, cells, joint)
    return matrix


def add(part: Part, table: SliceTable, matrix: Ints, cells: Cells, joint: Joint) -> None:
    """Count n events into `matrix` int64[slices, part.columns] (C order), in place.

    Each event adds 1 in each field to row 0 and to one row per dimension. Where events share few combinations
    of slice values, they are counted once per combination and the combinations then added to their rows; else
    once per dimension, row 0 being the sum of the first dimension's rows. The cheaper way is taken; the
    result is the same, if the fields of `matrix` were counted by this function alone.
    """
    fields, events = cells.shape
    combinations, rows = joint.rows.shape
    once = events * fields
    per_fold = combinations * part.columns
    if once * rows <= AT_ONCE:
        _add_at_once(part, matrix, cells, joint)
    elif rows == 1:
        _add_fields(part, matrix, cells, joint.of(0))
    elif once + per_fold * (3 * SUM_COST + FOLD_COST * (rows - 1)) < once * (rows - 1):
        _add_by_combination(part, matrix, cells, joint)
    else:
        _add_by_dimension(part, table, matrix, cells, joint)


def add_panes(
    part: Part, table: SliceTable, panes: Ints, cells: Cells, joint: Joint, into: MutableMapping[int, Ints]
) -> None:
    """Count n events into the matrices of their panes: `panes` int64[n] names each event's pane (its start, say).

    A pane that `into` does not have yet is made. Cost: one sort of the panes, then one `add` per pane.
    """
    for pane, cells_of, joint_of in by_pane(panes, cells, joint):
        matrix = into.get(pane)
        if matrix is None:
            matrix = into[pane] = np.zeros((len(table.rows), part.columns), np.int64)
        add(part, table, matrix, cells_of, joint_of)


def count_panes(part: Part, table: SliceTable, panes: Ints, cells: Cells, joint: Joint) -> dict[int, Ints]:
    """The matrices of the panes that occur, by pane."""
    made: dict[int, Ints] = {}
    add_panes(part, table, panes, cells, joint, made)
    return made


def by_pane(panes: Ints, cells: Cells, joint: Joint) -> Iterator[tuple[int, Cells, Joint]]:
    """Each pane that occurs, ascending, with its events' cells and rows."""
    if len(panes) == 0:
        return
    if (panes == panes[0]).all():
        yield int(panes[0]), cells, joint
        return
    order = np.argsort(panes, kind="stable")
    sorted_panes, sorted_cells, sorted_joint = panes[order], cells.take(order, axis=1), joint.take(order)
    bounds = [0, *(np.flatnonzero(np.diff(sorted_panes)) + 1).tolist(), len(panes)]
    for start, stop in pairwise(bounds):
        part_of = Joint(sorted_joint.index[start:stop], joint.rows)
        yield int(sorted_panes[start]), sorted_cells[:, start:stop], part_of


def _flat(matrix: Ints) -> Ints:
    """The counters of a matrix in one line; a copy would lose what is added to it."""
    flat = matrix.reshape(-1)
    assert np.shares_memory(flat, matrix), "matrices are C-contiguous"
    return flat


def _add_at_once(part: Part, matrix: Ints, cells: Cells, joint: Joint) -> None:
    starts = np.array(part.starts, np.int64)
    rows = joint.rows.take(joint.index, axis=0).T * part.columns
    places = rows[:, None, :] + (cells + starts[:, None])
    np.add.at(_flat(matrix), places.reshape(-1), 1)


def _add_fields(part: Part, matrix: Ints, cells: Cells, rows: Ints) -> None:
    """One row per event: `add.at` takes 0.7 ns per event and field where `bincount` takes 1."""
    flat, base, place = _flat(matrix), rows * part.columns, np.empty(len(rows), np.int64)
    for start, cell in zip(part.starts, cells, strict=True):
        np.add(base, cell, out=place)
        np.add.at(flat[start:], place, 1)


def _add_by_dimension(part: Part, table: SliceTable, matrix: Ints, cells: Cells, joint: Joint) -> None:
    for dimension in range(1, joint.rows.shape[1]):
        _add_fields(part, matrix, cells, joint.of(dimension))
    after_first = 1 + len(table.dimensions[0].kept) + 2
    width = part.coded
    matrix[0, :width] = matrix[1:after_first, :width].sum(axis=0)


def _add_by_combination(part: Part, matrix: Ints, cells: Cells, joint: Joint) -> None:
    counted = np.zeros((len(joint.rows), part.columns), np.int64)
    _add_fields(part, counted, cells, joint.index)
    matrix[0] += counted.sum(axis=0)
    for rows in joint.rows[:, 1:].T.tolist():
        for combination, row in zip(counted, rows, strict=True):
            matrix[row] += combination
