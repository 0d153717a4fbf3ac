"""What a reference costs in memory while it is being learned, as formulas: the records kept, and the moment it is built."""

from __future__ import annotations

from typing import Final

from driftwatch.config.costs import LABEL_BYTES, event_bytes
from driftwatch.events.classes import Stream
from driftwatch.references.embedding import CUT, FIT_NUMBERS
from driftwatch.references.learn import BYTES_MAX, EVENTS_MAX, SLACK, bytes_of
from driftwatch.summaries.layout import Layout

ROW_BYTES: Final = 500
"""Memory of one kept record beside its value: the record, its key, and their places while others are sorted out."""
GATHERED: Final = 2
"""Copies of the decoded events while a reference is built: as they came, and each once."""
BUILT_BYTES: Final = 350
"""What counting needs for one event beside."""
NUMBER_BYTES: Final = 8
FITTED: Final = 8
"""Matrices of a sample's size while one embedding is fitted: gathered, sorted, centred, squared, multiplied and decomposed."""


def learner_bytes(layout: Layout, *, events_max: int = EVENTS_MAX, bytes_max: int = BYTES_MAX) -> int:
    """The records of one version that is being learned: so many of each stream, and a part more before they are sorted out."""
    streams = {part.stream for part in layout.parts} & {Stream.PREDICTIONS, Stream.LABELS}
    kept = sum(events_max * ROW_BYTES + bytes_of(stream, bytes_max) for stream in streams)
    return kept * (SLACK + 1) // SLACK


def building_bytes(
    layout: Layout,
    slice_columns: int,
    *,
    embeddings: int = 0,
    events_max: int = EVENTS_MAX,
    bytes_max: int = BYTES_MAX,
) -> int:
    """What is needed beside while its reference is built, or while everything is written for a checkpoint; one is at a time.

    So is the fitting of `embeddings`, which ends before the events are gathered.
    """
    decoded = GATHERED * (event_bytes(layout, Stream.PREDICTIONS, slice_columns) + LABEL_BYTES)
    return max(events_max * (decoded + BUILT_BYTES), 2 * bytes_max, fitting_bytes(embeddings))


def fitting_bytes(embeddings: int, numbers: int = FIT_NUMBERS) -> int:
    """What fitting needs: a sample of every embedding, and the matrices of one."""
    return NUMBER_BYTES * numbers * (CUT * (embeddings - 1) + FITTED) if embeddings else 0
