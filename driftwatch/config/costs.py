"""What a configuration costs, as formulas: bytes of panes, joins and buffers, and the number of time series."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from driftwatch.drift.catalogue import applicable
from driftwatch.drift.cell_shares import coarse_counts
from driftwatch.events.classes import Stream
from driftwatch.events.embeddings import CHUNK_NUMBERS
from driftwatch.events.sampling import KEYS_MAX, LOOKED, VERSIONS_MAX
from driftwatch.evidence.groups import Group
from driftwatch.monitor.cohorts import DAYS_MAX
from driftwatch.monitor.history import POINTS_MAX, WATCHED
from driftwatch.monitor.judging import PREDICTED_MAX, STRATA_BYTES
from driftwatch.references.design import AGE_EDGES_MS
from driftwatch.storage.bloom import BITS_PER_ID
from driftwatch.storage.join_table import FRESH_ROWS
from driftwatch.storage.schema import PAGE_BYTES
from driftwatch.storage.segments import Format
from driftwatch.summaries.layout import FieldKind, Layout, Part
from driftwatch.telemetry.catalogue import statistic_metrics
from driftwatch.telemetry.cells import cell_series
from driftwatch.windows.spec import WindowSpec

PROCESS_BYTES: Final = 110 * 2**20
"""Interpreter, imports, SQLite's page caches and the allocator's slack; measured with all modules loaded."""
SERIES_BYTES: Final = 700
"""Memory of one time series on /metrics: its sample and its line in two formats, plain and compressed."""
COUNTER_BYTES: Final = 8
EVENT_BYTES: Final = 200
"""Memory of a decoded event beside its features: id, time, score, version, decision, bookkeeping."""
LABEL_BYTES: Final = 140
"""Memory of a decoded label."""
TEXT_BYTES: Final = 80
"""Memory of one text of a decoded event."""
PACKED_EVENT_BYTES: Final = 80
"""Memory of an event that waits, packed, beside its features; half of it is the part that is unpacked at a time."""
PACKED_LABEL_BYTES: Final = 72
"""The same of a label."""
PACKED_NUMBER_BYTES: Final = 17
PACKED_TEXT_BYTES: Final = 44
"""Where each is another."""
LOOKED_VALUE_BYTES: Final = 420
"""Memory of one value of a record that was looked at, shown in the widest characters."""
LOOKED_NAME_BYTES: Final = 400
"""The same of a field's name that comes from the data."""
PACKED_BYTES: Final = 550
"""Memory of an array that is kept packed, or of a row of counts, beside its numbers."""
CHANGES: Final = 2
"""Copies of what is packed for the checkpoint while a commit is written."""
VECTORS_BYTES: Final = 5 * 8 * CHUNK_NUMBERS
"""Memory of one embedding's vectors while they are decoded and reduced: as objects, numbers, one after another, and centred."""
FETCHES: Final = 4
"""Copies of a partition's fetch: in flight, decompressed, as records, as columns."""
FILTER_BYTES_PER_ID: Final = 3.5
"""A Bloom filter (20 bits an id) and the first id of each chunk of about a kilobyte."""
ID_BYTES: Final = 8
GATHERED: Final = 5
"""Copies of the rows that are gathered for a segment: as they came, together, in order, stored, and cut into chunks."""
FRESH_FILTER_BYTES: Final = 200_000
"""The filter of the rows that are gathered for the next segment."""
ROW_OVERHEAD_BYTES: Final = 24
"""Generation and check of a join row, its share of its page, and of segments that wait to be deleted after a merge."""
PAGE_HEAD_BYTES: Final = 46
"""Of a page that holds chunks."""
CHUNK_HEAD_BYTES: Final = 16
PAGES_ABOVE: Final = 1.03
"""A page with its share of those above it."""
POINT_BYTES: Final = 17
"""Time, events and verdict of a point of a line."""
NUMBERS_BYTES: Final = 24
"""Value, lower and upper of a statistic in a point of a line."""
REMEMBERED_MAX: Final = 10_000_000
"""Predictions that are remembered only to find duplicates, where the model has no labels."""


def pane_bytes(rows: int, part: Part) -> int:
    """One pane of a part: `slices * columns` counters of 8 bytes."""
    return rows * part.columns * COUNTER_BYTES


def panes_of(window: WindowSpec) -> int:
    """Panes that a window is summed from: `size / slide`."""
    return window.size // window.slide


def kept_panes(windows: Sequence[WindowSpec]) -> int:
    """Matrices that a part's windows keep: per window its panes and its running sum, per wider slide one that grows."""
    smallest = min(window.slide for window in windows)
    wider = {window.slide for window in windows if window.slide > smallest}
    return sum(panes_of(window) + 1 for window in windows) + len(wider)


def reading_bytes(layout: Layout, part: Part, also: Sequence[str] = ()) -> int:
    """The last reading of one window: per statistic value, lower, upper and count for each slice and field.

    Three times that while the next one is computed beside it.
    """
    rows = len(layout.slices.rows)
    fields = sum(len(statistic.fields(part)) for statistic in applicable(layout, part, also))
    return 3 * rows * fields * 4 * COUNTER_BYTES


