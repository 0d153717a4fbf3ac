"""The lifecycles as tables: which state follows which, for which cause; everything else is refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Generic, TypeVar

from driftwatch.alerts.alert import AlertState, EpisodeState

S = TypeVar("S", bound=StrEnum)
C = TypeVar("C", bound=StrEnum)


class AlertCause(StrEnum):
    """Why an alert changes its state; the same word in fact, log and payload."""

    BREACHED = "breached"
    HELD = "held"
    CALMED = "calmed"
    RECOVERED = "recovered"
    VERSION_ENDED = "version_ended"
    RECONFIGURED = "reconfigured"
    ACCEPTED = "accepted"
    """What it told of was accepted as the new reference."""
    FORGOTTEN = "forgotten"


class EpisodeCause(StrEnum):
    """Why a retraining episode changes its state, or stays open; the same word in fact, log and payload."""

    NO_LABELS = "no_labels"
    """Only inputs or scores drift; nothing that rests on labels says that it hurts."""
    BROKEN_DATA = "broken_data"
    """Whatever could ask is explained by findings of data quality: retraining would not help (F29)."""
    COOL_DOWN = "cool_down"
    DAILY_MAXIMUM = "daily_maximum"
    DRY_RUN = "dry_run"
    DISABLED = "disabled"
    HURTS = "hurts"
    """A rule that may ask for a retraining fires."""
    INPUT_DRIFT = "input_drift"
    """Inputs drift, and the configuration takes that as enough."""
    ACKNOWLEDGED = "acknowledged"
    NEW_VERSION = "new_version"
    RECOVERED = "recovered"
    VERSION_ENDED = "version_ended"
    RECONFIGURED = "reconfigured"
    ACCEPTED = "accepted"
    """The drift was accepted as the new reference."""


class IllegalTransitionError(ValueError):
    """A cause that the table does not know in this state; nothing was changed."""


@dataclass(frozen=True, slots=True)
class Lifecycle(Generic[S, C]):
    """A table of (state, cause) → state."""

    table: Mapping[tuple[S, C], S]

    def after(self, state: S, cause: C) -> S:
        """The state that follows; raises IllegalTransitionError where the table has no entry."""
        found = self.table.get((state, cause))
        if found is None:
            raise IllegalTransitionError(f"{cause.value!r} cannot happen in the state {state.value!r}")
        return found

    def diagram(self) -> str:
        """The table as a Mermaid state diagram, one line per pair of states; docs/alerts.md shows it."""
        causes: dict[tuple[S, S], list[str]] = {}
        for (old, cause), new in self.table.items():
            causes.setdefault((old, new), []).append(cause.value)
        arrows = [f"    {old.value} --> {new.value}: {', '.join(why)}" for (old, new), why in causes.items()]
        return "\n".join(["stateDiagram-v2", *arrows])


ALERT_LIFECYCLE: Final = Lifecycle(
    {
        (AlertState.INACTIVE, AlertCause.BREACHED): AlertState.PENDING,
        (AlertState.PENDING, AlertCause.HELD): AlertState.FIRING,
        (AlertState.PENDING, AlertCause.CALMED): AlertState.INACTIVE,
        (AlertState.PENDING, AlertCause.VERSION_ENDED): AlertState.INACTIVE,
        (AlertState.PENDING, AlertCause.RECONFIGURED): AlertState.INACTIVE,
        (AlertState.PENDING, AlertCause.ACCEPTED): AlertState.INACTIVE,
        (AlertState.FIRING, AlertCause.RECOVERED): AlertState.RESOLVED,
        (AlertState.FIRING, AlertCause.VERSION_ENDED): AlertState.RESOLVED,
        (AlertState.FIRING, AlertCause.RECONFIGURED): AlertState.RESOLVED,
        (AlertState.FIRING, AlertCause.ACCEPTED): AlertState.RESOLVED,
        (AlertState.RESOLVED, AlertCause.BREACHED): AlertState.PENDING,
        (AlertState.RESOLVED, AlertCause.FORGOTTEN): AlertState.INACTIVE,
    }
)
"""A breach that needs no hold time goes through `pending` to `firing` in one step."""

_WITHHELD: Final = (
    EpisodeCause.NO_LABELS,
    EpisodeCause.BROKEN_DATA,
    EpisodeCause.COOL_DOWN,
    EpisodeCause.DAILY_MAXIMUM,
    EpisodeCause.DRY_RUN,
    EpisodeCause.DISABLED,
)
_ENDS: Final = (
    EpisodeCause.NEW_VERSION,
    EpisodeCause.RECOVERED,
    EpisodeCause.VERSION_ENDED,
    EpisodeCause.RECONFIGURED,
    EpisodeCause.ACCEPTED,
)

EPISODE_LIFECYCLE: Final = Lifecycle(
    {(EpisodeState.OPEN, cause): EpisodeState.OPEN for cause in _WITHHELD}
    | {
        (EpisodeState.OPEN, EpisodeCause.HURTS): EpisodeState.REQUESTED,
        (EpisodeState.OPEN, EpisodeCause.INPUT_DRIFT): EpisodeState.REQUESTED,
        (EpisodeState.REQUESTED, EpisodeCause.ACKNOWLEDGED): EpisodeState.ACKNOWLEDGED,
    }
    | {
        (state, cause): EpisodeState.ENDED
        for state in (EpisodeState.OPEN, EpisodeState.REQUESTED, EpisodeState.ACKNOWLEDGED)
        for cause in _ENDS
    }
)
