"""What one commit writes: plain values."""

from __future__ import annotations

from dataclasses import replace

from driftwatch.events.classes import Stream
from driftwatch.monitor.changes import Changes, JournalRow, PaneKey

KEY = PaneKey("m", "1", Stream.PREDICTIONS, "layout", 60_000, 120_000)


def test_every_part_of_its_name_tells_panes_apart() -> None:
    others = [
        replace(KEY, model="n"),
        replace(KEY, version="2"),
        replace(KEY, stream=Stream.LABELS),
        replace(KEY, layout="other"),
        replace(KEY, width_ms=300_000),
        replace(KEY, start_ms=0),
    ]
    assert len({KEY, *others}) == 7
    later = [replace(KEY, start_ms=start) for start in (300_000, 0, 60_000)]
    assert [key.start_ms for key in sorted(later)] == [0, 60_000, 300_000]


def test_changes_begin_empty_and_share_nothing() -> None:
    one, other = Changes(), Changes()
    one.panes[KEY] = None
    one.chunks["a"] = b""
    one.journal.append(JournalRow("start", {}, {}))
    assert (other.panes, other.chunks, other.journal, other.offsets) == ({}, {}, [], {})
