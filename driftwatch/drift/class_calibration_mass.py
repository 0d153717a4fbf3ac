"""Calibration error of every class's own score on cells of equal reference mass, each score at its cell's centre."""

from __future__ import annotations

from dataclasses import replace
from typing import Final, NamedTuple

import numpy as np

from driftwatch.drift.calibration import SUM_P, SUM_PP, SUM_Y, N, labels_of, plug_in_error, plug_in_expected
from driftwatch.drift.calibration_cells import CALIBRATION_ERROR_MASS, CALIBRATION_ERROR_MASS_EXPECTED
from driftwatch.drift.estimates import ratio, whole_estimate
from driftwatch.drift.gather import Sides
from driftwatch.drift.one_vs_rest import class_fields, unfolded
from driftwatch.drift.reading import Estimate, Floats, Ints
from driftwatch.drift.statistic import Needs
from driftwatch.events.classes import Stream
from driftwatch.summaries.layout import CALIBRATION_ROWS, CLASS_SCORE_LABEL, FIXED_POINT, Field, Task


class Cells(NamedTuple):
    """Of the classes' scores, [classes, most cells …]; 0 in the cells that a class does not have."""

    groups: Ints
    """int64[classes, most cells, coarse cells]: 1 where a cell lies in a coarse one."""
    centres: Ints
    """int64: the centre in fixed point."""
    reach: Floats
    """float64: how far a score may lie from it."""


def class_calibration_error_mass(sides: Sides) -> Estimate:
    """Σ_b (n_b/N)·|ȳ_b − p̄_b| over each class's coarse cells, float64[slices, classes], p̄ from the fine cells' centres.

    `lower` and `upper` are the grid's error: no score lies farther from its cell's centre than the cell's ends.
    """
    block = sides.once(_block)
    counts = sides.current.block(CLASS_SCORE_LABEL).sum(axis=3)
    reach = np.add.reduce(counts * _cells(sides).reach, axis=2)
    value, labels = plug_in_error(block), labels_of(block)
    slack = ratio(reach.reshape(-1), labels)
    lower, upper = np.maximum(value - slack, 0.0), np.minimum(value + slack, 1.0)
    return unfolded(sides, whole_estimate(value, labels, lower, upper))


def class_calibration_error_mass_expected(sides: Sides) -> Estimate:
    """sqrt(2/π)·Σ w_b σ_b on the same cells: what a perfectly calibrated score shows."""
    block = sides.once(_block)
    return unfolded(sides, whole_estimate(plug_in_expected(block), labels_of(block)))


def _block(sides: Sides) -> Ints:
    """int64[slices · classes, 6, coarse cells]: the rows n, Σy, Σp and Σp² of the block `calibration_mass`."""
    cells = _cells(sides)
    counts = sides.current.block(CLASS_SCORE_LABEL)
    events, squares = counts.sum(axis=3), np.rint(cells.centres * (cells.centres / FIXED_POINT))
    made = np.zeros((events.shape[0] * events.shape[1], CALIBRATION_ROWS, cells.groups.shape[2]), np.int64)
    amounts = {
        N: events,
        SUM_Y: counts[..., 1],
        SUM_P: events * cells.centres,
        SUM_PP: events * squares.astype(np.int64),
    }
    for row, amount in amounts.items():
        # Integers, so the order of the sums changes nothing.
        made[:, row] = (amount[:, :, None, :] @ cells.groups).reshape(len(made), -1)
    return made


def _cells(sides: Sides) -> Cells:
    return sides.gather.keep("class coarse cells", lambda: _made(sides))


def _made(sides: Sides) -> Cells:
    fields = class_fields(sides.pair.layout, sides.gather.part)
    most = sides.current.block(CLASS_SCORE_LABEL).shape[2]
    coarse = max(max(field.groups) for field in fields) + 1
    cells = Cells(
        np.zeros((len(fields), most, coarse), np.int64),
        np.zeros((len(fields), most), np.int64),
        np.zeros((len(fields), most)),
    )
    for place, field in enumerate(fields):
        inside = slice(field.cells)
        cells.groups[place, np.arange(field.cells), np.array(field.groups)] = 1
        cells.centres[place, inside], cells.reach[place, inside] = _centres(field)
    return cells


def _centres(field: Field) -> tuple[Ints, Floats]:
    """Where the scores of each cell lie, cut to [0, 1], in fixed point, and how far away one may be."""
    lower = np.clip(np.append(0.0, field.edges), 0.0, 1.0)
    upper = np.clip(np.append(field.edges, 1.0), 0.0, 1.0)
    middle = field.centres if len(field.centres) == field.cells else (lower + upper) / 2
    fixed = np.rint(np.clip(middle, 0.0, 1.0) * FIXED_POINT).astype(np.int64)
    centres = fixed / FIXED_POINT
    return fixed, np.maximum(np.maximum(upper - centres, centres - lower), 0.0)


_NEEDS: Final = Needs(
    streams=frozenset({Stream.LABELS}),
    tasks=frozenset({Task.MULTICLASS}),
    blocks=(CLASS_SCORE_LABEL,),
    scored=True,
)

CLASS_CALIBRATION_ERROR_MASS: Final = replace(
    CALIBRATION_ERROR_MASS,
    name="class_calibration_error_mass",
    summary="Of each class's own score against the rest: expected calibration error, plug-in, cells of about equal reference mass; the limits are the grid's error.",
    source=f"one against the rest; {CALIBRATION_ERROR_MASS.source}; ± Σ (n/N)·(farthest end of a fine cell from its centre)",
    formula=f"{CALIBRATION_ERROR_MASS.formula}, each score at its fine cell's centre",
    compute=class_calibration_error_mass,
    needs=_NEEDS,
    interval=True,
    use="For classes whose scores crowd near 0, as those of most classes do where there are many.",
    lies="Biased up like every plug-in error; read `class_calibration_error_mass_expected` beside it. Its limits are of the cells alone, not of chance.",
)
CLASS_CALIBRATION_ERROR_MASS_EXPECTED: Final = replace(
    CALIBRATION_ERROR_MASS_EXPECTED,
    name="class_calibration_error_mass_expected",
    summary="Of each class's own score against the rest: the equal-mass calibration error that a perfectly calibrated score shows with so many labels.",
    source=f"one against the rest; {CALIBRATION_ERROR_MASS_EXPECTED.source}",
    compute=class_calibration_error_mass_expected,
    needs=_NEEDS,
    use="As the yardstick of `class_calibration_error_mass`.",
)
