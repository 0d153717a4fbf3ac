"""The words of the pages: verdicts with a sign and a name, times, durations, findings and causes in sentences."""

from __future__ import annotations

import math
import re
from typing import Final

from driftwatch.alerts.alert import Alert, AlertState
from driftwatch.drift.catalogue import STATISTICS
from driftwatch.evidence.labels import CALIBRATION, ERROR
from driftwatch.telemetry.charts.shapes import figures
from driftwatch.telemetry.markup import Markup, join, tag
from driftwatch.telemetry.text import iso_time
from driftwatch.verdicts.spec import Severity
from driftwatch.verdicts.verdict import SEVERE, Finding

_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_SIGNS: Final = {
    "drift": ("●", "Drift"),
    "warning": ("▲", "Warning"),
    "ok": ("✓", "OK"),
    "insufficient": ("–", "Not enough data"),
    "learning": ("…", "Learning"),
    "firing": ("●", "Firing"),
    "pending": ("◐", "Pending"),
    "resolved": ("✓", "Resolved"),
    "open": ("◐", "Open"),
    "requested": ("●", "Requested"),
    "acknowledged": ("✓", "Acknowledged"),
    "ended": ("✓", "Ended"),
    "delivered": ("✓", "Delivered"),
    "superseded": ("–", "Superseded"),
    "abandoned": ("▲", "Abandoned"),
}
_ROUNDED_S: Final = 600
"""Durations from here on are told in whole minutes."""
_COLOURS: Final = {
    "firing": "drift",
    "pending": "warning",
    "resolved": "ok",
    "open": "warning",
    "requested": "drift",
    "acknowledged": "ok",
    "ended": "ok",
    "delivered": "ok",
    "superseded": "insufficient",
    "abandoned": "drift",
}
CAUSES: Final = {
    "breached": "its limit was crossed",
    "held": "it stayed over its limit for long enough",
    "calmed": "it was over before it had to be told",
    "recovered": "it has recovered",
    "version_ended": "its model version is no longer in use",
    "reconfigured": "the configuration was changed",
    "accepted": "it was accepted as the new reference",
    "forgotten": "it was resolved long ago",
    "no_labels": "nothing that rests on labels says that it hurts",
    "broken_data": "broken data explains it: retraining would not help",
    "cool_down": "the last retraining was too short a time ago",
    "daily_maximum": "today's retrainings are used up",
    "dry_run": "dry run: nothing is sent",
    "disabled": "retraining is switched off",
    "hurts": "labels say that it hurts",
    "input_drift": "the inputs drift, and that was said to be enough",
    "acknowledged": "somebody takes care of it",
    "new_version": "a new model version is established",
}
"""Why an alert or an episode changed its state, by the word that stands in logs and messages."""
_SAID: Final = frozenset({ERROR, CALIBRATION})
"""Streams of evidence that are no features: what is told of them names them."""
KINDS: Final = {
    "input": "inputs",
    "score": "scores",
    "performance": "performance",
    "calibration": "calibration",
    "quality": "data quality",
    "estimate": "estimated performance",
}


def badge(word: str, said: str = "") -> Markup:
    """A verdict or state: its sign, its name, its colour; never by colour alone."""
    sign, name = _SIGNS.get(word, ("", word))
    colour = _COLOURS.get(word, word if word in _SIGNS else "insufficient")
    return tag("span", tag("span", sign, aria_hidden="true"), f" {said or name}", class_=f"badge b-{colour}")


def severity(alert: Alert) -> str:
    """The verdict that an alert's severity stands for: `drift` or `warning`."""
    return SEVERE[Severity(alert.severity)].value


def alert_badge(alert: Alert) -> Markup:
    """How loud an alert is while it fires; else its state."""
    if alert.state is AlertState.FIRING:
        return badge(severity(alert), f"Firing, {alert.severity}")
    return badge(alert.state.value)


def when(time_ms: int) -> Markup:
    """A moment of event time, for people and for machines."""
    stamp = iso_time(time_ms)
    return tag("time", moment(time_ms), datetime=stamp) if "T" in stamp else Markup(stamp)


def moment(time_ms: int) -> str:
    """`24 Nov 2026, 14:30 UTC`."""
    stamp = iso_time(time_ms)
    if "T" not in stamp:
        return stamp
    return f"{int(stamp[8:10])} {_MONTHS[int(stamp[5:7]) - 1]} {stamp[:4]}, {stamp[11:16]} UTC"


def wall(time_s: float) -> Markup:
    """A moment of wall-clock time; `never` before the first."""
    return when(int(time_s) * 1_000) if time_s > 0 else Markup("never")


def lasting(duration_ms: float) -> str:
    """`2 h 20 min`: two units at most."""
    seconds = int(max(0.0, duration_ms) / 1_000)
    if seconds >= _ROUNDED_S:
        seconds = (seconds + 30) // 60 * 60
    units = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))
    parts: list[str] = []
    for name, size in units:
        count, seconds = divmod(seconds, size)
        if count or parts:
            parts.append(f"{count} {name}")
        if len(parts) == 2:
            break
    return " ".join(part for part in parts if not part.startswith("0 ")) or "0 s"


def named(statistic: str) -> str:
    """A statistic's name as people say it."""
    known = {"psi": "PSI", "auc": "AUC", "mae": "MAE", "rmse": "RMSE", "ks_statistic": "KS"}
    return known.get(statistic, statistic.replace("_", " "))


def place(finding: Finding) -> Markup:
    """Where a finding was made: feature and slice."""
    where = tag("span", "in all traffic" if finding.slice == "all" else "in ")
    slice_ = "" if finding.slice == "all" else tag("b", finding.slice)
    told = finding.field and finding.field not in _SAID
    return join([tag("b", finding.field), " ", where, slice_] if told else [where, slice_])


def measured(finding: Finding) -> str:
    """The numbers of a finding in half a sentence."""
    between = ""
    if finding.lower < finding.upper and math.isfinite(finding.lower) and math.isfinite(finding.upper):
        between = f" ({figures(finding.lower)} to {figures(finding.upper)})"
    if finding.statistic == "evidence":
        gap = "gap " if finding.field == CALIBRATION else ""
        return f"{gap}{figures(finding.value)}{between}, over {finding.count:,} events"
    limit = "" if finding.window.startswith("quality") else f", limit {figures(finding.limit)}"
    return (
        f"{named(finding.statistic)} {figures(finding.value)}{between}{limit}, over {finding.count:,} events"
    )


def whole(words: str) -> Markup:
    """Words in which no number is parted from its percent sign at the end of a line."""
    parts = re.split(r"(\S+ %)", words)
    return join([tag("span", part, class_="nb") if part.endswith(" %") else part for part in parts if part])


def summary(statistic: str) -> str:
    """What a statistic says, from the catalogue; empty where it is none."""
    return STATISTICS[statistic].summary if statistic in STATISTICS else ""
