"""Which endpoints a notification goes to, and the body that each of them gets: made once, the same at every attempt."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

from driftwatch.alerts.notifications import Notification, OutboxRow
from driftwatch.webhooks.generic import generic_body
from driftwatch.webhooks.slack import slack_body
from driftwatch.webhooks.spec import EndpointSpec, EndpointType


def render(notification: Notification, endpoints: Sequence[EndpointSpec]) -> list[OutboxRow]:
    """One outbox row per endpoint that wants this notification."""
    bodies: dict[EndpointType, bytes] = {}
    rows: list[OutboxRow] = []
    for endpoint in endpoints:
        if not wants(endpoint, notification):
            continue
        if endpoint.type not in bodies:
            bodies[endpoint.type] = _body(endpoint.type, notification)
        rows.append(
            OutboxRow(
                id=notification.id,
                endpoint=endpoint.name,
                type=notification.type.value,
                subject=notification.subject,
                created_ms=notification.time_ms,
                body=bodies[endpoint.type],
            )
        )
    return rows


def wants(endpoint: EndpointSpec, notification: Notification) -> bool:
    """Whether `on`, `models` and, for alerts, `severities` of an endpoint choose this notification."""
    kind = notification.type.value
    family = kind.partition(".")[0]
    return (
        (kind in endpoint.on or family in endpoint.on or notification.severity in endpoint.on)
        and (family != "alert" or notification.severity in endpoint.severities)
        and any(fnmatchcase(notification.model, pattern) for pattern in endpoint.models)
    )


def _body(type_: EndpointType, notification: Notification) -> bytes:
    return slack_body(notification) if type_ is EndpointType.SLACK else generic_body(notification)
