"""The body for PagerDuty's Events API v2: an alert triggers under its fingerprint and resolves under the same."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from driftwatch.alerts.notifications import Notification, NotificationType
from driftwatch.webhooks.schema import AlertData
from driftwatch.webhooks.spec import EndpointSpec
from driftwatch.webhooks.story import cut, story_of
from driftwatch.webhooks.target import Attempting

SUMMARY_MAX: Final = 1_024
SEVERITIES: Final = {"page": "critical", "drift": "error", "ticket": "warning", "warning": "warning"}


def pagerduty_body(notification: Notification, endpoint: EndpointSpec) -> bytes:
    """One event without its routing key (PagerDuty/api-schema, reference/events-v2/openapiv3.json)."""
    del endpoint
    data = msgspec.convert(notification.data, AlertData)
    story = story_of(notification)
    event: dict[str, Any] = {
        "event_action": "resolve" if notification.type is NotificationType.ALERT_RESOLVED else "trigger",
        "dedup_key": data.alert.fingerprint,
        "client": "driftwatch",
        "client_url": data.links["status"],
        "links": [{"href": story.link, "text": "The alert"}],
        "payload": {
            "summary": cut(story.title, SUMMARY_MAX),
            "timestamp": data.alert.since,
            "severity": SEVERITIES[data.alert.severity],
            "source": notification.model,
            "component": notification.version,
            "group": notification.model,
            "class": data.alert.kind,
            "custom_details": dict(story.facts) | {"Findings": list(story.findings)},
        },
    }
    return msgspec.json.encode(event, order="sorted")


def with_routing_key(body: bytes, attempting: Attempting) -> bytes:
    """The body of an attempt: the routing key is a secret, and is never stored."""
    event: dict[str, Any] = msgspec.json.decode(body)
    return msgspec.json.encode(event | {"routing_key": attempting.token}, order="sorted")