def cells_bytes(rows: int, part: Part) -> int:
    """What a reading keeps of a part's fields for pictures: a counter per coarse cell, missing and invalid."""
    return rows * coarse_counts(part, np.zeros((1, part.columns), np.int64)).size * COUNTER_BYTES


def history_bytes(layout: Layout, windows: int) -> int:
    """The past of one version: a line per part and window and one of its own, in memory, encoded and as last written."""
    points = 3 * POINTS_MAX
    own = points * (POINT_BYTES + NUMBERS_BYTES * len(Group))
    return own + windows * points * sum(
        POINT_BYTES + NUMBERS_BYTES * len(WATCHED[part.stream]) for part in layout.parts
    )


def series_of(layout: Layout, windows: int, also: Sequence[str] = (), cell_shares: Sequence[str] = ()) -> int:
    """Statistic series of one version: per window, slice and part its events, and each statistic with its bounds.

    `also` names the statistics beside the default ones, `cell_shares` the fields whose cells are shown for all traffic.
    """
    per_slice = sum(
        1 + sum(len(s.fields(part)) * len(statistic_metrics(s)) for s in applicable(layout, part, also))
        for part in layout.parts
    )
    cells = sum(cell_series(part, cell_shares) for part in layout.parts)
    return windows * (len(layout.slices.rows) * per_slice + cells)


def event_bytes(layout: Layout, stream: Stream, slice_columns: int) -> int:
    """A decoded event that is buffered: 8 bytes per number, a text per category or slice column at most."""
    if stream is Stream.LABELS:
        return LABEL_BYTES
    part = layout.part(stream)
    fields = len(part.fields) if part else 0
    return EVENT_BYTES + (fields + slice_columns) * TEXT_BYTES


def packed_bytes(layout: Layout, stream: Stream, slice_columns: int) -> int:
    """An event that waits: packed, and its share of what is unpacked when many are released."""
    if stream is Stream.LABELS:
        return PACKED_LABEL_BYTES
    part = layout.part(stream)
    numeric = sum(field.kind is FieldKind.NUMERIC for field in part.fields) if part else 0
    texts = (len(part.fields) - numeric if part else 0) + slice_columns
    return PACKED_EVENT_BYTES + numeric * PACKED_NUMBER_BYTES + texts * PACKED_TEXT_BYTES


def looked_bytes(layout: Layout, stream: Stream, open_panes: int) -> int:
    """The records looked at in a stream's open panes, of as many version names as are kept of each."""
    part = layout.part(stream)
    fields = (len(part.fields) if part else 0) + 1
    record = fields * LOOKED_VALUE_BYTES + KEYS_MAX * (LOOKED_VALUE_BYTES + LOOKED_NAME_BYTES)
    return open_panes * VERSIONS_MAX * LOOKED * record


def remembered_bytes(layout: Layout, windows: int, panes_late: int) -> int:
    """What one version's labels are compared with: predictions by window and slice, by stratum, and by day."""
    if layout.part(Stream.LABELS) is None:
        return 0
    rows = len(layout.slices.rows)
    predicted = windows * max(PREDICTED_MAX, 2 * panes_late) * (rows * COUNTER_BYTES + PACKED_BYTES)
    ages = len(layout.age_edges_ms or AGE_EDGES_MS) + 2
    cohorts = DAYS_MAX * (CHANGES * ages * COUNTER_BYTES + PACKED_BYTES)
    return predicted + CHANGES * STRATA_BYTES + cohorts


def filter_bytes(rows: int, row: np.dtype[np.void]) -> int:
    """What is kept in memory of a join table that holds `rows` such rows on disk: of longer rows a chunk holds fewer."""
    chunk_rows = Format.of(row).chunk_rows
    per_id = max(FILTER_BYTES_PER_ID, BITS_PER_ID / 8 + ID_BYTES / chunk_rows)
    return int(per_id * rows) + FRESH_FILTER_BYTES


def gathered_bytes(row: np.dtype[np.void]) -> int:
    """Rows that are gathered for the next segment, and copies of them and of a segment's portion while it is written."""
    return GATHERED * FRESH_ROWS * Format.of(row).stored.itemsize


def join_disk_bytes(rows: int, row: np.dtype[np.void]) -> int:
    """A join table on disk: 8 bytes of id hash, the row, and SQLite's share; of long rows a page holds whole chunks only."""
    form = Format.of(row)
    chunk = form.chunk_rows * form.stored.itemsize + CHUNK_HEAD_BYTES
    room = PAGE_BYTES - PAGE_HEAD_BYTES
    pages = 1 / (room // chunk) if chunk <= room else -(-chunk // room)
    paged = int(PAGES_ABOVE * PAGE_BYTES * pages / form.chunk_rows)
    return rows * max(ID_BYTES + row.itemsize + ROW_OVERHEAD_BYTES, paged)


def fetch_bytes(partitions: int, max_partition_fetch_bytes: int) -> int:
    """Fetched records of all partitions that this process reads."""
    return partitions * max_partition_fetch_bytes * FETCHES
