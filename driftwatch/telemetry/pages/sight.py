"""What a page is made from: one model of one commit, and what became of what was sent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from driftwatch.alerts.alert import Alert, AlertState
from driftwatch.alerts.outbox import Delivery
from driftwatch.drift.reading import Reading
from driftwatch.events.classes import Stream
from driftwatch.monitor.snapshot import ModelView, VersionView
from driftwatch.telemetry.flow import BEFORE_TIME_MS
from driftwatch.telemetry.pages.words import severity
from driftwatch.verdicts.verdict import Verdict

Deliveries = Callable[[str | None], Sequence[Delivery]]
"""The newest outbox rows of a subject (an alert or an episode), or of all; the newest first."""
_LOUDNESS: Final = (Verdict.OK, Verdict.LEARNING, Verdict.INSUFFICIENT, Verdict.WARNING, Verdict.DRIFT)
_ALERTS: Final = ("warning", "drift")


@dataclass(frozen=True, slots=True)
class Sight:
    """A version of a model, a window and a slice: what somebody looks at."""

    model: ModelView
    version: VersionView
    window: str
    slice: str

    @property
    def row(self) -> int:
        """Place of the slice in the version's matrices."""
        return self.version.slices.index(self.slice) if self.slice in self.version.slices else 0

    def reading(self, stream: Stream) -> Reading | None:
        """The last reading of a stream in the window; None while there is none."""
        return self.version.readings.get((stream, self.window))

    @property
    def inputs(self) -> Reading | None:
        """The reading that holds features: of predictions, or of a stream of their own."""
        return self.reading(Stream.FEATURES) or self.reading(Stream.PREDICTIONS)

    @property
    def labels(self) -> Reading | None:
        """The reading that rests on labels."""
        return self.reading(Stream.LABELS)

    @property
    def alerts(self) -> tuple[Alert, ...]:
        """Those of the version, the firing ones first."""
        return tuple(alert for alert in self.model.alerts if alert.version == self.version.version)

    @property
    def now_ms(self) -> int:
        """Up to where event time has come."""
        return newest_ms(self.model)


def look(model: ModelView, version: str = "", window: str = "", slice_: str = "") -> Sight | None:
    """What is asked for, or the nearest to it: the worst version, its smallest window, all traffic. None: no version."""
    if not model.versions:
        return None
    chosen = model.versions.get(version) or worst_first(model)[0]
    windows = windows_of(chosen)
    name = window if window in windows else windows[0] if windows else ""
    return Sight(model, chosen, name, slice_ if slice_ in chosen.slices else "all")


def windows_of(version: VersionView) -> list[str]:
    """Windows that were read, the shortest first."""
    sizes = {name: r.end_ms - r.start_ms for (_, name), r in version.readings.items()}
    return sorted(sizes, key=lambda name: (sizes[name], name))


def worst_first(model: ModelView) -> list[VersionView]:
    """The live versions, the loudest first; of equally loud ones the one that had an event last."""
    return sorted(model.versions.values(), key=lambda v: (-loudness(v.verdict), -v.last_event_ms, v.version))


def loudness(verdict: Verdict) -> int:
    """How much a verdict asks to be looked at: what nobody knows comes before what is well."""
    return _LOUDNESS.index(verdict)


def firing(model: ModelView, version: str | None = None) -> list[Alert]:
    """Firing alerts, the loudest first, then the newest."""
    found = [
        alert
        for alert in model.alerts
        if alert.state is AlertState.FIRING and version in (None, alert.version)
    ]
    return sorted(found, key=lambda alert: (-_ALERTS.index(severity(alert)), -alert.since_ms))


def newest_ms(model: ModelView) -> int:
    """Event time of the newest thing that is known of a model."""
    frontiers = [time_ms for time_ms in model.frontiers_ms.values() if time_ms > BEFORE_TIME_MS]
    ends = [r.end_ms for v in model.versions.values() for r in v.readings.values()]
    events = [v.last_event_ms for v in model.versions.values() if v.last_event_ms > 0]
    known = [t for t in (*ends, *events) if t > 0] or [t for t in frontiers if t > 0]
    return max(known, default=0)
