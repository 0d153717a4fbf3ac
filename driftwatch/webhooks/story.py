"""What a notification says to a person, in plain words without any markup: chat and paging types dress it up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from driftwatch.alerts.notifications import Notification, NotificationType
from driftwatch.drift.statistic import Kind
from driftwatch.webhooks.schema import AlertData, EndData, FindingBody, RequestData

LABELLED: Final = (Kind.PERFORMANCE.value, Kind.CALIBRATION.value)
SEVERITIES: Final = {"drift": "Drift", "warning": "Warning", "page": "Page", "ticket": "Ticket"}
ENDINGS: Final = {
    "recovered": "it has recovered",
    "version_ended": "its model version is no longer in use",
    "reconfigured": "the configuration was changed",
    "accepted": "it was accepted as the new reference",
    "new_version": "a new version is established",
}
FINDINGS_MAX: Final = 5
NAMES_MAX: Final = 6
TEXT_MAX: Final = 80


@dataclass(frozen=True, slots=True)
class Story:
    """A title, what is known by name, the loudest findings, and where to read on."""

    title: str
    facts: tuple[tuple[str, str], ...]
    findings: tuple[str, ...]
    link: str
    good: bool
    """Whether it is over."""

    @property
    def lines(self) -> tuple[str, ...]:
        """Facts, then findings, one line each."""
        return (*(f"{name}: {text}" for name, text in self.facts), *self.findings)


def story_of(notification: Notification) -> Story:
    """The story of a notification. All parts of it that come from data are cut to `TEXT_MAX`."""
    if notification.type is NotificationType.RETRAIN_REQUESTED:
        return _request(notification, msgspec.convert(notification.data, RequestData))
    if notification.type is NotificationType.RETRAIN_ENDED:
        return _end(notification, msgspec.convert(notification.data, EndData))
    return _alert(notification, msgspec.convert(notification.data, AlertData))


def cut(text: str, limit: int = TEXT_MAX) -> str:
    """At most `limit` characters; an ellipsis stands for what was cut."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _alert(notification: Notification, data: AlertData) -> Story:
    alert = data.alert
    resolved = notification.type is NotificationType.ALERT_RESOLVED
    word = "Resolved" if resolved else SEVERITIES[alert.severity]
    facts = [("Rule", f"{cut(alert.rule)} ({alert.kind})"), ("Version", cut(alert.version) or "all")]
    facts.append(("Where", where(data)))
    facts.append(("Since", moment(alert.started)))
    if resolved:
        facts.append(("Resolved", f"{moment(alert.since)}: {ENDINGS.get(alert.ended, alert.ended)}"))
    findings = () if resolved else _findings(data.findings, data.findings_total, alert.kind)
    title = f"{word} in {notification.model}: {cut(alert.rule)}"
    return Story(title, tuple(facts), findings, data.links["page"], resolved)


def _request(notification: Notification, data: RequestData) -> Story:
    facts = (
        ("Version", names(data.versions.drifted, len(data.versions.drifted), "none")),
        ("Where", where(data)),
        ("Since", moment(data.episode.opened)),
        ("Data", f"{moment(data.data.start)} to {moment(data.data.end)}"),
        ("Episode", data.episode.id),
    )
    findings = tuple(
        line for why in data.why[:3] for line in _findings(why.findings[:2], why.findings_total, why.kind)
    )
    title = f"Retraining requested: {notification.model}"
    return Story(title, facts, findings, data.links["page"], False)


def _end(notification: Notification, data: EndData) -> Story:
    episode = data.episode
    facts = [("Why", ENDINGS.get(episode.reason, episode.reason))]
    if episode.new_version:
        facts.append(("New version", cut(episode.new_version)))
    facts.append(("Opened", moment(episode.opened)))
    facts.append(("Ended", moment(episode.since)))
    if episode.acknowledged_by:
        facts.append(("Acknowledged by", cut(episode.acknowledged_by)))
    title = f"Retraining over: {notification.model}"
    return Story(title, tuple(facts), (), data.links["page"], True)


def where(data: AlertData | RequestData) -> str:
    """Fields and slices, the first few of each by name."""
    fields = names(data.fields, data.fields_total, "the whole model")
    return f"{fields} in {names(data.slices, data.slices_total, 'all traffic')}"


def names(shown: Sequence[str], total: int, none: str) -> str:
    """A few names and how many more there are."""
    if not shown:
        return none if total == 0 else f"{total} of them"
    more = total - min(len(shown), NAMES_MAX)
    return ", ".join(cut(name, 40) for name in shown[:NAMES_MAX]) + (f" and {more} more" if more > 0 else "")


def moment(iso: str) -> str:
    """`2026-01-01 12:00 UTC`."""
    return f"{iso[:10]} {iso[11:16]} UTC"


def _findings(findings: Sequence[FindingBody], total: int, kind: str) -> tuple[str, ...]:
    lines = tuple(_finding(finding, kind) for finding in findings[:FINDINGS_MAX])
    more = total - len(lines)
    return (*lines, f"and {more} more") if more > 0 else lines


def _finding(finding: FindingBody, kind: str) -> str:
    what = "labels" if kind in LABELLED else "events"
    who = cut(finding.field, 40) or "the model"
    return (
        f"{who} in {cut(finding.slice, 40)}, {finding.window}: {finding.statistic} {_number(finding.value)}"
        f" (limit {_number(finding.limit)}, {finding.count} {what})"
    ) + "".join(f"; {cut(cell, 80)}" for cell in finding.cells[:1])


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.4g}"
