"""The generic JSON body: the whole notification, in the documented schema."""

from __future__ import annotations

import msgspec

from driftwatch.alerts.messages import iso
from driftwatch.alerts.notifications import Notification
from driftwatch.webhooks.schema import SCHEMA


def generic_body(notification: Notification) -> bytes:
    """The JSON of a notification: sorted keys, no blanks, the same bytes whoever computes it."""
    body = {
        "schema": SCHEMA,
        "id": notification.id,
        "type": notification.type.value,
        "timestamp": iso(notification.time_ms),
        "model": notification.model,
        "version": notification.version,
        "severity": notification.severity,
        "data": notification.data,
    }
    return msgspec.json.encode(body, order="sorted")
