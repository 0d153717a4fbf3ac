"""The panes and windows of one stream of one model version: open panes fill, close in order, and are summed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from driftwatch.events.narrow import Narrow, narrow

Matrix = NDArray[np.int64]
PaneName = tuple[int, int]
"""(width in ms, start in ms)."""


@dataclass(frozen=True, slots=True)
class Window:
    """A declared window: `size_ms` is a multiple of `slide_ms`, and every slide one of the smallest."""

    name: str
    size_ms: int
    slide_ms: int


@dataclass(frozen=True, slots=True)
class ClosedPane:
    """A pane that became final, with the windows that end with it.

    `pane` is None where nothing was counted; `windows` holds sums that are valid until the next pane closes.
    """

    start_ms: int
    end_ms: int
    pane: Matrix | None
    windows: tuple[tuple[Window, Matrix], ...]


@dataclass(slots=True)
class _Sum:
    """A window's running sum and the panes that it consists of (only those in which something was counted)."""

    window: Window
    total: Matrix
    panes: dict[int, Narrow] = field(default_factory=dict[int, Narrow])

    def add(self, start_ms: int, pane: Narrow) -> None:
        self.panes[start_ms] = pane
        self.total += pane

    def expire(self, before_ms: int) -> None:
        while self.panes and (start := next(iter(self.panes))) < before_ms:
            self.total -= self.panes.pop(start)


