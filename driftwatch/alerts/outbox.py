"""The port between outbox and sender: rows to send, and what became of each attempt."""

from __future__ import annotations

from typing import Protocol

import msgspec

from driftwatch.alerts.notifications import OutboxRow


class Attempt(msgspec.Struct, frozen=True):
    """What the sender remembers of one outbox row: attempts so far and their end."""

    id: str
    endpoint: str
    attempts: int
    next_at_s: float
    """Wall-clock seconds of the next attempt."""
    state: str
    """`pending`, `delivered`, `superseded`, `abandoned`."""
    reason: str = ""
    """Of the last failure, from a closed set."""
    first_at_s: float = 0.0
    last_at_s: float = 0.0

    @property
    def arrived(self) -> bool:
        """Whether the last attempt was a delivery; a `pending` one that has arrived is to be said again."""
        return self.state == "delivered" or (self.attempts > 0 and not self.reason)


class Delivery(msgspec.Struct, frozen=True):
    """One outbox row and what became of it, for people."""

    id: str
    endpoint: str
    type: str
    subject: str
    """Fingerprint of the alert, or id of the episode."""
    created_ms: int
    """Event time."""
    state: str
    """As of `Attempt`."""
    attempts: int = 0
    reason: str = ""
    next_at_s: float = 0.0
    last_at_s: float = 0.0


class Outbox(Protocol):
    """Read side for the sender's thread: rows of the checkpoint, and the sender's own file of attempts (E15)."""

    def pending(self, endpoint: str, limit: int) -> list[tuple[OutboxRow, Attempt | None]]:
        """Rows of this endpoint that are neither delivered, superseded nor abandoned, in the order in which they are due.

        Rows without an attempt come first, the oldest first; then the others by `next_at_s`.
        """
        ...

    def failing_since(self, endpoint: str) -> float | None:
        """Wall-clock seconds of this endpoint's first failed attempt after its last delivery; None if none failed since."""
        ...

    def overtaken(self, row: OutboxRow) -> bool:
        """Whether this endpoint has a newer row of the same subject."""
        ...

    def record(self, attempt: Attempt) -> None:
        """Durably write what happened to a row."""
        ...

    def disabled(self) -> dict[str, str]:
        """Disabled endpoints with their reason."""
        ...

    def disable(self, endpoint: str, reason: str) -> None:
        """Stop sending to an endpoint; its rows stay."""
        ...

    def enable(self, endpoint: str) -> None:
        """Send again, beginning with what is pending."""
        ...

    def resend(self, endpoint: str, ids: list[str]) -> int:
        """Make rows pending again that were delivered or abandoned; returns how many."""
        ...

    def lengths(self) -> dict[str, int]:
        """Pending rows per endpoint that have not arrived."""
        ...

    def close(self) -> None:
        """Close the connections of this thread."""
        ...
