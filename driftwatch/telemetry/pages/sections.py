"""The cards of a model that rest on one picture each: reliability, evidence, label coverage, slices that perform worst."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np

from driftwatch.drift.reliability import WIDTH
from driftwatch.monitor.snapshot import EvidenceView
from driftwatch.telemetry import views
from driftwatch.telemetry.answers import ReliabilityBar
from driftwatch.telemetry.charts.coverage import coverage
from driftwatch.telemetry.charts.coverage import told as day_told
from driftwatch.telemetry.charts.diagonal import diagonal
from driftwatch.telemetry.charts.gauges import Gauge, gauges
from driftwatch.telemetry.charts.gauges import told as gauge_told
from driftwatch.telemetry.charts.shapes import figures
from driftwatch.telemetry.markup import Child, Markup, join, tag
from driftwatch.telemetry.pages.frame import figure, key, plain_table
from driftwatch.telemetry.pages.reasons import DECAYS
from driftwatch.telemetry.pages.sight import Sight
from driftwatch.telemetry.pages.words import badge, moment, named
from driftwatch.verdicts.verdict import VERDICTS, Verdict

GAUGES_MAX: Final = 12
"""Streams of evidence that are drawn, those nearest to their limit."""
SLICES_MAX: Final = 10
CLASSES_MAX: Final = 6
"""Classes whose own scores' reliability is drawn, the least calibrated ones."""


def reliability(sight: Sight) -> Markup:
    """The reliability diagram of the slice that is looked at."""
    bars = [bar for bar in _bars(sight) if not bar.class_score]
    if not bars:
        return tag("p", "No labelled scores in this window.", class_="none")
    caption = join(["Mean score (across) against the share that came true. ", _reliability_key()])
    return _diagram("Reliability diagram", bars, caption)


def class_reliability(sight: Sight) -> Markup | None:
    """Those of the classes' own scores, the least calibrated first; None where no class has one."""
    by_class: dict[str, list[ReliabilityBar]] = {}
    for bar in _bars(sight):
        if bar.class_score:
            by_class.setdefault(bar.class_score, []).append(bar)
    if not by_class:
        return None
    worst = sorted(by_class, key=lambda name: (-_error(by_class[name]), name))
    drawn = [
        _diagram(
            f"Reliability diagram of class {name}",
            by_class[name],
            f"{name}: calibration error {figures(_error(by_class[name]))}",
        )
        for name in worst[:CLASSES_MAX]
    ]
    more = len(worst) - len(drawn)
    said = tag("p", f"Nearer to the diagonal, not shown: {more} of {len(worst)} classes.", class_="about")
    return join([tag("p", _reliability_key()), tag("div", *drawn, class_="trends"), said if more else ""])


def _bars(sight: Sight) -> list[ReliabilityBar]:
    """Cells of equal width with labels, over all decisions."""
    found = views.reliability_answers(sight.model, sight.version, sight.slice, sight.window)
    return [bar for bar in found if bar.cells == WIDTH and not bar.decision and bar.labels]


def _reliability_key() -> Markup:
    return key(
        ("last", "came true, with interval"),
        ("band", "where it would lie if scores were right"),
        ("past", "reference"),
    )


def _diagram(what: str, bars: Sequence[ReliabilityBar], caption: Child) -> Markup:
    worst = max(bars, key=_apart)
    label = (
        f"{what} over {sum(bar.labels for bar in bars):,} labels; farthest from the diagonal: mean score "
        f"{figures(worst.score)} came true in {figures(worst.share)}"
    )
    rows: list[Sequence[Child]] = [
        (
            f"{figures(bar.low)} to {figures(bar.high)}",
            figures(bar.score),
            f"{figures(bar.share)} ({figures(bar.lower)} to {figures(bar.upper)})",
            figures(bar.reference_share),
            f"{bar.labels:,}",
        )
        for bar in bars
    ]
    head = ("Scores", "Mean score", "Came true", "Reference", "Labels")
    return figure(diagonal(label, bars), caption, head, rows)


def _error(bars: Sequence[ReliabilityBar]) -> float:
    """The calibration error over the cells."""
    gaps = sum(bar.labels * abs((bar.score or 0.0) - (bar.share or 0.0)) for bar in bars)
    return gaps / sum(bar.labels for bar in bars)


def _apart(bar: ReliabilityBar) -> float:
    return abs((bar.score or 0.0) - (bar.share or 0.0)) * math.sqrt(bar.labels)