class Series:
    """All panes of one part: base panes as wide as the smallest slide, wider ones as sums of closed narrower ones."""

    def __init__(
        self,
        shape: tuple[int, int],
        windows: tuple[Window, ...],
        origin_ms: int,
        closed_ms: int | None = None,
    ) -> None:
        """`shape` is (slices, columns); `closed_ms` the end of the last closed pane, None before the first."""
        self.closed_ms = closed_ms
        self._origin_ms = origin_ms
        self._shape = shape
        self.width_ms = min(window.slide_ms for window in windows)
        self._open: dict[int, Matrix] = {}
        self._partial: dict[int, Matrix | None] = {
            w.slide_ms: None for w in windows if w.slide_ms > self.width_ms
        }
        self._sums = [_Sum(window, np.zeros(shape, np.int64)) for window in windows]
        self._dirty: set[PaneName] = set()

    def floor_ms(self, time_ms: int, width_ms: int) -> int:
        """Start of the pane of this width that holds `time_ms`."""
        return time_ms - (time_ms - self._origin_ms) % width_ms

    def starts_ms(self, times_ms: NDArray[np.int64]) -> NDArray[np.int64]:
        """Start of the base pane of each time."""
        return times_ms - (times_ms - self._origin_ms) % self.width_ms

    def pane(self, start_ms: int) -> Matrix:
        """The open base pane that starts here, to be counted into; made at first use.

        ValueError if it is closed, for then a frontier was wrong.
        """
        if self.closed_ms is not None and start_ms < self.closed_ms:
            raise ValueError(f"the pane at {start_ms} closed at {self.closed_ms}; nothing may be added")
        self._dirty.add((self.width_ms, start_ms))
        pane = self._open.get(start_ms)
        if pane is None:
            pane = self._open[start_ms] = np.zeros(self._shape, np.int64)
        return pane

    @property
    def open_panes(self) -> int:
        """Panes that can still grow."""
        return len(self._open)

    @property
    def newest_ms(self) -> int | None:
        """Start of the newest open pane; None where none is open."""
        return max(self._open, default=None)

    @property
    def totals(self) -> dict[str, Matrix]:
        """The running sum of each window by name, as of the last closed pane; valid until the next one closes."""
        return {total.window.name: total.total for total in self._sums}

    @property
    def empty(self) -> bool:
        """Whether nothing is counted anywhere: no open pane, no window with content."""
        return not self._open and not self._filled()

    def _filled(self) -> bool:
        return any(total.panes for total in self._sums) or any(p is not None for p in self._partial.values())

    def close(self, frontier_ms: int) -> Iterator[ClosedPane]:
        """Close, one after the other, all panes that end at or before the frontier.

        Stretches in which every window is empty are skipped in one step (E7).
        """
        limit_ms = self.floor_ms(frontier_ms, self.width_ms)
        while (start_ms := self._next_start(limit_ms)) is not None:
            yield self._close(start_ms)

    def _next_start(self, limit_ms: int) -> int | None:
        first_open = min(self._open, default=limit_ms)
        if self.closed_ms is None or not self._filled():
            start_ms = first_open
            if self.closed_ms is not None:
                self.closed_ms = max(self.closed_ms, min(start_ms, limit_ms))
        else:
            start_ms = self.closed_ms
        return start_ms if start_ms + self.width_ms <= limit_ms else None

    def _close(self, start_ms: int) -> ClosedPane:
        end_ms = start_ms + self.width_ms
        pane = self._open.pop(start_ms, None)
        self.closed_ms = end_ms
        for slide_ms, partial in self._partial.items():
            if pane is not None:
                self._partial[slide_ms] = pane.copy() if partial is None else partial + pane
                self._dirty.add((slide_ms, self.floor_ms(start_ms, slide_ms)))
        read = tuple(
            self._advance(total, end_ms, pane) for total in self._sums if self._ends(total.window, end_ms)
        )
        self._finish_partials(end_ms)
        if pane is not None:
            self._dirty.add((self.width_ms, start_ms))
        return ClosedPane(start_ms, end_ms, pane, read)

    def _ends(self, window: Window, end_ms: int) -> bool:
        return (end_ms - self._origin_ms) % window.slide_ms == 0

    def _advance(self, total: _Sum, end_ms: int, base: Matrix | None) -> tuple[Window, Matrix]:
        window = total.window
        pane = base if window.slide_ms == self.width_ms else self._partial[window.slide_ms]
        expired = list(total.panes)
        if pane is not None:
            total.add(end_ms - window.slide_ms, narrow(pane))
        total.expire(end_ms - window.size_ms)
        for start_ms in expired:
            if start_ms not in total.panes:
                self._dirty.add((window.slide_ms, start_ms))
        return window, total.total

    def _finish_partials(self, end_ms: int) -> None:
        for slide_ms in self._partial:
            if (end_ms - self._origin_ms) % slide_ms == 0:
                self._partial[slide_ms] = None

    def panes_of(self, window: str) -> dict[int, Matrix]:
        """The closed panes that a window is summed from, by start."""
        (total,) = [total for total in self._sums if total.window.name == window]
        return {start: pane.astype(np.int64) for start, pane in total.panes.items()}

    def covered_ms(self, window: str) -> int:
        """Event time from the oldest pane with content that a window is summed from to its end; 0 where there is none."""
        (total,) = [total for total in self._sums if total.window.name == window]
        if not total.panes or self.closed_ms is None:
            return 0
        return self.floor_ms(self.closed_ms, total.window.slide_ms) - min(total.panes)

    def closed_panes(self, from_ms: int) -> tuple[int, dict[int, Matrix]]:
        """The closed panes that begin at or after `from_ms`, of the window that holds most of that time: (width, by start)."""
        held = [
            (s.window.slide_ms, {start: pane for start, pane in s.panes.items() if start >= from_ms})
            for s in self._sums
        ]
        width_ms, panes = max(held, key=lambda found: (found[0] * len(found[1]), -found[0]))
        return width_ms, {start: pane.astype(np.int64) for start, pane in panes.items()}

    def forget(self, before_ms: int) -> None:
        """Take the closed panes that begin before out of all windows: they are of another state."""
        for total in self._sums:
            gone = [start for start in total.panes if start < before_ms]
            total.expire(before_ms)
            self._dirty.update((total.window.slide_ms, start) for start in gone)

    def changes(self) -> dict[PaneName, Matrix | None]:
        """Panes that changed since the last call: their counts, or None where no window needs them any more."""
        changes = {name: self._pane(name) for name in sorted(self._dirty)}
        self._dirty.clear()
        return changes

    def _pane(self, name: PaneName) -> Matrix | None:
        width_ms, start_ms = name
        if width_ms == self.width_ms and start_ms in self._open:
            return self._open[start_ms]
        if (partial := self._partial.get(width_ms)) is not None and self._partial_start(width_ms) == start_ms:
            return partial
        for total in self._sums:
            if total.window.slide_ms == width_ms and start_ms in total.panes:
                return total.panes[start_ms].astype(np.int64)
        return None

    def _partial_start(self, width_ms: int) -> int:
        return self.floor_ms((self.closed_ms or 0) - 1, width_ms)

    def load(self, panes: Mapping[PaneName, Matrix]) -> None:
        """Take up stored panes; window sums are rebuilt from them."""
        for (width_ms, start_ms), pane in sorted(panes.items()):
            closed_ms = self.closed_ms
            if width_ms == self.width_ms and (closed_ms is None or start_ms >= closed_ms):
                self._open[start_ms] = pane.astype(np.int64)
            elif closed_ms is not None and start_ms + width_ms > closed_ms:
                self._partial[width_ms] = pane.astype(np.int64)
            else:
                for total in self._sums:
                    if total.window.slide_ms == width_ms and start_ms >= self._kept_from(total.window):
                        total.add(start_ms, narrow(pane))

    def _kept_from(self, window: Window) -> int:
        return self.floor_ms(self.closed_ms or 0, window.slide_ms) - window.size_ms
