"""What the sender shows of itself: one immutable value per endpoint, and one per attempt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from driftwatch.webhooks.reasons import Reason


@dataclass(frozen=True, slots=True)
class EndpointStatus:
    """One endpoint as it stands; the numbers count since the process started."""

    pending: int = 0
    """Outbox rows that are neither delivered, superseded nor abandoned."""
    disabled: str = ""
    """Why nothing is sent to it; empty while it is enabled."""
    outcomes: Mapping[str, int] = field(default_factory=dict[str, int])
    """Attempts by `Reason`: exactly `notifications_total{endpoint, reason}`."""
    last_attempt_s: float = 0.0
    """Wall-clock seconds; 0 before the first."""
    last_delivered_s: float = 0.0
    """Wall-clock seconds; 0 before the first."""
    last_failure: str = ""
    """Reason of the last attempt if it failed."""


@dataclass(frozen=True, slots=True)
class AttemptMade:
    """What became of one attempt: for one line of log."""

    endpoint: str
    id: str
    type: str
    reason: Reason
    attempts: int
    """Attempts of this row so far."""
    next_in_s: float
    """Until the next attempt; 0 where there is none."""
    state: str
    """`pending`, `delivered` or `abandoned`."""
    status: int = 0
    """HTTP status; 0 where there was no answer."""


@dataclass(frozen=True, slots=True)
class EndpointDisabled:
    """Nothing is sent to an endpoint any more until it is enabled again."""

    endpoint: str
    reason: str


@dataclass(frozen=True, slots=True)
class SenderFailed:
    """The sender could not do its own work (read or write the outbox); it tries again."""

    endpoint: str
    error: str


Report = AttemptMade | EndpointDisabled | SenderFailed
"""What the sender tells its caller, on the sender's thread."""
