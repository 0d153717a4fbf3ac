"""The Slack body (Block Kit): what changed, where, how much, since when, on how many labels it rests, and a link."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from driftwatch.alerts.notifications import Notification, NotificationType
from driftwatch.webhooks.schema import AlertData, EndData, FindingBody, RequestData
from driftwatch.webhooks.story import ENDINGS, LABELLED, SEVERITIES

HEADER_MAX: Final = 150
SECTION_MAX: Final = 3_000
BLOCKS_MAX: Final = 50
MESSAGE_MAX: Final = 10_000
"""Slack refuses a message whose blocks are too long together, from about 13 000 characters on."""
FINDINGS_MAX: Final = 10
NAMES_MAX: Final = 6
NAME_MAX: Final = 40
CODE_MAX: Final = 80

_ESCAPES: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


def slack_body(notification: Notification) -> bytes:
    """The JSON of one message, with sorted keys. Everything that comes from data is escaped and quoted as code."""
    if notification.type is NotificationType.RETRAIN_REQUESTED:
        title, lines, link = _request(notification, msgspec.convert(notification.data, RequestData))
    elif notification.type is NotificationType.RETRAIN_ENDED:
        title, lines, link = _end(notification, msgspec.convert(notification.data, EndData))
    else:
        title, lines, link = _alert(notification, msgspec.convert(notification.data, AlertData))
    blocks = [_header(title), *_sections(lines), _section(link), _footer(notification)]
    message = {"text": escape(_cut(title, HEADER_MAX)), "blocks": blocks}
    return msgspec.json.encode(message, order="sorted")


def escape(text: str) -> str:
    """Text that Slack shows as it is: no mention, no link, no channel call."""
    return text.translate(_ESCAPES)


def _alert(notification: Notification, data: AlertData) -> tuple[str, list[str], str]:
    alert = data.alert
    name = f"{notification.model}: {alert.rule}"
    link = _link(data.links["page"], "Open the alert")
    if notification.type is NotificationType.ALERT_RESOLVED:
        ending = ENDINGS.get(alert.ended, alert.ended)
        what = f"*What* rule {code(alert.rule)} of version {code(alert.version)} is resolved: {ending}"
        when = f"*When* broken since {_time(alert.started)}, resolved {_time(alert.since)}"
        return f"Resolved in {name}", [what, _where(data), when], link
    word = SEVERITIES[alert.severity]
    what = f"*What* rule {code(alert.rule)} ({alert.kind}) of version {code(alert.version)} is broken"
    lines = [what, _where(data), f"*Since* {_time(alert.started)}", *_rests(alert.kind, data.findings)]
    lines += _findings(data.findings[:FINDINGS_MAX], data.findings_total, alert.kind)
    return f"{word} in {name}", lines, link


def _request(notification: Notification, data: RequestData) -> tuple[str, list[str], str]:
    drifted = _names(data.versions.drifted, len(data.versions.drifted), "")
    lines = [
        f"*What* a retraining of {code(notification.model)} is requested; version {drifted} drifts",
        _where(data),
        f"*Since* {_time(data.episode.opened)}",
        f"*Data* {_time(data.data.start)} to {_time(data.data.end)}",
    ]
    for why in data.why:
        lines.append(f"*Why* rule {code(why.rule)} ({why.kind}) of version {code(why.version)}")
        lines += _rests(why.kind, why.findings)
        lines += _findings(why.findings[:3], why.findings_total, why.kind)
    if data.why_omitted:
        lines.append(f"and {data.why_omitted} more alerts")
    link = _link(data.links["page"], "Open the model")
    return f"Retraining requested: {notification.model}", lines, link


def _end(notification: Notification, data: EndData) -> tuple[str, list[str], str]:
    episode = data.episode
    ending = ENDINGS.get(episode.reason, episode.reason)
    if episode.new_version:
        ending += f": {code(episode.new_version)}"
    lines = [
        f"*What* the retraining episode of {code(notification.model)} is over: {ending}",
        f"*When* opened {_time(episode.opened)}, ended {_time(episode.since)}",
    ]
    if episode.acknowledged_by:
        lines.append(f"*Acknowledged by* {code(episode.acknowledged_by)}")
    return (
        f"Retraining over: {notification.model}",
        lines,
        _link(data.links["page"], "Open the model"),
    )


def _where(data: AlertData | RequestData) -> str:
    fields = _names(data.fields, data.fields_total, "the whole model")
    return f"*Where* {fields} in {_names(data.slices, data.slices_total, 'all traffic')}"


def _names(names: Sequence[str], total: int, none: str) -> str:
    if not names:
        return none if total == 0 else f"{total} of them"
    shown = names[:NAMES_MAX]
    more = f" and {_count(total - len(shown))} more" if total > len(shown) else ""
    return ", ".join(code(_cut(name, NAME_MAX)) for name in shown) + more


def _rests(kind: str, findings: Sequence[FindingBody]) -> list[str]:
    if not findings:
        return []
    what = "labels" if kind in LABELLED else "events"
    return [f"*Rests on* {_count(findings[0].count)} {what}, reference {_count(findings[0].reference_count)}"]


def _findings(findings: Sequence[FindingBody], total: int, kind: str) -> list[str]:
    lines = [_finding(finding, kind) for finding in findings]
    omitted = total - len(lines)
    return [*lines, f"and {_count(omitted)} more"] if omitted else lines


def _finding(finding: FindingBody, kind: str) -> str:
    what = "labels" if kind in LABELLED else "events"
    who = code(finding.field) if finding.field else "the model"
    text = (
        f"• {who} in {code(finding.slice)}, {code(finding.window)}: {code(finding.statistic)}"
        f" *{_number(finding.value)}*{_interval(finding)},"
        f" limit {_number(finding.limit)}, {_count(finding.count)} {what}"
    )
    return text + "".join(f"; {code(cell)}" for cell in finding.cells[:1])


def code(text: str) -> str:
    """Text from data, shown letter by letter: no formatting, no emoji, no link."""
    shown = escape(_cut(text, CODE_MAX)).replace("`", "\u2019")
    return f"`{shown}`" if text.strip() else "`(empty)`"


def _sections(lines: Sequence[str]) -> list[dict[str, Any]]:
    """As few sections as hold the lines; where the message gets too long, the last line says so."""
    texts = [""]
    size = 0
    for line in lines:
        size += len(line) + 1
        if size > MESSAGE_MAX or len(texts) > BLOCKS_MAX - 5:
            texts.append("… the rest is behind the link")
            break
        if len(texts[-1]) + 1 + len(line) > SECTION_MAX:
            texts.append("")
        texts[-1] = f"{texts[-1]}\n{line}".lstrip("\n")
    return [_section(text) for text in texts]


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}}


def _header(title: str) -> dict[str, Any]:
    text = {"type": "plain_text", "text": _cut(title, HEADER_MAX), "emoji": False}
    return {"type": "header", "text": text}


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _footer(notification: Notification) -> dict[str, Any]:
    configuration = str(notification.data.get("configuration", ""))
    text = f"driftwatch · {notification.id} · configuration {code(configuration)}"
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": text, "verbatim": True}]}


def _link(address: str, text: str) -> str:
    return f"<{escape(address).replace('|', '%7C')}|{text}>"


def _time(iso: str) -> str:
    return f"{iso[:10]} {iso[11:16]} UTC"


def _interval(finding: FindingBody) -> str:
    """Nothing for a statistic without an interval or bound: its limits are the value itself."""
    if finding.lower == finding.upper:
        return ""
    return f" ({_number(finding.lower)} to {_number(finding.upper)})"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.4g}"


def _count(count: int) -> str:
    return f"{count:,}".replace(",", " ")
