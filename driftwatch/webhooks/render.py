"""Which endpoints a notification goes to, and the body that each of them gets: made once, the same at every attempt."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

from driftwatch.alerts.notifications import Notification, OutboxRow
from driftwatch.webhooks.catalogue import target_of
from driftwatch.webhooks.spec import EndpointSpec


def render(notification: Notification, endpoints: Sequence[EndpointSpec]) -> list[OutboxRow]:
    """One outbox row per endpoint that wants this notification."""
    return [
        OutboxRow(
            id=notification.id,
            endpoint=endpoint.name,
            type=notification.type.value,
            subject=notification.subject,
            created_ms=notification.time_ms,
            body=target_of(endpoint).body(notification, endpoint),
        )
        for endpoint in endpoints
        if wants(endpoint, notification)
    ]


def wants(endpoint: EndpointSpec, notification: Notification) -> bool:
    """Whether `on`, `models` and, for alerts, `severities` of an endpoint choose this notification, and its type can take it."""
    kind = notification.type.value
    family = kind.partition(".")[0]
    return (
        kind in target_of(endpoint).kinds
        and (kind in endpoint.on or family in endpoint.on or notification.severity in endpoint.on)
        and (family != "alert" or notification.severity in endpoint.severities)
        and any(fnmatchcase(notification.model, pattern) for pattern in endpoint.models)
    )
