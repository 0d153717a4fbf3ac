"""The body for Alertmanager's API v2: one alert with labels that stay the same for its life, so that silences and inhibition hold."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from driftwatch.alerts.notifications import Notification, NotificationType
from driftwatch.webhooks.schema import AlertData
from driftwatch.webhooks.spec import EndpointSpec
from driftwatch.webhooks.story import story_of
from driftwatch.webhooks.target import Attempting

JOB: Final = "driftwatch"
NAMES: Final = {"page": "DriftwatchModelDrift", "ticket": "DriftwatchModelWarning"}
SEVERITIES: Final = {"page": "page", "drift": "page", "ticket": "ticket", "warning": "ticket"}
"""Names and severities are those of deploy/prometheus/rules/drift.yml, so that routes and inhibitions hold for both."""
RESENDS_UNTIL_END: Final = 4
"""A firing alert ends so many intervals after it was last sent, as Prometheus does it (rules/alerting.go, `ResendDelay`)."""


def alertmanager_body(notification: Notification, endpoint: EndpointSpec) -> bytes:
    """`postableAlerts` with one alert (prometheus/alertmanager, api/v2/openapi.yaml).

    Alertmanager knows an alert by its labels, so what changes while it fires (slices, fields, windows, values) stands
    in annotations: as a label it would make another alert, and the first would never be resolved.
    """
    data = msgspec.convert(notification.data, AlertData)
    story = story_of(notification)
    alert = data.alert
    severity = SEVERITIES[alert.severity]
    labels = {
        "alertname": NAMES[severity],
        "job": JOB,
        "severity": severity,
        "model": notification.model,
        "version": notification.version,
        "rule": alert.rule,
        "kind": alert.kind,
    }
    annotations = {
        "summary": story.title,
        "description": "\n".join(story.lines),
        "slices": ", ".join(data.slices),
        "fields": ", ".join(data.fields),
        "windows": ", ".join(dict.fromkeys(finding.window for finding in data.findings)),
        "fingerprint": alert.fingerprint,
        "link": story.link,
        "runbook_url": endpoint.options.get("runbook_url", ""),
    }
    told: dict[str, Any] = {
        "labels": {name: text for name, text in labels.items() if text},
        "annotations": {name: text for name, text in annotations.items() if text},
        "startsAt": alert.started,
        "generatorURL": story.link,
    }
    if notification.type is NotificationType.ALERT_RESOLVED:
        told["endsAt"] = alert.since
    return msgspec.json.encode([told], order="sorted")


def with_end(body: bytes, attempting: Attempting) -> bytes:
    """The body of one attempt: what fires ends a while after it was last said, what is resolved has ended by now.

    Event time may lead the wall clock a little; Alertmanager takes an end in the future for firing.
    """
    alerts: list[dict[str, Any]] = msgspec.json.decode(body)
    now = _iso(attempting.now_s)
    for alert in alerts:
        if "endsAt" in alert:
            alert["startsAt"] = min(alert["startsAt"], now)
            alert["endsAt"] = min(alert["endsAt"], now)
        else:
            alert["endsAt"] = _iso(attempting.now_s + RESENDS_UNTIL_END * attempting.resend_s)
    return msgspec.json.encode(alerts, order="sorted")


def _iso(time_s: float) -> str:
    """The form of the times in bodies, so that texts compare as times do."""
    return datetime.fromtimestamp(time_s, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
