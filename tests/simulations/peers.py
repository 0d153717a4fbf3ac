"""River's ADWIN and Page-Hinkley on the same stream as evidence, where river is installed; driftwatch does not depend on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np
from scipy.special import ndtri

from tests.simulations.changes import SIZES, panes, shifted
from tests.simulations.worlds import CELLS, DAY, Floats, Ints

INSTALLED = find_spec("river") is not None
MIDDLES = ndtri((np.arange(CELLS) + 0.5) / CELLS)
"""What an event of a cell is worth: the detectors see values, in standard deviations, event by event."""
DETECTORS: dict[str, Callable[[], Any]] = {
    "ADWIN (Bifet and Gavaldà 2007)": lambda: import_module("river.drift").ADWIN(),
    "Page-Hinkley": lambda: import_module("river.drift").PageHinkley(),
}
"""With river's own defaults."""


@dataclass
class Peers:
    """A detector of each kind per row: alarms before `since`, and the first pane with one from then on."""

    rows: int
    since: int
    made: dict[str, Callable[[], Any]] = field(default_factory=lambda: DETECTORS)
    alarms: dict[str, int] = field(init=False)
    first: dict[str, Floats] = field(init=False)

    def __post_init__(self) -> None:
        self._rng = np.random.default_rng(self.rows)
        self._detectors = {name: [make() for _ in range(self.rows)] for name, make in self.made.items()}
        self.alarms = dict.fromkeys(self.made, 0)
        self.first = {name: np.full(self.rows, np.nan) for name in self.made}

    def see(self, matrix: Ints, number: int) -> None:
        for row, counts in enumerate(matrix):
            values = self._rng.permutation(np.repeat(MIDDLES, counts)).tolist()
            for name, detectors in self._detectors.items():
                found = _alarms(detectors[row], values)
                if number < self.since:
                    self.alarms[name] += found
                elif found and np.isnan(self.first[name][row]):
                    self.first[name][row] = number


def _alarms(detector: Any, values: list[float]) -> int:
    found = 0
    for value in values:
        detector.update(value)
        found += detector.drift_detected
    return found


WORLDS = {"independent events": 0.0, "correlation .02": 0.02}


def table(seeds: int, after: int) -> Iterator[str]:
    """One stream of 100 events per pane that shifts after a calm day, with and without clumps."""
    yield (
        f"One stream of 100 events per pane, {seeds} seeds per size, at most {after} panes; river's detectors see every event, with "
        "their defaults. In brackets the false alarms of all seeds in a calm day before."
    )
    yield ""
    yield "| world | method | " + " | ".join(f"{size:g} σ" for size in SIZES) + " | before |"
    yield "|---|---|" + "---|" * (len(SIZES) + 1)
    for world, correlation in WORLDS.items():
        yield from _world(world, correlation, seeds, after)


def _world(world: str, correlation: float, seeds: int, after: int) -> Iterator[str]:
    beside = Peers(len(SIZES) * seeds, DAY) if INSTALLED else None
    found = shifted(
        SIZES, seeds, 1, events=100, before=DAY, after=after, reference=2_016, correlation=correlation,
        also=beside.see if beside else None,
    )  # fmt: skip
    yield f"| {world} | **evidence** | {' | '.join(map(panes, found.evidence))} | ({found.false}) |"
    for name in DETECTORS:
        if beside is None:
            yield f"| | river's {name} | {' | '.join(['not installed'] * len(SIZES))} | |"
            continue
        waited = beside.first[name].reshape(len(SIZES), seeds) - DAY + 1
        medians = np.median(np.where(np.isnan(waited), np.inf, waited), axis=1)
        yield f"| | river's {name} | {' | '.join(map(panes, medians))} | ({beside.alarms[name]}) |"
