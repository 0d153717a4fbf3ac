"""Small rows for tests of the store."""

from __future__ import annotations

from driftwatch.alerts.notifications import OutboxRow


def outbox_row(identity: str, endpoint: str = "hook", subject: str = "") -> OutboxRow:
    """A row whose body names it."""
    body = f"body of {identity}".encode()
    return OutboxRow(identity, endpoint, "alert.firing", subject or identity, 5, body)
