"""Accepting a lasting new state: what fires now becomes the reference, and nothing of it is told again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from driftwatch.alerts.alert import Alert, AlertState
from driftwatch.events.classes import Stream
from driftwatch.monitor.model import ModelMonitor
from driftwatch.monitor.version import Version
from driftwatch.references.accepted import Stretch, accepted
from driftwatch.references.reference import Reference
from driftwatch.summaries.totals import events_of

EVENTS_MIN: Final = 100
"""Fewer events (labels) since the change make no reference; as many as establish a version (E11)."""
_ON_LABELS: Final = ("performance", "calibration")


class Refusal(StrEnum):
    """Why a new state is not accepted."""

    UNKNOWN = "unknown"
    """There is no such model, or no such live version."""
    NOTHING = "nothing"
    """No alert fires: there is nothing to accept."""
    TOO_FEW = "too_few"
    """Too few events have been counted since the change."""


@dataclass(frozen=True, slots=True)
class Accept:
    """Somebody accepts what a version's alerts tell of."""

    model: str
    version: str
    by: str
    from_ms: int | None = None
    """When the new state began; None: when the last of the changes that are told began."""

    @property
    def row(self) -> dict[str, Any]:
        """As it stands in the journal."""
        return {"model": self.model, "version": self.version, "by": self.by, "from_ms": self.from_ms}


def accept(model: ModelMonitor, asked: Accept) -> Reference | Refusal:
    """Put the new reference into force for one version; the caller journals it and stores the reference.

    The streams on which firing alerts rest are replaced by the closed panes that the windows still hold since the change.
    What lies before leaves the windows, evidence starts anew, and the alerts of the version end `accepted`.
    """
    version = model.versions.live.get(asked.version)
    if version is None:
        return Refusal.UNKNOWN
    alerts = [
        a for a in model.decisions.alerts() if a.version == version.name and a.state is AlertState.FIRING
    ]
    if not alerts:
        return Refusal.NOTHING
    stretches = {s: _stretch(version, s, asked.from_ms, began) for s, began in _changes(version, alerts)}
    if any(
        not stretch.panes or _events(version, s, stretch) < EVENTS_MIN for s, stretch in stretches.items()
    ):
        return Refusal.TOO_FEW
    old = version.reference
    inputs = stretches.get(Stream.PREDICTIONS)
    events = old.events if inputs is None else _events(version, Stream.PREDICTIONS, inputs)
    reference = accepted(old, stretches, events, model.decisions.state.time_ms)
    for stream, stretch in stretches.items():
        version.series[stream].forget(min(stretch.panes))
    model.take_over(version.name, reference)
    model.decisions.accept(version.name, old.hash, reference.hash, asked.by)
    return reference


def _changes(version: Version, alerts: Iterable[Alert]) -> Iterator[tuple[Stream, int]]:
    """The streams of the layout that firing alerts rest on, and when the last change in each began."""
    began: dict[Stream, int] = {}
    for alert in alerts:
        for finding in alert.findings:
            stream = _stream(version, alert.kind, finding.field)
            began[stream] = max(began.get(stream, finding.since_ms), finding.since_ms)
    yield from sorted(began.items())


def _stream(version: Version, kind: str, field: str) -> Stream:
    parts = version.layout.parts
    if kind not in _ON_LABELS:
        for part in parts:
            if any(known.name == field for known in part.fields):
                return part.stream
    labelled = version.layout.part(Stream.LABELS) is not None
    told_by_labels = kind in _ON_LABELS or field in ("label_delay", "labels")
    return Stream.LABELS if labelled and told_by_labels else Stream.PREDICTIONS


def _stretch(version: Version, stream: Stream, from_ms: int | None, began_ms: int) -> Stretch:
    return Stretch(*version.series[stream].closed_panes(began_ms if from_ms is None else from_ms))


def _events(version: Version, stream: Stream, stretch: Stretch) -> int:
    part = version.layout.part(stream)
    assert part is not None
    return int(events_of(part, stretch.total)[0])
