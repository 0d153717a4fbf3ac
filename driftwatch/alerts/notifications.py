"""What is to be told to the outside: notifications with deterministic ids, and their rows in the outbox."""

from __future__ import annotations

import hashlib
from enum import StrEnum
from typing import Any

import msgspec


class NotificationType(StrEnum):
    """What happened; endpoints choose with `on:`."""

    ALERT_FIRING = "alert.firing"
    ALERT_RESOLVED = "alert.resolved"
    RETRAIN_REQUESTED = "retrain.requested"
    RETRAIN_ENDED = "retrain.ended"


class Notification(msgspec.Struct, frozen=True):
    """One message to the outside, the same bytes whoever recomputes it."""

    id: str
    type: NotificationType
    subject: str
    """Fingerprint of the alert or episode: a newer notification of a subject supersedes an unsent older one."""
    time_ms: int
    """Event time of the transition."""
    model: str
    version: str
    severity: str
    """`warning` or `drift`; retraining: `retrain`."""
    data: dict[str, Any]
    """The documented, versioned payload (docs/webhooks.md)."""


class OutboxRow(msgspec.Struct, frozen=True):
    """A notification rendered for one endpoint: the same body at every attempt."""

    id: str
    endpoint: str
    type: str
    subject: str
    created_ms: int
    """Event time."""
    body: bytes


def fingerprint(*parts: str) -> str:
    """16 hex digits that name an alert or episode by what it is about."""
    return hashlib.sha256("\x00".join(parts).encode()).hexdigest()[:16]


def notification_id(subject: str, transition: str, time_ms: int) -> str:
    """The id of a transition: the same on every attempt, after every restart and in every recomputation."""
    return "msg_" + hashlib.sha256(f"{subject}\x00{transition}\x00{time_ms}".encode()).hexdigest()[:24]
