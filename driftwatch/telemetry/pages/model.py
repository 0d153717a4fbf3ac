"""The page of one model: one version in one window, from verdict to what was sent."""

from __future__ import annotations

from collections.abc import Sequence

from driftwatch.alerts.alert import Alert
from driftwatch.monitor.snapshot import ModelView
from driftwatch.telemetry.markup import Child, Markup, join, tag
from driftwatch.telemetry.pages import past, sections, told
from driftwatch.telemetry.pages.fields import heat_map, moved_fields
from driftwatch.telemetry.pages.frame import alert_address, card, frame, model_address, plain_table
from driftwatch.telemetry.pages.reasons import as_of, headline, hurt, reason
from driftwatch.telemetry.pages.sight import Deliveries, Sight, firing, look, windows_of, worst_first
from driftwatch.telemetry.pages.words import alert_badge, badge, lasting, when


def model_page(
    model: ModelView, deliveries: Deliveries, version: str = "", window: str = "", slice_: str = ""
) -> str:
    """Everything about a model; what is not known by that name falls back to the worst, the shortest, all traffic."""
    trail = (("Models", "/"),)
    sight = look(model, version, window, slice_)
    if sight is None:
        said = tag("p", "No version of it has been seen yet: no prediction was read.", class_="none")
        return frame(model.model, tag("h1", model.model), said, trail=trail)
    return frame(model.model, _head(sight), _chosen(sight), *cards(sight, deliveries), trail=trail)


def facts(known: Sequence[tuple[str, Child]]) -> Markup:
    """Names with what is known of them."""
    entries = (tag("div", tag("dt", name), tag("dd", value)) for name, value in known)
    return tag("dl", *entries, class_="facts")


def cards(sight: Sight, deliveries: Deliveries, *, decisions: bool = True) -> list[Markup]:
    """The cards of a version, in the order in which they are asked for at night."""
    model = sight.model
    names = {alert.fingerprint: alert.rule for alert in model.alerts} | {e.id: "" for e in model.episodes}
    sent = [row for row in deliveries(None) if row.subject in names][: told.DELIVERIES_MAX]
    moved = moved_fields(
        sight, [(f.slice, f.field) for a in firing(model, sight.version.version) for f in a.findings[:2]]
    )
    trends = past.trends(sight)
    found = [
        card("Alerts", _alerts(sight.alerts), wide=True),
        card("Verdicts over time", past.verdict_lanes(model, sight.now_ms)),
        card("Evidence against the budget", sections.evidence(sight)),
        card(
            "Performance",
            tag("div", *trends, class_="trends")
            if trends
            else tag("p", "No labels have been read yet.", class_="none"),
            about=f"All traffic, window {sight.window}. The band is the interval.",
            wide=True,
        ),
        card(
            "Moved cells",
            tag("div", *moved, class_="pairs") if moved else _nothing(),
            about="The fields that moved most.",
            wide=True,
        ),
        card("Slices and features", heat_map(sight)),
        card("Slices that perform worst", sections.worst_slices(sight)),
        card(
            "Reliability", sections.reliability(sight), about=f"Slice {sight.slice}, window {sight.window}."
        ),
        *_of_classes(sight),
        card("Label coverage", sections.labels(sight)),
        card("Broken data", sections.quality(sight), wide=True),
        card("Retraining", told.episodes(model.episodes), wide=True),
        card("Notifications", told.deliveries(sent, names), wide=True),
    ]
    if decisions:
        found.append(card("Decisions", told.decisions(model.decisions), wide=True))
    return [tag("div", *found, class_="cards")]


def _of_classes(sight: Sight) -> list[Markup]:
    """A card only where the classes have scores of their own."""
    drawn = sections.class_reliability(sight)
    about = f"Each class's own score against the rest. Slice {sight.slice}, window {sight.window}."
    return [] if drawn is None else [card("Reliability of every class", drawn, about=about, wide=True)]


def _nothing() -> Markup:
    return tag("p", "No window has closed yet.", class_="none")


def _head(sight: Sight) -> Markup:
    version, model = sight.version, sight.model
    hurts = hurt(sight)
    known: list[tuple[str, Child]] = [
        ("Version", version.version),
        ("Task", model.task),
        ("Does it hurt", join([badge(hurts.word, hurts.answer), " ", hurts.told])),
        ("Newest event", when(version.last_event_ms) if version.last_event_ms > 0 else "none yet"),
        ("Judged up to", when(version.judged_ms) if version.judged_ms else "nothing yet"),
        ("Reference", tag("code", version.reference_hash[:12] or "being learned")),
    ]
    return tag(
        "div",
        tag("h1", model.model),
        tag("p", badge(version.verdict.value), " ", tag("span", reason(model, version)), class_="verdict"),
        as_of(version),
        facts(known),
        class_="head",
    )


def _chosen(sight: Sight) -> Markup:
    """Links to the other versions, windows and back to all traffic."""
    name, here = sight.model.model, {"version": sight.version.version, "window": sight.window}
    versions = [v.version for v in worst_first(sight.model)]
    rows = (
        ("Version", "version", versions, here["version"]),
        ("Window", "window", windows_of(sight.version), sight.window),
        ("Slice", "slice", list(dict.fromkeys(("all", sight.slice))), sight.slice),
    )
    shown = [
        tag(
            "div",
            tag("span", title, class_="title"),
            *(
                tag(
                    "a",
                    value,
                    href=model_address(name, **{**here, "slice": sight.slice, what: value}),
                    **({"aria_current": "true"} if value == chosen else {}),
                )
                for value in values
            ),
        )
        for title, what, values, chosen in rows
    ]
    return tag("nav", *shown, class_="chosen", aria_label="What is shown")


def _alerts(alerts: Sequence[Alert]) -> Markup:
    head = ("Alert", "State", "What changed, and where", "Since", "Lasted")
    rows: list[Sequence[Child]] = [
        (
            tag("a", alert.rule, href=alert_address(alert.fingerprint)),
            alert_badge(alert),
            headline(alert),
            when(alert.started_ms),
            lasting(alert.since_ms - alert.started_ms) if alert.ended else "goes on",
        )
        for alert in alerts[:10]
    ]
    if not rows:
        return tag("p", "No alert is pending, firing or lately resolved.", class_="none")
    return plain_table(head, rows)
