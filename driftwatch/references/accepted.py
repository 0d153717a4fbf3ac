"""A lasting new state as the new reference: the closed panes since it began, in the layout of the reference before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from driftwatch.events.classes import Stream
from driftwatch.events.narrow import Narrow, narrow
from driftwatch.references.codec import content_hash
from driftwatch.references.reference import Reference, ReferencePanes

Matrix = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Stretch:
    """Closed panes of one stream, int64[slices, columns] by their start; those in which nothing was counted are left out."""

    width_ms: int
    panes: Mapping[int, Matrix]

    @property
    def total(self) -> Matrix:
        """All of them together; at least one."""
        return np.sum(list(self.panes.values()), axis=0)


def accepted(old: Reference, stretches: Mapping[Stream, Stretch], events: int, created_ms: int) -> Reference:
    """The reference with these streams replaced; what the others were compared with stays.

    `events` predictions are in it. Clumping and tolerance of what is replaced are learned from these panes alone, and
    label ages too: what they are too few for is assumed, and said so (`evidence.baseline`).
    """
    whole = len(stretches) == len(old.layout.parts)
    starts = [start for stretch in stretches.values() for start in stretch.panes]
    ends = [start + stretch.width_ms for stretch in stretches.values() for start in stretch.panes]
    made = replace(
        old,
        totals={**old.totals, **{stream: stretch.total for stream, stretch in stretches.items()}},
        panes={**old.panes, **{stream: _panes(stretch) for stream, stretch in stretches.items()}},
        start_ms=min(starts) if whole else old.start_ms,
        end_ms=max(ends) if whole else old.end_ms,
        events=events,
        source=f"accepted {', '.join(sorted(stretches))} of a running daemon, after {old.hash}",
        created_ms=created_ms,
    )
    return replace(made, hash=content_hash(made))


def _panes(stretch: Stretch) -> ReferencePanes:
    cells: list[Narrow] = []
    counts: list[Narrow] = []
    for _, pane in sorted(stretch.panes.items()):
        flat = pane.reshape(-1)
        filled = np.flatnonzero(flat)
        cells.append(narrow(filled))
        counts.append(narrow(flat[filled]))
    return ReferencePanes(
        width_ms=stretch.width_ms,
        times_ms=np.array(sorted(stretch.panes), np.int64),
        starts=np.cumsum([0, *map(len, cells)]).astype(np.int64),
        cells=np.concatenate(cells),
        counts=np.concatenate(counts),
    )