def evidence(sight: Sight) -> Markup:
    """The streams of evidence that are nearest to the limit of the false-alert budget."""
    found = [
        (float(view.logs[row, column]) / view.log_limit, view, row, column)
        for view in sight.version.evidence
        if view.log_limit > 0
        for row, column in np.argwhere(np.isfinite(view.logs)).tolist()
    ]
    found.sort(key=lambda entry: -entry[0])
    rows = [
        Gauge(
            _stream(view.group, view.fields[column], sight.version.slices[row]),
            float(view.logs[row, column]),
            view.log_limit,
            VERDICTS[int(view.verdicts[row, column])].value,
        )
        for _, view, row, column in found[:GAUGES_MAX]
    ]
    if not rows:
        return tag("p", "No evidence is watched, or no pane has closed yet.", class_="none")
    budgets = [
        f"{v.group} ({v.family}): {v.streams:,} streams, {v.firing} fire; " for v in sight.version.evidence
    ]
    label = f"Evidence against its limit, the nearest streams first; {gauge_told(rows[0])}"
    table: list[Sequence[Child]] = [(r.name, badge(r.word), figures(r.log), figures(r.limit)) for r in rows]
    caption = join(
        [
            *budgets,
            "at its limit a stream alerts alone, several together before it. ",
            f"{_ends(sight.version.evidence)} ",
            key(("v-ok", "ok"), ("v-warning", "fires a ticket"), ("v-drift", "fires a page")),
        ]
    )
    return figure(gauges(label, rows), caption, ("Stream", "Verdict", "ln E", "Limit"), table)


def _ends(evidence: Sequence[EvidenceView]) -> str:
    """The last panes that the groups rest on: labels come later than what they are of."""
    groups: dict[int, list[str]] = {}
    for view in evidence:
        groups.setdefault(view.end_ms, []).append(view.group)
    if len(groups) == 1:
        return f"After the pane that ended {moment(next(iter(groups)))}."
    told = [f"{', '.join(names)} {moment(end_ms)}" for end_ms, names in sorted(groups.items(), reverse=True)]
    return f"After the panes that ended: {'; '.join(told)}."


def _stream(group: str, field: str, slice_: str) -> str:
    where = "all" if slice_ == "all" else slice_
    return f"{field or group} · {where}"


def labels(sight: Sight) -> Markup:
    """How complete the labels of each prediction day are."""
    found = views.cohort_answers(sight.model.model, sight.version)
    if not found:
        return tag("p", "No labels are read for this model, or no day has begun.", class_="none")
    reading = sight.labels
    on = (
        f"The last {reading.window} of labels holds {int(reading.events[0]):,}."
        if reading is not None
        else ""
    )
    label = f"Label coverage by prediction day; the newest: {day_told(found[0])}"
    rows: list[Sequence[Child]] = [
        (
            day.day[:10],
            f"{day.predictions:,}",
            f"{day.labels:,}",
            "unknown" if day.coverage is None else f"{day.coverage:.1%}",
            "unknown" if day.completeness is None else f"{day.completeness:.1%}",
        )
        for day in found
    ]
    caption = join([f"{on} ", key(("now", "labels that have come"), ("expected", "expected in the end"))])
    head = ("Prediction day", "Predictions", "Labels", "Coverage", "Completeness")
    return figure(coverage(label, found), caption, head, rows)


def worst_slices(sight: Sight) -> Markup:
    """Slices by how much worse they perform than in the reference, by the lower end of the interval."""
    reading = sight.labels
    name = next((n for n in DECAYS if reading is not None and n in reading.estimates), None)
    if reading is None or name is None:
        return tag("p", "No labels are read for this model yet.", class_="none")
    found = reading.estimates[name]
    order: list[int] = np.argsort(-np.nan_to_num(found.lower[:, 0], nan=-np.inf), kind="stable").tolist()
    rows: list[Sequence[Child]] = []
    for row in order[:SLICES_MAX]:
        value, lower, upper = (float(side[row, 0]) for side in (found.value, found.lower, found.upper))
        if not math.isfinite(value):
            break
        word = Verdict.DRIFT if lower > 0 else Verdict.OK
        rows.append(
            (
                sight.version.slices[row],
                badge(word.value, "Worse" if lower > 0 else "Not worse"),
                f"{figures(value)} ({figures(lower)} to {figures(upper)})",
                f"{int(reading.events[row]):,}",
            )
        )
    said = tag(
        "p",
        f"By {named(name)}, window {reading.window}, the lower end of its interval first.",
        class_="about",
    )
    return join([said, plain_table(("Slice", "Says", "Worse by", "Labels"), rows)])


def quality(sight: Sight) -> Markup:
    """What is wrong with the data, by named reasons."""
    rows: list[Sequence[Child]] = [
        (
            issue.reason.replace("_", " "),
            issue.feature or issue.stream,
            f"{issue.share:.1%}",
            issue.example,
            issue.says,
        )
        for issue in views.quality_answers(sight.model.model, sight.version)
    ]
    if not rows:
        return tag("p", "Nothing.", class_="none")
    return plain_table(("Reason", "Field", "Share", "Example", "Means"), rows)
