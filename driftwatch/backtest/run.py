"""The backtest: history as it was, then once with each change put into its second half, all through the daemon's own core."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from driftwatch.alerts.notifications import Notification, NotificationType
from driftwatch.app import model_plans
from driftwatch.backtest.injection import Injection, Injector, usual
from driftwatch.config.load import Loaded
from driftwatch.errors import ConfigurationError
from driftwatch.events.records import RecordBatch
from driftwatch.monitor.plan import ModelPlan
from driftwatch.replay import Replay, event_times
from driftwatch.source.ordered import Times


@dataclass(frozen=True, slots=True)
class Told:
    """One alert of a run."""

    time_ms: int
    severity: str
    rule: str
    field: str
    slice: str
    """Of its first finding."""
    what: str
    """Its first finding in words."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One run: what was told before and after the change."""

    name: str
    start_ms: int
    end_ms: int
    at_ms: int
    """The moment of the change; the middle of the history where nothing was changed."""
    alerts: tuple[Told, ...]

    @property
    def before(self) -> int:
        """Alerts before the change: false ones, if history was calm."""
        return sum(told.time_ms <= self.at_ms for told in self.alerts)

    @property
    def first(self) -> Told | None:
        """The first alert after the change."""
        return next((told for told in self.alerts if told.time_ms > self.at_ms), None)

    @property
    def delay_ms(self) -> int | None:
        """From the change to that alert."""
        return None if self.first is None else self.first.time_ms - self.at_ms


@dataclass(frozen=True, slots=True)
class Backtest:
    """A configuration and its history, to be run as often as there are changes to try."""

    loaded: Loaded
    given: Mapping[str, str]
    from_ms: int | None = None
    to_ms: int | None = None

    def plan(self, model: str | None) -> ModelPlan:
        """The model that changes are put into; raises ConfigurationError where there is no such one."""
        plans = model_plans(self.loaded)
        found = next((plan for plan in plans if model in (None, plan.name)), None)
        if found is None:
            names = ", ".join(plan.name for plan in plans)
            raise ConfigurationError(f"there is no model {model!r}; the configuration has {names}")
        return found

    def run(self, injections: Sequence[Injection], model: str | None = None) -> Iterator[Outcome]:
        """The history as it was, then each change (default: the usual ones); raises ConfigurationError for an impossible one."""
        plan = self.plan(model)
        chosen = list(injections) or usual(plan)
        try:
            injectors = [Injector(plan, injection) for injection in chosen]
        except ValueError as error:
            raise ConfigurationError(str(error)) from None
        calm = self._one("as it was", plan, None, None)
        yield calm
        for injection, injector in zip(chosen, injectors, strict=True):
            yield self._one(str(injection), plan, injector, calm.at_ms)

    def _one(self, name: str, plan: ModelPlan, injector: Injector | None, at_ms: int | None) -> Outcome:
        change = None if injector is None or at_ms is None else _From(injector, event_times([plan]), at_ms)
        replay = Replay(self.loaded, self.given, self.from_ms, self.to_ms, change=change)
        alerts: list[Told] = []
        ends: list[int] = []
        for step in replay.steps():
            alerts += (told(n) for n in step.notifications if n.type is NotificationType.ALERT_FIRING)
            ends += (reading.end_ms for reading, _ in step.readings)
        start_ms, end_ms = min(ends, default=0), max(ends, default=0)
        middle_ms = start_ms + (end_ms - start_ms) // 2
        mine = tuple(sorted(alerts, key=lambda each: each.time_ms))
        return Outcome(name, start_ms, end_ms, middle_ms if at_ms is None else at_ms, mine)


@dataclass(frozen=True, slots=True)
class _From:
    """Changes the records whose event time is not before a moment."""

    injector: Injector
    times: Times
    at_ms: int

    def __call__(self, batch: RecordBatch) -> RecordBatch:
        if batch.partition.topic not in self.injector.topics:
            return batch
        late = self.times(batch) >= self.at_ms
        if not np.any(late):
            return batch
        offsets: list[int] = batch.offsets[late].tolist()
        return self.injector.change(batch, dict.fromkeys(offsets, True))


def told(notification: Notification) -> Told:
    """A firing alert by its first finding."""
    alert, findings = notification.data["alert"], notification.data["findings"]
    first: dict[str, Any] = findings[0] if findings else {}
    cells: list[str] = first.get("cells") or [_against_limit(first)]
    return Told(
        time_ms=notification.time_ms,
        severity=notification.severity,
        rule=alert["rule"],
        field=first.get("field", ""),
        slice=first.get("slice", ""),
        what=cells[0],
    )


def _against_limit(finding: dict[str, Any]) -> str:
    """What a rule saw, where no cell says more."""
    if not finding or finding.get("value") is None:
        return ""
    return f"{finding['statistic']} {finding['value']:.3g}, limit {finding['limit']:.3g}"
