"""The clock of the demonstration: event time that runs faster than the wall and never passes it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class EventClock:
    """Event time starts at `start_ms` and runs `speed` times as fast as the wall; once it has caught up, as fast."""

    start_ms: int
    speed: float
    monotonic_s: Callable[[], float] = time.monotonic
    wall_s: Callable[[], float] = time.time
    _started_s: float = field(init=False, default=0.0)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_started_s", self.monotonic_s())

    @property
    def elapsed_s(self) -> float:
        """Seconds of the wall since the start."""
        return self.monotonic_s() - self._started_s

    def now_ms(self) -> int:
        """Event time now."""
        return min(self.start_ms + int(self.elapsed_s * 1_000 * self.speed), int(self.wall_s() * 1_000))
