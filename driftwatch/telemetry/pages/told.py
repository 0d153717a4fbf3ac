"""What driftwatch did: retraining episodes, notifications with their attempts, and the last decisions, as tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from driftwatch.alerts.alert import AlertState, Episode, EpisodeState
from driftwatch.alerts.decision_log import Decided
from driftwatch.alerts.outbox import Delivery
from driftwatch.telemetry.markup import Child, Markup, join, tag
from driftwatch.telemetry.pages.frame import alert_address, plain_table
from driftwatch.telemetry.pages.words import CAUSES, badge, wall, when

DELIVERIES_MAX: Final = 20
DECISIONS_MAX: Final = 20
_TYPES: Final = {
    "alert.firing": "Alert fires",
    "alert.resolved": "Alert is resolved",
    "retrain.requested": "Retraining requested",
    "retrain.ended": "Retraining is over",
}


def episodes(found: Sequence[Episode], most: int = 10) -> Markup:
    """Retraining episodes with who takes care of them."""
    if not found:
        return tag("p", "No drift has opened an episode yet.", class_="none")
    head = ("Episode", "State", "Why", "Opened", "Taken care of by", "Ended by version")
    rows: list[Sequence[Child]] = [
        (
            tag("code", episode.id),
            badge(episode.state.value),
            CAUSES.get(episode.reason, episode.reason),
            when(episode.opened_ms),
            acknowledged(episode),
            episode.new_version or "–",
        )
        for episode in found[:most]
    ]
    return plain_table(head, rows)


def acknowledged(episode: Episode) -> Child:
    """Who takes care of a requested retraining."""
    if episode.acknowledged_by:
        return episode.acknowledged_by
    if episode.state is EpisodeState.REQUESTED:
        return tag("span", "nobody yet", class_="ink-warning")
    return "–"


def deliveries(found: Iterable[Delivery], names: Mapping[str, str] | None = None) -> Markup:
    """Notifications, the newest first, with what became of each at each endpoint; `names`: rules by fingerprint."""
    rows: list[Sequence[Child]] = [
        (
            _subject(row, (names or {}).get(row.subject, "")),
            row.endpoint,
            badge(row.state),
            _attempts(row),
            when(row.created_ms),
            wall(row.last_at_s) if row.attempts else "not yet",
        )
        for row in found
    ]
    if not rows:
        return tag("p", "Nothing was sent, and nothing waits to be sent.", class_="none")
    return plain_table(
        ("What", "Endpoint", "State", "Attempts", "Event time", "Last attempt (wall clock)"), rows
    )


def _subject(row: Delivery, rule: str) -> Child:
    name = _TYPES.get(row.type, row.type) + (f": {rule}" if rule else "")
    return tag("a", name, href=alert_address(row.subject)) if row.type.startswith("alert.") else name


def _attempts(row: Delivery) -> Child:
    if row.state == "pending" and row.attempts:
        return join([f"{row.attempts}, the last: {row.reason}; next ", wall(row.next_at_s)])
    return f"{row.attempts}, {row.reason}" if row.reason and row.reason != "delivered" else str(row.attempts)


def decisions(found: Sequence[Decided], most: int = DECISIONS_MAX) -> Markup:
    """The last changes of alerts and references, the newest first."""
    rows: list[Sequence[Child]] = [
        (when(d.time_ms), d.rule, d.version, _new(d), CAUSES.get(d.reason, d.reason))
        for d in found[::-1][:most]
    ]
    return plain_table(("Event time", "Rule", "Version", "Became", "Because"), rows)


def _new(decided: Decided) -> Child:
    if decided.new in tuple(AlertState):
        return badge(decided.new)
    return join(["reference ", tag("code", decided.new[:12])])
