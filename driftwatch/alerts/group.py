"""Judgements become alerts: one per model version and rule, over all its windows, slices and fields."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final, NamedTuple

import msgspec

from driftwatch.alerts.alert import Alert, AlertState, Transition
from driftwatch.alerts.lifecycle import ALERT_LIFECYCLE, AlertCause
from driftwatch.alerts.messages import About, alert_notification, merge_findings
from driftwatch.alerts.notifications import Notification, NotificationType, fingerprint
from driftwatch.drift.statistic import Kind
from driftwatch.verdicts.verdict import Finding, Judgement

RESOLVED_MAX: Final = 50
"""Resolved alerts that are remembered per model, the last ones."""


class Said(msgspec.Struct, frozen=True):
    """What a rule said of one window when that window was last read."""

    end_ms: int
    firing: tuple[Finding, ...]
    pending: tuple[Finding, ...]
    clear: bool


class Watched(msgspec.Struct, frozen=True):
    """An alert and what each window last said of its rule."""

    alert: Alert
    windows: dict[str, Said]


class Alerts(msgspec.Struct, frozen=True):
    """All alerts that are pending, firing or lately resolved, by fingerprint; msgpack of this is the saved state."""

    watched: dict[str, Watched] = {}

    def of(self, model: str) -> tuple[Alert, ...]:
        """The alerts of a model: firing, then pending, then resolved; the last changed first."""
        found = [w.alert for w in self.watched.values() if w.alert.model == model]
        return tuple(sorted(found, key=lambda a: (_ORDER.index(a.state), -a.since_ms, a.fingerprint)))

    def firing(self, model: str) -> tuple[Alert, ...]:
        """The firing alerts of a model, the last changed first."""
        return tuple(alert for alert in self.of(model) if alert.state is AlertState.FIRING)

    def holding(self, model: str, kind: Kind) -> tuple[Alert, ...]:
        """The pending and firing alerts of a model that are of one kind."""
        alive = (AlertState.PENDING, AlertState.FIRING)
        return tuple(alert for alert in self.of(model) if alert.state in alive and alert.kind == kind.value)


class Step(NamedTuple):
    """The alerts after a step, and what is to be told of it."""

    alerts: Alerts
    transitions: tuple[Transition, ...]
    notifications: tuple[Notification, ...]


_ORDER: Final = (AlertState.FIRING, AlertState.PENDING, AlertState.RESOLVED, AlertState.INACTIVE)
_TOLD: Final = {
    AlertState.FIRING: NotificationType.ALERT_FIRING,
    AlertState.RESOLVED: NotificationType.ALERT_RESOLVED,
}


def advance(alerts: Alerts, judgements: Iterable[Judgement], about: About) -> Step:
    """One evaluation step: all judgements whose windows end at the same event time.

    An alert fires once any member of any window fires, and is resolved when the last judgements of all its
    windows are clear. Members that come and go change its findings and tell nobody (F38, F39).
    """
    grouped: dict[str, list[Judgement]] = {}
    for judgement in judgements:
        name = fingerprint(judgement.model, judgement.version, judgement.rule)
        grouped.setdefault(name, []).append(judgement)
    change = _Change(dict(alerts.watched), about)
    for name, group in grouped.items():
        change.judge(name, group)
    return change.finish()


def end(alerts: Alerts, model: str, version: str, cause: AlertCause, time_ms: int, about: About) -> Step:
    """End all alerts of a model version: `version_ended`, `reconfigured` (E9) or `accepted`."""
    change = _Change(dict(alerts.watched), about)
    for name, watched in alerts.watched.items():
        if (watched.alert.model, watched.alert.version) == (model, version):
            change.end(name, cause, time_ms)
    return change.finish()


def reconfigure(
    alerts: Alerts, model: str, rules: Mapping[str, Collection[str]], time_ms: int, about: About
) -> Step:
    """After a reload: end the alerts of rules that are gone, and forget windows that a rule no longer looks at.

    `rules`: windows by rule, as they are declared now. An alert whose last loud window is gone ends too.
    """
    change = _Change(dict(alerts.watched), about)
    for name, watched in alerts.watched.items():
        if watched.alert.model != model:
            continue
        windows = rules.get(watched.alert.rule, ())
        kept = {window: said for window, said in watched.windows.items() if window in windows}
        change.watched[name] = Watched(watched.alert, kept)
        if all(said.clear for said in kept.values()):
            change.end(name, AlertCause.RECONFIGURED, time_ms)
    return change.finish()


class _Change:
    """One step under way: a copy of the alerts, and what was decided so far."""

    def __init__(self, watched: dict[str, Watched], about: About) -> None:
        self.watched = watched
        self._about = about
        self._transitions: list[Transition] = []
        self._notifications: list[Notification] = []

    def judge(self, name: str, group: Sequence[Judgement]) -> None:
        old = self.watched.get(name)
        if old is None and all(judgement.clear for judgement in group):
            return
        windows = dict(old.windows) if old else {}
        for judgement in group:
            windows[judgement.window] = _said(judgement)
        alert = old.alert if old else _inactive(name, group[0])
        alert = msgspec.structs.replace(
            alert, severity=group[0].severity.value, kind=group[0].kind.value, retrain=group[0].retrain
        )
        time_ms = max(judgement.end_ms for judgement in group)
        self._move(alert, windows, time_ms)

    def _move(self, alert: Alert, windows: dict[str, Said], time_ms: int) -> None:
        """Whatever the windows say together, as causes of the lifecycle."""
        clear = all(said.clear for said in windows.values())
        fires = any(said.firing for said in windows.values())
        if not clear and alert.state in (AlertState.INACTIVE, AlertState.RESOLVED):
            alert = self._apply(alert, AlertCause.BREACHED, time_ms)
        alert = msgspec.structs.replace(alert, findings=_findings(windows) or alert.findings)
        if fires and alert.state is AlertState.PENDING:
            alert = self._apply(alert, AlertCause.HELD, time_ms)
        elif clear and alert.state is AlertState.PENDING:
            alert = self._apply(alert, AlertCause.CALMED, time_ms)
        elif clear and alert.state is AlertState.FIRING:
            alert = self._apply(alert, AlertCause.RECOVERED, time_ms)
        self._keep(alert, windows)

    def end(self, name: str, cause: AlertCause, time_ms: int) -> None:
        watched = self.watched[name]
        if watched.alert.state in (AlertState.PENDING, AlertState.FIRING):
            self._keep(self._apply(watched.alert, cause, time_ms), {})

    def finish(self) -> Step:
        self._forget()
        return Step(Alerts(self.watched), tuple(self._transitions), tuple(self._notifications))

    def _apply(self, alert: Alert, cause: AlertCause, time_ms: int) -> Alert:
        state = ALERT_LIFECYCLE.after(alert.state, cause)
        time_ms = max(time_ms, alert.since_ms)
        moved = msgspec.structs.replace(
            alert,
            state=state,
            since_ms=time_ms,
            started_ms=time_ms if cause is AlertCause.BREACHED else alert.started_ms,
            ended=cause.value if state is AlertState.RESOLVED else "",
        )
        self._transitions.append(
            Transition(
                alert.fingerprint,
                alert.model,
                alert.version,
                alert.rule,
                alert.state,
                state,
                cause.value,
                time_ms,
            )
        )
        if state in _TOLD:
            self._notifications.append(alert_notification(moved, _TOLD[state], time_ms, self._about))
        return moved

    def _keep(self, alert: Alert, windows: dict[str, Said]) -> None:
        if alert.state is AlertState.INACTIVE:
            self.watched.pop(alert.fingerprint, None)
        else:
            self.watched[alert.fingerprint] = Watched(alert, windows)

    def _forget(self) -> None:
        """Only the last `RESOLVED_MAX` resolved alerts of a model stay."""
        resolved: dict[str, list[Alert]] = {}
        for watched in self.watched.values():
            if watched.alert.state is AlertState.RESOLVED:
                resolved.setdefault(watched.alert.model, []).append(watched.alert)
        for old in resolved.values():
            old.sort(key=lambda alert: (-alert.since_ms, alert.fingerprint))
            for alert in old[RESOLVED_MAX:]:
                self._keep(self._apply(alert, AlertCause.FORGOTTEN, alert.since_ms), {})


def _inactive(name: str, judgement: Judgement) -> Alert:
    return Alert(
        fingerprint=name,
        model=judgement.model,
        version=judgement.version,
        rule=judgement.rule,
        kind=judgement.kind.value,
        severity=judgement.severity.value,
        state=AlertState.INACTIVE,
        since_ms=judgement.end_ms,
        started_ms=judgement.end_ms,
    )


def _said(judgement: Judgement) -> Said:
    return Said(judgement.end_ms, judgement.firing, judgement.pending, judgement.clear)


def _findings(windows: Mapping[str, Said]) -> tuple[Finding, ...]:
    """What fires, over all windows; where nothing fires any more or yet, what is pending."""
    said = [windows[window] for window in sorted(windows)]
    return merge_findings(s.firing for s in said) or merge_findings(s.pending for s in said)
