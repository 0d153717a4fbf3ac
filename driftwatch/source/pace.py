"""Whether we come back to the client in time: who works longer than the poll interval is put out of its group (F6)."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final

import structlog

_log: Final[Any] = structlog.get_logger(__name__)


class Pace:
    """Says once for each late poll what was exceeded and by what; the group has given our partitions away then."""

    def __init__(self, max_poll_interval_ms: int, now_s: Callable[[], float] = time.monotonic) -> None:
        self._limit_ms = max_poll_interval_ms
        self._now_s = now_s
        self._last_s: float | None = None

    def begin(self) -> None:
        """A poll begins."""
        if self._last_s is None:
            return
        took_s = self._now_s() - self._last_s
        if took_s * 1_000 > self._limit_ms:
            _log.warning(
                "poll_too_late",
                setting="kafka.max_poll_interval_ms",
                value=self._limit_ms,
                between_polls_ms=round(took_s * 1_000),
                meaning="the group took the partitions away; memory is dropped, and it goes on from the last commit",
            )

    def end(self) -> None:
        """A poll has ended: whatever is done now counts against the interval."""
        self._last_s = self._now_s()

    def forget(self) -> None:
        """Out of the group: nothing is late."""
        self._last_s = None
