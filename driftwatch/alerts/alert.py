"""What an alert and a retraining episode are, as they stand in the checkpoint and the API."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from driftwatch.verdicts.verdict import Finding


class AlertState(StrEnum):
    """States of the lifecycle table in `lifecycle.py`."""

    INACTIVE = "inactive"
    PENDING = "pending"
    FIRING = "firing"
    RESOLVED = "resolved"


class Alert(msgspec.Struct, frozen=True):
    """One cause (rule) in one model version; features and slices are its findings."""

    fingerprint: str
    model: str
    version: str
    rule: str
    kind: str
    """`input`, `score`, `performance` or `quality`: what the rule's statistic rests on."""
    severity: str
    state: AlertState
    since_ms: int
    """Event time at which the state began."""
    started_ms: int
    """Event time of the first breach of this life."""
    ended: str = ""
    """Why a resolved one ended: `recovered`, `version_ended`, `reconfigured`."""
    findings: tuple[Finding, ...] = ()
    """Loudest first; cut to a fixed number in messages, never here."""


class EpisodeState(StrEnum):
    """States of a retraining episode."""

    OPEN = "open"
    REQUESTED = "requested"
    ACKNOWLEDGED = "acknowledged"
    ENDED = "ended"


class Episode(msgspec.Struct, frozen=True):
    """One drift episode of a model and the one retraining request that it makes."""

    id: str
    model: str
    version: str
    state: EpisodeState
    opened_ms: int
    since_ms: int
    """Event time at which the state began."""
    alerts: tuple[str, ...]
    """Fingerprints of the alerts that make it up."""
    reason: str = ""
    """Why it has not (yet) requested, or how it ended: `cool_down`, `daily_maximum`, `dry_run`, `no_labels`, `new_version`, `recovered`."""
    new_version: str = ""
    acknowledged_by: str = ""
