"""The one place where the loop's thread writes and all readers read: the last picture, replaced as a whole (E15)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from driftwatch.monitor.snapshot import Snapshot
from driftwatch.telemetry.counts import Counts
from driftwatch.telemetry.health import Health


@dataclass(frozen=True, slots=True)
class Picture:
    """Everything that may be shown, all of it from one commit; the health may be newer."""

    snapshot: Snapshot = field(default_factory=lambda: Snapshot(0, {}))
    health: Health = field(default_factory=Health)
    counts: Counts = field(default_factory=Counts)


class Board:
    """Holds the last picture. Reading is one attribute; writers (loop, sender's thread) take turns."""

    def __init__(self, health: Health) -> None:
        self._picture = Picture(health=health)
        self._writing = threading.Lock()

    @property
    def picture(self) -> Picture:
        """The last picture."""
        return self._picture

    def publish(self, snapshot: Snapshot, counts: Counts) -> None:
        """Show a commit."""
        with self._writing:
            self._picture = replace(self._picture, snapshot=snapshot, counts=counts)

    def update(self, change: Callable[[Health], Health]) -> None:
        """Replace the health by what `change` makes of it: `lambda h: replace(h, running=True)`."""
        with self._writing:
            self._picture = replace(self._picture, health=change(self._picture.health))
