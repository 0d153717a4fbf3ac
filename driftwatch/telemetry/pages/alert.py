"""The page of one alert, which messages link to: what changed, where, since when, does it hurt, what was done already."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from driftwatch.alerts.alert import Alert, AlertState, Episode
from driftwatch.alerts.outbox import Delivery
from driftwatch.monitor.snapshot import ModelView, Snapshot
from driftwatch.telemetry.markup import Child, Markup, join, tag
from driftwatch.telemetry.pages import past, told
from driftwatch.telemetry.pages.fields import moved_fields
from driftwatch.telemetry.pages.frame import card, frame, model_address, plain_table
from driftwatch.telemetry.pages.reasons import as_of, headline, hurt
from driftwatch.telemetry.pages.sight import Deliveries, Sight, firing, look
from driftwatch.telemetry.pages.words import (
    CAUSES,
    KINDS,
    alert_badge,
    badge,
    lasting,
    measured,
    place,
    summary,
    when,
    whole,
)
from driftwatch.verdicts.verdict import Finding

FINDINGS_MAX: Final = 30
_ANSWERS: Final = 4
"""Findings that the answer names; the table has more."""


def find(snapshot: Snapshot, fingerprint: str) -> tuple[ModelView, Alert] | None:
    """An alert that is remembered, with its model."""
    for model in snapshot.models.values():
        for alert in model.alerts:
            if alert.fingerprint == fingerprint:
                return model, alert
    return None


def alert_page(model: ModelView, alert: Alert, deliveries: Deliveries) -> str:
    """The five questions first; below them every finding and the pictures."""
    sight = look(model, alert.version, _window(alert))
    episodes = [e for e in model.episodes if alert.fingerprint in e.alerts]
    sent = [row for subject in (alert.fingerprint, *(e.id for e in episodes)) for row in deliveries(subject)]
    head = tag(
        "div",
        tag("h1", alert.rule),
        tag(
            "p",
            alert_badge(alert),
            " ",
            tag("span", "in "),
            _model_link(alert),
            f", version {alert.version}",
            class_="verdict",
        ),
        as_of(sight.version) if sight is not None and sight.version.version == alert.version else "",
        class_="head",
    )
    five = tag("div", *_questions(model, alert, sight, episodes, sent), class_="five")
    pictures = _pictures(model, alert, sight) if sight is not None else []
    below = [
        card("Every finding", _findings(alert.findings), wide=True),
        card("Retraining", told.episodes(episodes), wide=True),
        card(
            "Notifications of this alert",
            told.deliveries(sorted(sent, key=lambda r: -r.created_ms)[: told.DELIVERIES_MAX]),
            wide=True,
        ),
    ]
    trail = (("Models", "/"), (model.model, model_address(model.model, version=alert.version)))
    return frame(
        f"{alert.rule} in {model.model}",
        head,
        five,
        tag("div", *pictures, *below, class_="cards"),
        trail=trail,
    )


def gone_page(fingerprint: str) -> str:
    """There is no such alert (any more)."""
    return frame(
        "No such alert",
        tag("h1", "This alert is not remembered"),
        tag(
            "p",
            "There is no alert ",
            tag("code", fingerprint),
            ". The last 50 resolved alerts of a model are kept; older ones are forgotten.",
        ),
        tag("p", tag("a", "All models", href="/")),
        trail=(("Models", "/"),),
    )


def _window(alert: Alert) -> str:
    return alert.findings[0].window if alert.findings else ""


def _model_link(alert: Alert) -> Markup:
    return tag("a", alert.model, href=model_address(alert.model, version=alert.version))


def _questions(
    model: ModelView, alert: Alert, sight: Sight | None, episodes: Sequence[Episode], sent: Sequence[Delivery]
) -> list[Markup]:
    return [
        _question("What changed?", *_what(alert)),
        _question("Where?", *_where(alert)),
        _question("Since when?", *_since(alert, sight)),
        _question("Does it hurt?", *_hurts(model, alert, sight)),
        _question("What did driftwatch do?", *_done(alert, episodes, sent)),
    ]


def _question(title: str, answer: Child, *more: Child) -> Markup:
    return tag(
        "section", tag("h2", title), tag("p", answer, class_="answer"), *(tag("p", m) for m in more if m)
    )


def _what(alert: Alert) -> list[Child]:
    if not alert.findings:
        return [f"The {KINDS.get(alert.kind, alert.kind)}", ""]
    first = alert.findings[0]
    more = [tag("span", whole(cell)) for cell in first.cells[1:3]]
    if first.cells:
        return [headline(msgspec.structs.replace(alert, findings=(first,))), measured(first), *more]
    return [headline(alert), summary(first.statistic)]


def _where(alert: Alert) -> list[Child]:
    if not alert.findings:
        return ["Everywhere", ""]
    places = list(dict.fromkeys(place(finding) for finding in alert.findings))
    slices = len({finding.slice for finding in alert.findings})
    fields = len({finding.field for finding in alert.findings if finding.field})
    counted = f"{_count(slices, 'slice')}" + (f", {_count(fields, 'feature')}" if fields else "")
    rest = f" and {len(places) - _ANSWERS} more places" if len(places) > _ANSWERS else ""
    listed = tag("ul", *(tag("li", p) for p in places[1:_ANSWERS])) if len(places) > 1 else ""
    return [places[0], join([counted, rest]), listed]


def _count(number: int, name: str) -> str:
    return f"{number} {name}" if number == 1 else f"{number} {name}s"


def _since(alert: Alert, sight: Sight | None) -> list[Child]:
    if alert.state is AlertState.RESOLVED:
        lasted = lasting(alert.since_ms - alert.started_ms)
        return [
            join([when(alert.started_ms), " to ", when(alert.since_ms)]),
            f"Lasted {lasted}: {CAUSES.get(alert.ended, alert.ended)}.",
        ]
    now_ms = sight.now_ms if sight is not None else alert.since_ms
    change = min((f.since_ms for f in alert.findings), default=alert.started_ms)
    first = (
        join(["The first window that shows it ended ", when(change), "."])
        if change <= alert.started_ms
        else ""
    )
    return [when(alert.started_ms), f"{lasting(now_ms - alert.started_ms)} ago by event time.", first]


def _hurts(model: ModelView, alert: Alert, sight: Sight | None) -> list[Child]:
    if sight is None:
        return [badge("insufficient", "Unknown"), "Its version is no longer watched."]
    whole = hurt(sight)
    slice_ = next((f.slice for f in alert.findings if f.slice != "all"), "all")
    inside = hurt(sight, slice_) if slice_ != "all" else None
    loud = [
        a for a in firing(model, alert.version) if a.kind in ("performance", "calibration") and a is not alert
    ]
    word = "drift" if "drift" in (whole.word, inside.word if inside else "") else whole.word
    answer = inside if inside is not None and inside.word == "drift" else whole
    also = f"Also firing: {', '.join(a.rule for a in loud[:3])}." if loud else ""
    return [badge(word, answer.answer), whole.told, inside.told if inside is not None else "", also]


def _done(alert: Alert, episodes: Sequence[Episode], sent: Sequence[Delivery]) -> list[Child]:
    own = [row for row in sent if row.subject == alert.fingerprint]
    delivered = sorted({row.endpoint for row in own if row.state == "delivered"})
    waiting = sorted({row.endpoint for row in own if row.state == "pending"})
    first = f"Told {', '.join(delivered)}" if delivered else "Told nobody yet"
    late = f"Not delivered yet: {', '.join(waiting)}; attempts are below." if waiting else ""
    if not own and alert.state is AlertState.PENDING:
        first = "Waits: it is pending"
    return [first, late, _episode(episodes)]


def _episode(episodes: Sequence[Episode]) -> Child:
    if not episodes:
        return "No retraining was considered: it is no drift of the model, or retraining is off."
    last = episodes[0]
    cared = f", taken care of by {last.acknowledged_by}" if last.acknowledged_by else ""
    return join(["Retraining ", badge(last.state.value), f" {CAUSES.get(last.reason, last.reason)}{cared}."])


def _pictures(model: ModelView, alert: Alert, sight: Sight) -> list[Markup]:
    inside = sight if sight.inputs is not None else look(model, alert.version) or sight
    moved = moved_fields(inside, [(f.slice, f.field) for f in alert.findings if f.field], most=2)
    lanes = past.alert_lanes(model.decisions, sight.now_ms, alert.version, alert.rule)
    made: list[Markup] = []
    if moved:
        made.append(
            card(
                "What moved",
                tag("div", *moved, class_="pairs"),
                about="Now against the reference.",
                wide=True,
            )
        )
    if lanes:
        start_ms = lanes[0].spans[0].start_ms
        width_ms = max(sight.now_ms - start_ms, 60_000)
        made.append(
            card("Its life", past.lanes_figure("Alert", lanes, start_ms - width_ms // 4, sight.now_ms))
        )
    made += [card("Performance beside it", *found) for found in [past.trends(inside, 1)] if found]
    return made


def _findings(findings: Sequence[Finding]) -> Markup:
    rows: list[Sequence[Child]] = [
        (
            f.field or "–",
            f.slice,
            measured(f),
            tag("ul", *(tag("li", line) for line in (*f.cells, *f.evidence)))
            if f.cells or f.evidence
            else "–",
            when(f.since_ms),
        )
        for f in findings[:FINDINGS_MAX]
    ]
    left = len(findings) - len(rows)
    more = tag("p", f"and {left} more; /api/v1/alerts has all of them") if left > 0 else ""
    return join([plain_table(("Feature", "Slice", "Numbers", "Cells and evidence", "Since"), rows), more])
