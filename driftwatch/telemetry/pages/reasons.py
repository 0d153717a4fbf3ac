"""Why a version has its verdict, and whether it hurts, each in one sentence with its numbers."""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np

from driftwatch.alerts.alert import Alert, AlertState
from driftwatch.drift.reading import Reading
from driftwatch.monitor.snapshot import ModelView, VersionView
from driftwatch.telemetry.charts.shapes import figures
from driftwatch.telemetry.markup import Markup, join, tag
from driftwatch.telemetry.pages.sight import Sight, firing
from driftwatch.telemetry.pages.words import measured, named, place, when, whole
from driftwatch.verdicts.verdict import Verdict

DECAYS: Final = ("accuracy_decay", "macro_f1_decay", "mae_decay", "auc_decay")
"""What tells most plainly whether a model became worse; the first that is computed."""


class Hurt(NamedTuple):
    """Whether a drift costs performance: a word of the verdicts, the answer, and its numbers."""

    word: str
    answer: str
    told: str


def headline(alert: Alert) -> Markup:
    """What changed and where, by the loudest finding."""
    if not alert.findings:
        return Markup("")
    first = alert.findings[0]
    if first.cells:
        changed = join([place(first), ": ", whole(first.cells[0])])
    else:
        changed = join(
            [place(first), ": ", measured(first)] if first.field else [measured(first), ", ", place(first)]
        )
    more = len(alert.findings) - 1
    return join([changed, f" (and {more} more)"]) if more else changed


def reason(model: ModelView, version: VersionView) -> Markup:
    """Why the version has its verdict."""
    loud = firing(model, version.version)
    if loud:
        return join([f"{loud[0].rule}: ", headline(loud[0])])
    if version.verdict is Verdict.LEARNING:
        return Markup("Its reference is still being learned; nothing can alarm before.")
    if not version.readings:
        return Markup("No window has closed yet.")
    if version.quality:
        first = version.quality[0]
        return join(
            [
                f"Broken data: {first.reason.value.replace('_', ' ')}",
                f" in {first.field}" if first.field else "",
            ]
        )
    if version.verdict is Verdict.INSUFFICIENT:
        most = max(int(reading.events[0]) for reading in version.readings.values())
        return join([f"Too little data to judge: {most:,} events in the fullest window."])
    pending = [a for a in model.alerts if a.state is AlertState.PENDING and a.version == version.version]
    if pending:
        return join([f"{pending[0].rule} is pending: ", headline(pending[0])])
    return join([_calm(version)])


def as_of(version: VersionView) -> Markup:
    """Of what time everything is that is shown of a version, where it is of before the start; else nothing."""
    if not version.restored:
        return Markup("")
    told = ["As of ", when(version.judged_ms), ", before driftwatch started: no window has closed since."]
    return tag("p", *told, class_="none")


def _calm(version: VersionView) -> str:
    """How far the nearest stream of evidence is from its limit; else how many rules hold."""
    shares = [
        float(np.fmax.reduce(view.logs, axis=None, initial=-np.inf)) / view.log_limit
        for view in version.evidence
        if view.log_limit > 0
    ]
    if shares:
        return f"The strongest evidence of a change is at {100 * max(0.0, *shares):.0f} % of its limit."
    return f"All {len(version.rules)} rules hold." if version.rules else "Nothing is demanded of it."


def hurt(sight: Sight, slice_: str = "all") -> Hurt:
    """Whether the labels of the window say that performance is worse than in the reference."""
    reading = sight.labels
    if reading is None:
        return Hurt("insufficient", "Unknown", "No labels are read for this model yet.")
    row = sight.version.slices.index(slice_) if slice_ in sight.version.slices else 0
    where = "" if slice_ == "all" else f" in {slice_}"
    name = next((name for name in DECAYS if name in reading.estimates), None)
    labels = int(reading.events[row])
    if name is None or not math.isfinite(float(reading.estimates[name].value[row, 0])):
        return Hurt(
            "insufficient", "Unknown", f"{labels:,} labels{where} in the last {reading.window} do not say."
        )
    found = reading.estimates[name]
    value, lower, upper = (float(side[row, 0]) for side in (found.value, found.lower, found.upper))
    statistic = name.removesuffix("_decay")
    before, now = _sides(reading, statistic, row, value)
    told = (
        f"{named(statistic)}{where} {before} → {now}; worse by {figures(value)} ({figures(lower)} to {figures(upper)}) "
        f"on {labels:,} labels in the last {reading.window}"
    )
    if lower > 0:
        return Hurt("drift", "Yes", told)
    if upper < 0:
        return Hurt("ok", "No, it became better", told)
    return Hurt("ok", "Not so far", told)


def level(reading: Reading, statistic: str, row: int) -> float | None:
    """What a statistic was in the reference; by its decay, which is counted towards worse."""
    decay, now = reading.estimates.get(f"{statistic}_decay"), reading.estimates.get(statistic)
    if decay is None or now is None:
        expected = reading.estimates.get(f"{statistic}_expected")
        return float(expected.value[row, 0]) if expected is not None else None
    sign = -1.0 if statistic in ("mae", "rmse", "brier_score", "bias") else 1.0
    return float(now.value[row, 0] + sign * decay.value[row, 0])


def _sides(reading: Reading, statistic: str, row: int, decay: float) -> tuple[str, str]:
    now = reading.estimates.get(statistic)
    if now is None:
        return "reference", "now"
    return figures(level(reading, statistic, row)), figures(float(now.value[row, 0]))
