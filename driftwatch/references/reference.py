"""What a reference is: a layout, the counts of the accepted past in it, and where they come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from driftwatch.events.classes import Stream
from driftwatch.events.narrow import Narrow
from driftwatch.summaries.layout import Layout


@dataclass(frozen=True, slots=True)
class ReferencePanes:
    """The reference's own closed panes of one stream, sparse: pane k has `counts[starts[k]:starts[k+1]]`.

    `cells` are flat positions (row * columns + column) in the matrix, ascending inside a pane. They and the counts are
    the largest part of a reference, so they are kept in the smallest signed types that hold them; `matrix` is int64.
    """

    width_ms: int
    times_ms: NDArray[np.int64]
    starts: NDArray[np.int64]
    cells: Narrow
    counts: Narrow

    def matrix(self, k: int, layout_rows: int, columns: int) -> NDArray[np.int64]:
        """Pane k as int64[slices, columns]."""
        flat = np.zeros(layout_rows * columns, np.int64)
        part = slice(int(self.starts[k]), int(self.starts[k + 1]))
        flat[self.cells[part]] = self.counts[part]
        return flat.reshape(layout_rows, columns)


@dataclass(frozen=True, slots=True)
class Reference:
    """An accepted past; immutable. `hash` names the file's content, `layout.hash` its columns."""

    model: str
    layout: Layout
    totals: Mapping[Stream, NDArray[np.int64]]
    """int64[slices, columns] per stream: all reference events."""
    panes: Mapping[Stream, ReferencePanes]
    """Empty where the reference has no event times."""
    start_ms: int
    end_ms: int
    """Event time covered; equal where there are no event times (then rates are unknown)."""
    events: int
    source: str
    """From what it was built, for people."""
    created_ms: int
    hash: str
    unread: Mapping[Stream, frozenset[str]] = field(default_factory=dict[Stream, frozenset[str]])
    """Fields that records had beside those that are read, by dotted path; a stream of which nothing is known is absent."""

    @property
    def span_ms(self) -> int:
        """Event time covered."""
        return self.end_ms - self.start_ms

    def span_of(self, stream: Stream) -> int:
        """Event time that one stream covers: of its own panes where it was accepted later than the rest."""
        panes = self.panes.get(stream)
        if panes is None or not len(panes.times_ms) or panes.times_ms[0] < self.end_ms:
            return self.span_ms
        return int(panes.times_ms[-1] - panes.times_ms[0]) + panes.width_ms
