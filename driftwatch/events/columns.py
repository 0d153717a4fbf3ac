"""Decoded events of one stream as columns: what the decoder makes of a record batch."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from driftwatch.events.classes import RecordClass, Stream
from driftwatch.events.records import Partition

MISSING = np.nan
"""A number that is null, absent or NaN."""
INVALID = np.inf
"""A number that is infinite or of the wrong type; a real infinity is invalid too, so nothing is lost."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A record that could not be read: where it lies, why, and an escaped sample of at most 256 bytes."""

    model: str
    stream: Stream
    partition: Partition
    offset: int
    reason: RecordClass
    sample: str


@dataclass(frozen=True, slots=True)
class Passed:
    """Filtered records that carry the stream's time: nobody's events, but they say how far the partition has come (E2).

    Without them a partition in which a stream has no records would hold the stream for ever.
    """

    offsets: NDArray[np.int64]
    times_ms: NDArray[np.int64]
    timestamps_ms: NDArray[np.int64]


@dataclass(slots=True)
class Events:
    """n decoded events of one model, stream and partition, in offset order; every column has length n.

    Only records that could be read are here; the others are in `rejected` with their class. `numbers` holds
    one float64 column per numeric field and slice-free number (NaN missing, inf invalid), `texts` one list per
    categorical field or slice column: canonical text, `None` for missing, `INVALID_TEXT` for invalid.
    """

    stream: Stream
    partition: Partition
    offsets: NDArray[np.int64]
    times_ms: NDArray[np.int64]
    """Event time."""
    timestamps_ms: NDArray[np.int64]
    """The records' own timestamps, -1 where a record has none (E6)."""
    ids: NDArray[np.int64]
    """63-bit keyed hash of the canonical id text; -1 where the stream has no id."""
    payloads: NDArray[np.int64]
    """Hash of time, numbers and score (labels: of the label): tells a duplicate from a conflicting one."""
    versions: list[str]
    """Version text per event."""
    scores: NDArray[np.float64]
    """Score or predicted value (NaN missing, inf invalid); empty where the stream has none."""
    decisions: list[str | None]
    """Canonical text of the decided class; empty where not mapped."""
    labels: list[float | str | None]
    """Canonical label: float for binary and regression, text for multiclass, `None` where missing; empty where none."""
    numbers: NDArray[np.float64]
    """float64[n, numeric fields], C order, in the order of the decoder's `numeric` names."""
    texts: list[list[str | None]]
    """One list of n per name in the decoder's `textual` names (categorical fields and slice columns)."""
    rejected: dict[RecordClass, int] = field(default_factory=dict[RecordClass, int])
    dead_letters: list[DeadLetter] = field(default_factory=list[DeadLetter])
    passed: Passed | None = None

    def __len__(self) -> int:
        return len(self.offsets)

    def select(self, keep: NDArray[np.int64]) -> Events:
        """The events at these positions, in their order; what was rejected stays noted."""
        places: list[int] = keep.tolist()
        return Events(
            stream=self.stream,
            partition=self.partition,
            offsets=self.offsets[keep],
            times_ms=self.times_ms[keep],
            timestamps_ms=self.timestamps_ms[keep],
            ids=self.ids[keep],
            payloads=self.payloads[keep],
            versions=[self.versions[i] for i in places],
            scores=self.scores[keep] if len(self.scores) else self.scores,
            decisions=[self.decisions[i] for i in places] if self.decisions else [],
            labels=[self.labels[i] for i in places] if self.labels else [],
            numbers=self.numbers[keep],
            texts=[[column[i] for i in places] for column in self.texts],
            rejected=self.rejected,
            dead_letters=self.dead_letters,
            passed=self.passed,
        )


INVALID_TEXT = "\x00invalid"
"""Stands for a category of the wrong type (object, array); no canonical text starts with NUL."""
