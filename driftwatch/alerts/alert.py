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
    """`input`, `score`, `performance`, `calibration`, `quality` or `estimate`: what the rule's statistic rests on."""
    severity: str
    state: AlertState
    since_ms: int
    """Event time at which the state began."""
    started_ms: int
    """Event time of the first breach of this life."""
    retrain: bool = False
    """Whether its rule may ask for a retraining."""
    ended: str = ""
    """Why a resolved one ended: `recovered`, `version_ended`, `reconfigured`, `accepted`."""
    findings: tuple[Finding, ...] = ()
    """Loudest first; cut to a fixed number in messages, never here. A resolved one keeps its last ones."""


class Transition(msgspec.Struct, frozen=True):
    """One change of an alert's state, and why; the monitor makes the fact `AlertChanged` of it."""

    fingerprint: str
    model: str
    version: str
    rule: str
    old: AlertState
    new: AlertState
    reason: str
    time_ms: int


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
    """Why it has not (yet) requested, why it did, or how it ended: a cause of `EPISODE_LIFECYCLE`."""
    new_version: str = ""
    acknowledged_by: str = ""
    requested_ms: int = -1
    """Event time of the request, also of one that a dry run withheld; -1 before."""


class EpisodeTransition(msgspec.Struct, frozen=True):
    """One change of an episode; the monitor makes the fact `EpisodeChanged` of it."""

    id: str
    model: str
    old: EpisodeState | None
    """None: the episode began."""
    new: EpisodeState
    reason: str
    time_ms: int
