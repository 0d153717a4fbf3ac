"""References and their differences as people read them."""

from __future__ import annotations

from datetime import UTC, datetime

from driftwatch.cli.paper import Paper, count, size
from driftwatch.events.times import format_duration
from driftwatch.references.diff import Difference, FieldChange
from driftwatch.references.show import FieldRow, Shown


def show_reference(shown: Shown, slices: int, paper: Paper) -> None:
    """Where it comes from, its matrices, its fields, and the largest slices."""
    paper.line(f"reference {shown.hash} of {shown.model} ({shown.task}), layout {shown.layout_hash}")
    paper.line(f"  built {moment(shown.created_ms)} from {shown.source}")
    timed = shown.end_ms > shown.start_ms
    span = f", {moment(shown.start_ms)} to {moment(shown.end_ms)}" if timed else ", without event times"
    paper.line(f"  {count(shown.events)} predictions{span}")
    paper.heading("streams")
    paper.table(
        ["stream", "#events", "#columns", "#matrix", "#panes", "pane"],
        [
            [
                str(s.stream),
                count(s.events),
                count(s.columns),
                size(s.matrix_bytes),
                count(s.panes),
                format_duration(s.pane_ms),
            ]
            for s in shown.streams
        ],
    )
    paper.heading("fields")
    paper.table(
        ["field", "kind", "#cells", "#atoms", "range", "#mean", "#missing", "#invalid", "fullest cells"],
        [_field(row) for row in shown.fields],
    )
    listed = shown.slices[:slices]
    if listed:
        paper.heading(f"slices ({len(listed)} of {len(shown.slices)})")
        labelled = any(row.labels is not None for row in listed)
        columns = ["slice", "#events", "#share", *(["#labels"] if labelled else [])]
        paper.table(
            columns,
            [
                [
                    row.slice,
                    count(row.events),
                    share(row.share),
                    *([count(row.labels or 0)] if labelled else []),
                ]
                for row in listed
            ],
        )


def _field(row: FieldRow) -> list[str]:
    valued = row.low is not None and row.high is not None and row.mean is not None
    return [
        row.field,
        row.kind.value,
        str(row.cells),
        str(row.atoms) if row.atoms else "",
        f"{row.low:.6g} to {row.high:.6g}" if valued else "",
        f"{row.mean:.6g}" if valued else "",
        share(row.missing),
        share(row.invalid),
        ", ".join(f"{name} {share(part)}" for name, part in row.largest),
    ]


def show_difference(found: Difference, paper: Paper) -> None:
    """What changed, largest first."""
    if found.equal:
        paper.line("the references are equal")
        return
    layout = "the same layout" if found.same_layout else "another layout, so their panes cannot be compared"
    paper.line(f"the references differ; {layout}")
    rows = [
        ["model", *found.models],
        ["predictions", *(count(events) for events in found.events)],
        ["event time", *(format_duration(span_ms) for span_ms in found.spans_ms)],
    ]
    paper.table(
        ["", "old", "new"], [row for row in rows if row[1] != row[2]] or [["predictions", *rows[1][1:]]]
    )
    for what, names in (
        ("fields added", found.fields_added),
        ("fields removed", found.fields_removed),
        ("slices added", found.slices_added),
        ("slices removed", found.slices_removed),
    ):
        if names:
            paper.line(f"  {what}: {', '.join(names)}")
    if found.fields:
        paper.heading("fields")
        paper.table(["stream", "field", "#moved", "what"], [_change(change) for change in found.fields])


def _change(change: FieldChange) -> list[str]:
    told: list[str] = []
    if change.kinds[0] is not change.kinds[1]:
        told.append(f"{change.kinds[0]} became {change.kinds[1]}")
    if change.means is not None:
        told.append(f"mean {change.means[0]:.6g} -> {change.means[1]:.6g}")
    if change.ranges is not None and change.ranges[0] != change.ranges[1]:
        (low, high), (low_now, high_now) = change.ranges
        told.append(f"range {low:.6g} to {high:.6g} -> {low_now:.6g} to {high_now:.6g}")
    told += [f"+{name}" for name in change.categories_added]
    told += [f"-{name}" for name in change.categories_removed]
    moved = share(change.moved) if change.moved is not None else "other cells"
    return [str(change.stream), change.field, moved, ", ".join(told)]


def share(part: float) -> str:
    """`4.0 %`; tiny shares are not shown as nothing."""
    return "0 %" if part == 0 else "<0.1 %" if part < 0.0005 else f"{part:.1%}".replace("%", " %")


def moment(time_ms: int) -> str:
    """`2024-01-01T00:00:00Z`, to the second."""
    return datetime.fromtimestamp(time_ms / 1_000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
