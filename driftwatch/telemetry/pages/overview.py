"""The first page: all models, worst first, and how the daemon itself is doing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from driftwatch.alerts.alert import Alert
from driftwatch.monitor.snapshot import ModelView, Snapshot, VersionView
from driftwatch.telemetry import answers as a
from driftwatch.telemetry import views
from driftwatch.telemetry.board import Picture
from driftwatch.telemetry.flow import BEFORE_TIME_MS
from driftwatch.telemetry.health import Health
from driftwatch.telemetry.markup import Child, Markup, join, tag
from driftwatch.telemetry.pages.frame import alert_address, card, frame, model_address, plain_table
from driftwatch.telemetry.pages.past import verdict_strip
from driftwatch.telemetry.pages.reasons import as_of, headline, reason
from driftwatch.telemetry.pages.sight import firing, loudness, newest_ms, worst_first
from driftwatch.telemetry.pages.told import episodes
from driftwatch.telemetry.pages.words import alert_badge, badge, lasting, severity, wall, when
from driftwatch.verdicts.verdict import Verdict, loudest

ALERTS_MAX: Final = 8
"""Firing alerts that are shown above the models."""


def overview(picture: Picture, now_s: float) -> str:
    """What an on-call person looks at first."""
    status, snapshot = views.status(picture, now_s), picture.snapshot
    models = ordered(snapshot)
    loud = [(model, alert) for model in models for alert in firing(model)]
    open_ = [e for model in models for e in model.episodes]
    open_.sort(key=lambda episode: -episode.opened_ms)
    parts = [
        _head(models, status),
        tag("div", *(_alert(model, alert) for model, alert in loud[:ALERTS_MAX]), class_="loud")
        if loud
        else "",
        tag("p", f"and {len(loud) - ALERTS_MAX} more firing alerts, on their models' pages", class_="none")
        if len(loud) > ALERTS_MAX
        else "",
        card("Models", _models(models), wide=True),
        tag(
            "div",
            card("Retraining", episodes(open_, 5), wide=True),
            card("Endpoints", _endpoints(picture.health), wide=True),
            card("Streams", _streams(models, status), wide=True),
            class_="cards",
        ),
    ]
    return frame("driftwatch", *(part for part in parts if part), foot=_foot(status))


def ordered(snapshot: Snapshot) -> list[ModelView]:
    """Models, the loudest first, then by name."""
    return sorted(snapshot.models.values(), key=lambda model: (-loudness(_verdict(model)), model.model))


def _verdict(model: ModelView) -> Verdict:
    return loudest(version.verdict for version in model.versions.values())


def _head(models: Sequence[ModelView], status: a.Status) -> Markup:
    counts = Counter(_verdict(model) for model in models)
    told = (
        (Verdict.DRIFT, "drifts", "drift"),
        (Verdict.WARNING, "has a warning", "have a warning"),
        (Verdict.INSUFFICIENT, "has too little data", "have too little data"),
        (Verdict.LEARNING, "is being learned", "are being learned"),
    )
    said = [f"{counts[v]} {one if counts[v] == 1 else many}" for v, one, many in told if counts[v]]
    rest = counts[Verdict.OK]
    if not models:
        title = "No model is watched yet"
    elif not said:
        title = f"{models[0].model} is well" if len(models) == 1 else f"All {len(models)} models are well"
    else:
        title = (
            f"Of {len(models)} models " + ", ".join(said)
            if len(models) > 1
            else f"{models[0].model} {said[0][2:]}"
        )
        title += f", {rest} {'is' if rest == 1 else 'are'} well" if rest and len(models) > 1 else ""
    return tag("div", tag("h1", title), _ready(status), class_="head")


def _ready(status: a.Status) -> Markup:
    if not status.ready:
        reasons = tag("ul", *(tag("li", text) for text in status.reasons.values()))
        return tag(
            "div",
            tag("p", badge("drift", "The daemon is not ready"), class_="verdict"),
            reasons,
            class_="notice",
        )
    last = f"last commit {status.last_commit[11:19]} UTC" if status.last_commit else "no commit yet"
    return tag("p", badge("ok", "The daemon works"), f" {last}", class_="verdict soft")


def _alert(model: ModelView, alert: Alert) -> Markup:
    since = join(
        [
            "since ",
            when(alert.started_ms),
            f", {lasting(newest_ms(model) - alert.started_ms)} ago by event time",
        ]
    )
    return tag(
        "article",
        tag(
            "p",
            alert_badge(alert),
            " ",
            tag("a", f"{alert.rule}", href=alert_address(alert.fingerprint)),
            " in ",
            tag("b", alert.model),
            f" {alert.version}",
        ),
        tag("p", headline(alert), class_="answer"),
        tag("p", since, class_="soft"),
        class_=f"of-{severity(alert)}",
    )


def _models(models: Sequence[ModelView]) -> Markup:
    rows = [row for model in models for row in _rows(model)]
    if not rows:
        return tag("p", "The configuration names no model.", class_="none")
    return plain_table(("Model", "Version", "Verdict", "Lately", "Why", "Firing", "Newest event"), rows)


def _rows(model: ModelView) -> list[Sequence[Child]]:
    link = tag("a", model.model, href=model_address(model.model))
    if not model.versions:
        return [(link, "none yet", badge("insufficient"), "", "No prediction was read yet.", "0", "–")]
    return [_version(model, version) for version in worst_first(model)]


def _version(model: ModelView, version: VersionView) -> Sequence[Child]:
    return (
        tag("a", tag("b", model.model), href=model_address(model.model, version=version.version)),
        version.version,
        badge(version.verdict.value),
        verdict_strip(model, version.version),
        join([reason(model, version), as_of(version)]),
        str(len(firing(model, version.version))),
        when(version.last_event_ms) if version.last_event_ms > 0 else "–",
    )


def _streams(models: Sequence[ModelView], status: a.Status) -> Markup:
    rows: list[Sequence[Child]] = [
        (
            model.model,
            stream.value,
            when(time_ms) if time_ms > BEFORE_TIME_MS else "not begun",
            _lag(status.event_time_lag_s.get(model.model, {}).get(stream.value)),
        )
        for model in models
        for stream, time_ms in sorted(model.frontiers_ms.items())
    ]
    return plain_table(("Model", "Stream", "Decided up to", "Behind the clock"), rows)


def _lag(lag_s: float | None) -> str:
    if lag_s is None:
        return "–"
    return lasting(lag_s * 1_000) if lag_s >= 0 else "ahead of it"


def _endpoints(health: Health) -> Markup:
    rows: list[Sequence[Child]] = []
    for name, endpoint in sorted(health.endpoints.items()):
        state = badge("ok", "Enabled")
        if endpoint.disabled:
            state = badge("drift", f"Disabled: {endpoint.disabled}")
        elif endpoint.last_failure:
            state = badge("warning", f"Failing: {endpoint.last_failure}")
        rows.append((name, state, str(endpoint.pending), wall(endpoint.last_delivered_s)))
    return plain_table(("Endpoint", "State", "Waiting", "Last delivery"), rows)


def _foot(status: a.Status) -> str:
    return (
        f"driftwatch {status.version}, commit {status.commit}, configuration {status.config_hash[:12]}. Times are UTC; "
        "event time unless it says otherwise."
    )
