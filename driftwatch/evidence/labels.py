"""Where the labels part of a layout keeps what evidence needs: errors and calibration by age, and the ages themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from driftwatch.evidence.aged import AgedCounts
from driftwatch.evidence.groups import Group
from driftwatch.evidence.indicators import Indicator, Watch
from driftwatch.summaries.layout import FIXED_POINT, Block, Layout, Part, Task
from driftwatch.summaries.performance import CALIBRATION_AGES, RESIDUAL_MAX

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

ERROR: Final = "error"
CALIBRATION: Final = "calibration"
DELAY: Final = "label_delay"
LABELS: Final = "labels"
"""Names of the watches of the labels part."""


@dataclass(frozen=True, slots=True)
class ErrorCounter:
    """Errors by label age; a regression's absolute errors in units of the largest that is counted."""

    ages: Block
    unit: float

    @classmethod
    def of(cls, layout: Layout, part: Part) -> ErrorCounter | None:
        """Of a layout's labels part; None where errors are not counted."""
        ages = part.block("ages")
        regression = layout.task is Task.REGRESSION
        return ages and cls(ages, RESIDUAL_MAX * FIXED_POINT if regression else 1.0)

    def __call__(self, matrix: Ints) -> AgedCounts:
        """Of int64[rows, columns]: one indicator."""
        counts = matrix[:, self.ages.start : self.ages.stop].reshape(len(matrix), 1, *self.ages.shape)
        events = counts[..., 0].astype(np.float64)
        return AgedCounts(events, counts[..., 1] / self.unit, np.zeros(events.shape))


@dataclass(frozen=True, slots=True)
class CalibrationCounter:
    """Labels, ones and scores by score cell and label age; the last indicator is all cells together."""

    block: Block

    @classmethod
    def of(cls, part: Part) -> CalibrationCounter | None:
        """Of a labels part; None where calibration is not counted."""
        block = part.block(CALIBRATION_AGES) or part.block("calibration")
        return block and cls(block)

    @property
    def cells(self) -> int:
        """Score cells."""
        return self.block.shape[-1]

    def __call__(self, matrix: Ints) -> AgedCounts:
        """Of int64[rows, columns]: an indicator per score cell, then one for all."""
        counts = matrix[:, self.block.start : self.block.stop].reshape(len(matrix), *self.block.shape)
        if self.block.name != CALIBRATION_AGES:
            counts = counts[:, None, :3]
        events, hits, expected = (_with_all(counts[:, :, row]) for row in range(3))
        return AgedCounts(events, hits, expected / FIXED_POINT)


def _with_all(counts: Ints) -> Floats:
    """[rows, ages, cells] as float64[rows, cells + 1, ages]."""
    by_cell = counts.transpose(0, 2, 1)
    return np.concatenate([by_cell, by_cell.sum(axis=1, keepdims=True)], axis=1).astype(np.float64)


def delay_columns(part: Part) -> Ints:
    """Columns that hold the number of labels in each age bucket, in the order of age; empty where there are none."""
    ages = part.block("ages")
    return np.empty(0, np.int64) if ages is None else ages.start + 2 * np.arange(ages.shape[0])


def delay_watch(layout: Layout, buckets: int) -> Watch:
    """The distribution of label ages, over the columns of `delay_columns`."""
    edges = [_age(edge) for edge in layout.age_edges_ms]
    indicators = tuple(Indicator(f"age <= {edge}", ((0, i + 1),)) for i, edge in enumerate(edges))
    return Watch(DELAY, Group.QUALITY, (0, buckets), indicators)


def quality_watch(part: Part) -> Watch | None:
    """Labels that met no usable decision or score, or lie out of range, among all matched ones."""
    quality = part.block("quality")
    if quality is None:
        return None
    start = quality.start
    names = ("without a usable decision or score", "out of range")
    indicators = tuple(Indicator(name, ((start + i, start + i + 1),)) for i, name in enumerate(names))
    return Watch(LABELS, Group.QUALITY, (start + 2, start + 3), indicators)


def _age(edge_ms: int) -> str:
    return f"{edge_ms // 86_400_000}d" if edge_ms % 86_400_000 == 0 else f"{edge_ms / 3_600_000:g}h"
