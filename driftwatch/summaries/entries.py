"""What labels add to counters: entries of (event, column, amount), and sums of probabilities as whole numbers."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from driftwatch.summaries.layout import FIXED_POINT

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(slots=True)
class Entries:
    """What is to be added where: event, column, amount; one entry per counter that an event moves."""

    events: list[Ints] = field(default_factory=list[Ints])
    columns: list[Ints] = field(default_factory=list[Ints])
    amounts: list[Ints] = field(default_factory=list[Ints])

    def add(self, events: Ints, columns: Ints | int, amounts: Ints | int = 1) -> None:
        """One entry per event; a column or an amount alone stands for all of them."""
        self.events.append(events)
        self.columns.append(np.broadcast_to(np.asarray(columns, np.int64), events.shape))
        self.amounts.append(np.broadcast_to(np.asarray(amounts, np.int64), events.shape))


def fixed(values: Floats) -> Ints:
    """Units of 1e-6, rounded once (half to even); the caller has checked the range."""
    return np.rint(values * FIXED_POINT).astype(np.int64)


def calibration_sums(p: Floats, y: Ints) -> tuple[Ints | int, ...]:
    """What each of n labels adds to the rows of a calibration block: 1, y, p, p², py, (1−2p)²p(1−p) (STATISTICS §2)."""
    whole = fixed(p)
    return 1, y, whole, fixed(p * p), whole * y, fixed((1 - 2 * p) ** 2 * p * (1 - p))
