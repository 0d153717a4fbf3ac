"""The status page at `/` and the API's page at `/api/docs`: HTML made on the server, without scripts."""

from __future__ import annotations

import json
from functools import cache
from typing import Any, Final

from driftwatch.telemetry import answers as a
from driftwatch.telemetry import views
from driftwatch.telemetry.board import Picture
from driftwatch.telemetry.markup import Child, Markup, join, page, table, tag
from driftwatch.telemetry.openapi import document

FINDINGS_SHOWN: Final = 5
EPISODES_SHOWN: Final = 10
_CLASSES: Final = {
    "ok": "ok",
    "warning": "warning",
    "drift": "drift",
    "firing": "drift",
    "pending": "warning",
}


def status_page(picture: Picture, now_s: float) -> str:
    """What an on-call person looks at first."""
    status = views.status(picture, now_s)
    alerts = [views.alert_answer(al) for m in picture.snapshot.models.values() for al in m.alerts]
    episodes = [views.episode_answer(e) for m in picture.snapshot.models.values() for e in m.episodes]
    episodes.sort(key=lambda episode: episode.opened, reverse=True)
    return page(
        "driftwatch",
        tag("h1", "driftwatch"),
        _state(status),
        table(
            "Models",
            ("Model", "Version", "Verdict", "Newest event", "Windows"),
            map(_version, _versions(status)),
        ),
        table(
            "Alerts",
            ("Rule", "State", "Model", "Since", "Loudest findings"),
            [_alert(alert) for alert in sorted(alerts, key=lambda alert: alert.state != "firing")],
        ),
        table(
            "Retraining",
            ("Episode", "Model", "State", "Opened", "Reason"),
            [_episode(episode) for episode in episodes[:EPISODES_SHOWN]],
        ),
        table("Streams", ("Model", "Stream", "Decided up to", "Lag"), _streams(status)),
        table(
            "Endpoints", ("Endpoint", "State", "Pending", "Last delivery"), map(_endpoint, status.endpoints)
        ),
        _links(status),
    )


@cache
def docs_page() -> str:
    """The OpenAPI document for reading."""
    made = document()
    sections = [
        _operation(path, method, operation)
        for path, methods in made["paths"].items()
        for method, operation in methods.items()
    ]
    return page(
        "driftwatch API",
        tag("h1", "driftwatch API"),
        tag("p", made["info"]["description"]),
        tag("p", "Machine-readable: ", tag("a", "/api/v1/openapi.json", href="/api/v1/openapi.json")),
        *sections,
        tag("h2", "Types"),
        *(
            join([tag("h3", name, id=name), tag("pre", Markup(_json(schema)))])
            for name, schema in made["components"]["schemas"].items()
        ),
    )


def _state(status: a.Status) -> Markup:
    word = tag("strong", "ready", class_="ok") if status.ready else tag("strong", "not ready", class_="drift")
    reasons = tag("ul", *(tag("li", text) for text in status.reasons.values())) if status.reasons else ""
    told = f" · version {status.version} · commit {status.commit} · {status.last_commit or 'no commit yet'}"
    return join([tag("p", word, told), reasons])


def _versions(status: a.Status) -> list[tuple[str, a.VersionSummary]]:
    return [(model.model, version) for model in status.models for version in model.versions]


def _version(entry: tuple[str, a.VersionSummary]) -> tuple[Child, ...]:
    model, version = entry
    windows = ", ".join(f"{w.window} {w.stream}: {w.events} to {w.end}" for w in version.windows)
    return model, version.version, _word(version.verdict), version.last_event, windows


def _alert(alert: a.AlertAnswer) -> tuple[Child, ...]:
    shown = alert.findings[:FINDINGS_SHOWN]
    lines = [
        tag(
            "li",
            f"{f.slice} {f.feature} {f.statistic} {_short(f.value)} (limit {f.limit:g}, {f.count} events)",
        )
        for f in shown
    ]
    more = len(alert.findings) - len(shown)
    rest = [tag("li", f"and {more} more")] if more else []
    return (
        alert.rule,
        _word(alert.state),
        f"{alert.model} {alert.version}",
        alert.since,
        tag("ul", *lines, *rest),
    )


def _episode(episode: a.EpisodeAnswer) -> tuple[Child, ...]:
    return episode.id, f"{episode.model} {episode.version}", episode.state, episode.opened, episode.reason


def _streams(status: a.Status) -> list[tuple[Child, ...]]:
    return [
        (
            model.model,
            stream,
            time or "not begun",
            _lag(status.event_time_lag_s.get(model.model, {}).get(stream)),
        )
        for model in status.models
        for stream, time in model.frontiers.items()
    ]


def _lag(lag_s: float | None) -> str:
    return "" if lag_s is None else f"{lag_s:.0f} s"


def _endpoint(endpoint: a.EndpointStatus) -> tuple[Child, ...]:
    state = tag("span", f"disabled: {endpoint.disabled}", class_="drift") if endpoint.disabled else "enabled"
    if endpoint.last_failure and not endpoint.disabled:
        state = tag("span", f"failing: {endpoint.last_failure}", class_="warning")
    return endpoint.endpoint, state, endpoint.pending, endpoint.last_delivered


def _links(status: a.Status) -> Markup:
    links = [tag("a", text, href=text) for text in ("/metrics", "/api/v1/status", "/api/docs")]
    return tag("p", join(part for link in links for part in (link, " ")), class_="quiet")


def _word(word: str) -> Markup:
    return tag("span", word, class_=_CLASSES.get(word, "quiet"))


def _operation(path: str, method: str, operation: dict[str, Any]) -> Markup:
    parameters = table(
        "Parameters",
        ("Name", "In", "Meaning"),
        [(p["name"], p["in"], p.get("description", "")) for p in operation.get("parameters", [])],
    )
    responses = table(
        "Answers",
        ("Status", "Meaning"),
        [(status, response["description"]) for status, response in operation["responses"].items()],
    )
    title = tag("h2", tag("code", f"{method.upper()} {path}"))
    return join(
        [title, tag("p", operation["summary"]), parameters if operation.get("parameters") else "", responses]
    )


def _json(schema: Any) -> str:
    return json.dumps(schema, indent=2).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _short(value: float | None) -> str:
    """Four digits are what a person reads; the API has them all."""
    return "unknown" if value is None else f"{value:.4g}"
