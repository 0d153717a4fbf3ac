"""A model's configuration as the plain model needs it: plain numbers, and layouts as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from driftwatch.summaries.layout import Layout

NEVER: Final = -(2**62)
"""Before all times."""
ALWAYS: Final = 2**62
"""After all times."""


@dataclass(frozen=True)
class StreamRules:
    """How one stream is read; fields by the keys of the record, None where the stream does not carry them."""

    topic: str
    lateness_ms: int
    keyed: bool = True
    time: str | None = "ts"
    version: str | None = None
    score: str | None = None
    decision: str | None = None
    label: str | None = None
    where: tuple[tuple[str, str], ...] = ()
    features: tuple[str, ...] = ()
    class_scores: tuple[tuple[str, str], ...] = ()
    """(class, key of its own score)."""
    slices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Rules:
    """One model's configuration in plain numbers."""

    task: str
    streams: Mapping[str, StreamRules]
    windows: tuple[tuple[str, int, int], ...]
    """(name, size, slide)."""
    layouts: tuple[tuple[str, Layout | None], ...]
    """(version pattern, layout; None where the reference is to be learned)."""
    join_within_ms: int
    max_delay_ms: int
    generation_ms: int
    max_future_ms: int
    max_jump_ms: int
    sample: float
    established: int
    origin_ms: int = 0

    @property
    def predictions_wait(self) -> bool:
        """Predictions await features when those carry a slice column."""
        return "features" in self.streams and bool(self.streams["features"].slices)

    @property
    def features_wait(self) -> bool:
        """Features await predictions when those carry the version or a slice column."""
        if "features" not in self.streams:
            return False
        return self.streams["features"].version is None or bool(self.streams["predictions"].slices)

    @property
    def own_labels(self) -> bool:
        """Labels come inside the prediction records, and from nowhere else."""
        return self.streams["predictions"].label is not None and "labels" not in self.streams

    @property
    def pane_ms(self) -> int:
        """Width of a base pane."""
        return min(slide for _, _, slide in self.windows)

    def start(self, time_ms: int, width_ms: int) -> int:
        """Start of the pane of this width that holds a time."""
        return time_ms - (time_ms - self.origin_ms) % width_ms
