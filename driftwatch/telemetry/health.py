"""How the process itself is doing: one immutable value that the loop and the app replace, and what follows for readiness."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

DISCONNECTED_AFTER_S: Final = 30.0
"""A broker may be away this long before the process is not ready (F3)."""
STALLED_AFTER_S: Final = 60.0
"""A loop that has not turned for this long stands still."""


class NotReady(StrEnum):
    """Why `/readyz` says 503: the closed list."""

    STARTING = "starting"
    STANDING_BY = "standing_by"
    DISCONNECTED = "disconnected"
    COMMIT_FAILED = "commit_failed"
    STALLED = "stalled"
    STOPPING = "stopping"


@dataclass(frozen=True, slots=True)
class EndpointHealth:
    """What the sender says of one endpoint."""

    pending: int = 0
    """Outbox rows that are not delivered yet."""
    disabled: str = ""
    """Why nothing is sent to it; empty while it is enabled."""
    outcomes: Mapping[str, int] = field(default_factory=dict[str, int])
    """Attempts since the process started by outcome: `delivered` or the reason of a failure, from a closed set."""
    last_attempt_s: float = 0.0
    """Wall-clock seconds; 0 before the first."""
    last_delivered_s: float = 0.0
    """Wall-clock seconds; 0 before the first."""
    last_failure: str = ""
    """Reason of the last attempt if it failed."""


@dataclass(frozen=True, slots=True)
class Health:
    """The process at one moment. Times ending in `_at_s` are seconds of the monotonic clock, the others of the wall clock."""

    started_s: float = 0.0
    config_hash: str = ""
    reload_failed: str = ""
    """Why the last reload was refused: the configuration before it is in force (F32); empty after a good one."""
    reloaded_s: float = 0.0
    """When the configuration in force was taken over, at the start or by a reload."""
    memory_bound_bytes: int = 0
    """The bound computed from the configuration (P7)."""
    running: bool = False
    """State is loaded and the source is subscribed."""
    stopping: bool = False
    standing_by: str = ""
    """Host of the member that works while this one waits (E17); empty while this one works."""
    disconnected_at_s: float | None = 0.0
    """Since when the broker is away; None while connected."""
    commit_failed: str = ""
    """Why nothing can be committed, such as `disk_full` (F16); empty after the next good commit."""
    turned_at_s: float = 0.0
    """Last turn of the loop; 0 before the first."""
    last_commit_s: float = 0.0
    last_commit_duration_s: float = 0.0
    checkpoint_bytes: int = 0
    lag: Mapping[tuple[str, int], int] = field(default_factory=dict[tuple[str, int], int])
    """Records behind the end offset by (topic, partition)."""
    event_time_lag_s: Mapping[tuple[str, str], float] = field(default_factory=dict[tuple[str, str], float])
    """Wall clock minus the newest event time by (model, stream)."""
    stale: frozenset[tuple[str, str]] = frozenset()
    """(model, stream) without traffic (E8)."""
    endpoints: Mapping[str, EndpointHealth] = field(default_factory=dict[str, EndpointHealth])
    dead_letters_dropped: int = 0
    """Dead letters that found no room since the process started."""

    @property
    def connected(self) -> bool:
        """Whether the broker answers."""
        return self.disconnected_at_s is None


def reasons_not_ready(health: Health, now_s: float) -> dict[NotReady, str]:
    """Why the process cannot do its work at monotonic time `now_s`, each with a sentence for people; empty means ready."""
    found: dict[NotReady, str] = {}
    if health.stopping:
        found[NotReady.STOPPING] = "The process is stopping."
    if not health.running and not health.standing_by:
        found[NotReady.STARTING] = "State is being loaded, or the topics are not subscribed yet."
    if health.standing_by:
        found[NotReady.STANDING_BY] = f"Another member of the group works: {health.standing_by}."
    away_s = 0.0 if health.disconnected_at_s is None else now_s - health.disconnected_at_s
    if health.running and away_s >= DISCONNECTED_AFTER_S:
        found[NotReady.DISCONNECTED] = f"No broker has answered for {away_s:.0f} s."
    if health.commit_failed:
        found[NotReady.COMMIT_FAILED] = f"Nothing can be committed: {health.commit_failed}."
    still_s = now_s - health.turned_at_s
    if health.turned_at_s and still_s >= STALLED_AFTER_S:
        found[NotReady.STALLED] = f"The loop has not turned for {still_s:.0f} s."
    return found
