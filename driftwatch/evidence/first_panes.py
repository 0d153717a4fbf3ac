"""What a reference without event times cannot teach: clumping and wander, learned from the first closed panes instead."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from driftwatch.events.classes import Stream
from driftwatch.evidence.baseline import Spread
from driftwatch.evidence.design import Design
from driftwatch.evidence.detector import Detector
from driftwatch.evidence.saved import load, save
from driftwatch.references.reference import Reference

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

LEARN_MS: Final = 86_400_000
"""Event time that is learned from, if the windows hold panes for so long."""
_ANY_NAME: Final = "the same evidence under another spread"


class SpreadState(msgspec.Struct, frozen=True):
    """A spread in the checkpoint: little-endian float64[rows, watches], and which of them are learned."""

    shape: tuple[int, int]
    mean_size: bytes
    factor: bytes
    tolerance: bytes
    learned: bytes

    @classmethod
    def of(cls, spread: Spread) -> SpreadState:
        """As it is stored."""
        return cls(
            shape=(spread.factor.shape[0], spread.factor.shape[1]),
            mean_size=spread.mean_size.astype("<f8").tobytes(),
            factor=spread.factor.astype("<f8").tobytes(),
            tolerance=spread.tolerance.astype("<f8").tobytes(),
            learned=spread.learned.tobytes(),
        )

    def spread(self) -> Spread:
        """As it was."""
        numbers = (self.mean_size, self.factor, self.tolerance)
        mean_size, factor, tolerance = (
            np.frombuffer(data, "<f8").astype(np.float64).reshape(self.shape) for data in numbers
        )
        return Spread(mean_size, factor, tolerance, np.frombuffer(self.learned, np.bool_).reshape(self.shape))


def untimed(reference: Reference, stream: Stream) -> bool:
    """Whether the reference has no panes of a stream to learn from."""
    panes = reference.panes.get(stream)
    return panes is None or not len(panes.times_ms)


def spreads_of(
    detector: Detector, stream: Stream, panes: Mapping[int, Ints], width_ms: int
) -> dict[int, Spread]:
    """What these closed panes, int64[rows, columns] by start, say of each bank of a stream.

    Streams that fire keep what is assumed: a change is not how traffic usually is.
    """
    found: dict[int, Spread] = {}
    timed = [(start, np.flatnonzero(panes[start].any(axis=1)), panes[start]) for start in sorted(panes)]
    filled = [(start, rows, matrix[rows]) for start, rows, matrix in timed if len(rows)]
    if not filled:
        return found
    for number, (design, bank) in enumerate(zip(detector.designs, detector.banks, strict=True)):
        if design.stream is stream:
            found[number] = _merged(
                bank.firing.on, bank.observer.spread, bank.observer.learn(filled, width_ms)
            )
    return found


def _merged(keep: NDArray[np.bool_], old: Spread, new: Spread) -> Spread:
    pairs = (
        (old.mean_size, new.mean_size),
        (old.factor, new.factor),
        (old.tolerance, new.tolerance),
        (old.learned, new.learned),
    )
    return Spread(*(np.where(keep, before, after) for before, after in pairs))


def with_spreads(designs: tuple[Design, ...], spreads: Mapping[int, Spread]) -> tuple[Design, ...]:
    """The designs with other spreads, by number of the bank."""
    return tuple(
        replace(design, observer=design.observer.with_spread(spreads[k]), learned=spreads[k].learned)
        if k in spreads
        else design
        for k, design in enumerate(designs)
    )


def relearned(detector: Detector, spreads: Mapping[int, Spread]) -> Detector:
    """The same evidence under other spreads: what fires goes on, what was calm in these banks starts anew."""
    made = detector.with_designs(with_spreads(detector.designs, spreads))
    load(made, _ANY_NAME, save(detector, _ANY_NAME))
    made.restart(lambda m: m.bank in spreads and not made.banks[m.bank].firing.on[m.row, m.watch])
    return made
