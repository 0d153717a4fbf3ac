"""The past of a model as pictures: verdicts and alerts as lanes, performance as lines."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Final

from driftwatch.alerts.alert import AlertState
from driftwatch.alerts.decision_log import Decided
from driftwatch.drift.catalogue import STATISTICS
from driftwatch.monitor.snapshot import Line, ModelView
from driftwatch.telemetry.charts.lanes import Lane, Span, lanes, spans_of, strip
from driftwatch.telemetry.charts.shapes import figures
from driftwatch.telemetry.charts.trend import Point, trend
from driftwatch.telemetry.markup import Child, Markup, tag
from driftwatch.telemetry.pages.frame import figure, key
from driftwatch.telemetry.pages.reasons import level
from driftwatch.telemetry.pages.sight import Sight
from driftwatch.telemetry.pages.words import moment, named, summary, when
from driftwatch.verdicts.spec import Severity
from driftwatch.verdicts.verdict import SEVERE, VERDICTS

LANES_MAX: Final = 12
"""Alerts that a time line shows, those that changed last."""
SHOWN: Final = (
    "accuracy",
    "auc",
    "macro_f1",
    "mae",
    "rmse",
    "calibration_error",
)
"""Statistics whose past is drawn, the most telling first."""
TRENDS_MAX: Final = 3
_VERDICT_KEY: Final = (
    ("v-ok", "ok"),
    ("v-warning", "warning"),
    ("v-drift", "drift"),
    ("v-pending", "pending"),
    ("v-insufficient", "not enough data"),
)


def verdict_lanes(model: ModelView, now_ms: int, version: str | None = None) -> Markup:
    """What was said of each version, and each alert's life, since the past that is kept."""
    own = [line for line in model.history if not line.window and version in (None, line.version)]
    rows = [Lane(f"version {line.version}", _verdicts(line)) for line in own if len(line.ends_ms)]
    begins = [lane.spans[0].start_ms for lane in rows]
    rows += alert_lanes(model.decisions, now_ms, version)
    if not rows or not now_ms:
        return tag("p", "No pane has closed yet.", class_="none")
    start_ms = min(begins or [lane.spans[0].start_ms for lane in rows if lane.spans])
    return lanes_figure("Verdicts", rows, start_ms, now_ms)


def verdict_strip(model: ModelView, version: str) -> Markup:
    """The verdicts of a version as a small strip."""
    own = next((line for line in model.history if not line.window and line.version == version), None)
    return strip(_verdicts(own)) if own is not None and len(own.ends_ms) else Markup("–")


def lanes_figure(name: str, rows: Sequence[Lane], start_ms: int, end_ms: int) -> Markup:
    """Lanes with their key and their table."""
    last = "; ".join(f"{lane.name}: {lane.spans[-1].word}" for lane in rows[:4] if lane.spans)
    label = f"{name} from {moment(start_ms)} to {moment(end_ms)}; at the end {last}"
    table = [
        (lane.name, span.word, when(span.start_ms), when(span.end_ms)) for lane in rows for span in lane.spans
    ]
    drawn = lanes(label, rows, start_ms, max(end_ms, start_ms + 1))
    return figure(
        drawn,
        f"{name}, {moment(start_ms)} to {moment(end_ms)} ",
        ("Who", "Said", "From", "To"),
        table,
        key(*_VERDICT_KEY),
    )


def alert_lanes(
    decisions: Iterable[Decided], now_ms: int, version: str | None = None, rule: str | None = None
) -> list[Lane]:
    """The life of each alert by the decision log, those that changed last first."""
    changes: dict[tuple[str, str], list[Decided]] = {}
    for decided in decisions:
        known = decided.new in tuple(AlertState)  # else it tells of a reference
        if known and version in (None, decided.version) and rule in (None, decided.rule):
            changes.setdefault((decided.version, decided.rule), []).append(decided)
    newest = sorted(changes.items(), key=lambda item: -item[1][-1].time_ms)[:LANES_MAX]
    one = version is not None or len({of for of, _ in changes}) == 1
    made = [Lane(name if one else f"{name} ({of})", _life(entries, now_ms)) for (of, name), entries in newest]
    return [lane for lane in made if lane.spans]


def _life(entries: Sequence[Decided], now_ms: int) -> tuple[Span, ...]:
    """From each change to the next one; only while it is pending or fires."""
    ends = [*(entry.time_ms for entry in entries[1:]), now_ms]
    return tuple(
        Span(entry.time_ms, max(end_ms, entry.time_ms), _word(entry))
        for entry, end_ms in zip(entries, ends, strict=True)
        if entry.new in (AlertState.PENDING, AlertState.FIRING)
    )


def _word(entry: Decided) -> str:
    if entry.new == AlertState.PENDING:
        return "pending"
    return SEVERE[Severity(entry.severity)].value if entry.severity else "warning"


def _verdicts(line: Line) -> tuple[Span, ...]:
    ends = line.ends_ms.tolist()
    gaps = [b - a for a, b in pairwise(ends)]
    codes: list[int] = line.verdicts.tolist()
    words = [VERDICTS[code].value for code in codes]
    return spans_of(
        list(zip(ends, words, strict=True)), max(sorted(gaps)[len(gaps) // 2] if gaps else 60_000, 1)
    )


def trends(sight: Sight, most: int = TRENDS_MAX) -> list[Markup]:
    """Performance of all traffic over time in the window that is looked at."""
    found = next(
        (
            line
            for line in sight.model.history
            if (line.version, line.stream, line.window) == (sight.version.version, "labels", sight.window)
        ),
        None,
    )
    if found is None:
        return []
    return [_trend(sight, found, name) for name in SHOWN if name in found.names][:most]


def _trend(sight: Sight, line: Line, name: str) -> Markup:
    ends, numbers, events = (
        line.ends_ms.tolist(),
        line.numbers[:, line.names.index(name)].tolist(),
        line.events.tolist(),
    )
    points = [
        Point(end, values[0], values[1], values[2], count)
        for end, values, count in zip(ends, numbers, events, strict=True)
    ]
    reading = sight.labels
    held = level(reading, name, 0) if reading is not None else None
    expected = name.startswith("calibration")
    known = [point for point in points if math.isfinite(point.value)]
    now = (
        f"{figures(known[-1].value)} ({figures(known[-1].lower)} to {figures(known[-1].upper)})"
        if known
        else "unknown"
    )
    if known and known[-1].lower == known[-1].upper:
        now = figures(known[-1].value)
    beside = "by chance alone" if expected else "reference"
    title = named(name)
    told = f"{title[0].upper()}{title[1:]}: now {now}" + (
        f", {beside} {figures(held)}" if held is not None else ""
    )
    statistic = STATISTICS[name]
    bounds = (
        statistic.low if statistic.low is not None else -math.inf,
        statistic.high if statistic.high is not None else math.inf,
    )
    drawn = trend(
        told, points, ends[0], max(ends[-1], ends[0] + 1), level=held, level_name=beside, bounds=bounds
    )
    rows: list[tuple[Child, ...]] = [
        (when(p.time_ms), figures(p.value, 4), figures(p.lower, 4), figures(p.upper, 4), f"{p.events:,}")
        for p in reversed(points)
    ]
    caption = tag("span", tag("b", told), tag("small", summary(name)), class_="said")
    return figure(drawn, caption, ("Window ends", "Value", "Lower", "Upper", "Labels"), rows)
