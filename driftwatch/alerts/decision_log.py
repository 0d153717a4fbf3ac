"""Every change of an alert with its numbers and what it was judged with: kept with a limit, for audits and reviews."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from driftwatch.alerts.alert import Transition
from driftwatch.alerts.group import Alerts
from driftwatch.verdicts.verdict import Finding

ENTRIES_MAX: Final = 500
"""Decisions that are remembered per model, the last ones."""
FINDINGS_MAX: Final = 5
"""Findings that are kept of each, the loudest."""


class Decided(msgspec.Struct, frozen=True):
    """One change of an alert's state, or of a version's reference (rule `reference`)."""

    time_ms: int
    """Event time."""
    model: str
    version: str
    rule: str
    kind: str
    severity: str
    old: str
    """State of the alert; of a reference its hash."""
    new: str
    reason: str
    configuration: str
    """Hash of the configuration in force."""
    reference: str
    """Hash of the reference compared with; empty where the version has gone."""
    findings: tuple[Finding, ...]
    findings_total: int


class DecisionLog(msgspec.Struct, frozen=True):
    """The last decisions of a model, the oldest first."""

    entries: tuple[Decided, ...] = ()

    def note(self, decided: Decided) -> DecisionLog:
        """With something decided that is no change of an alert."""
        return DecisionLog((*self.entries, decided)[-ENTRIES_MAX:])

    def add(
        self,
        transitions: Iterable[Transition],
        before: Alerts,
        after: Alerts,
        references: Mapping[str, str],
        configuration: str,
    ) -> DecisionLog:
        """With these transitions, which led from `before` to `after`; `references`: hash by version."""
        new = [_decided(t, before, after, references, configuration) for t in transitions]
        return DecisionLog((*self.entries, *new)[-ENTRIES_MAX:]) if new else self


def _decided(
    t: Transition, before: Alerts, after: Alerts, references: Mapping[str, str], configuration: str
) -> Decided:
    watched = after.watched.get(t.fingerprint) or before.watched.get(t.fingerprint)
    alert = watched.alert if watched else None
    findings = alert.findings if alert else ()
    return Decided(
        time_ms=t.time_ms,
        model=t.model,
        version=t.version,
        rule=t.rule,
        kind=alert.kind if alert else "",
        severity=alert.severity if alert else "",
        old=t.old,
        new=t.new,
        reason=t.reason,
        configuration=configuration,
        reference=references.get(t.version, ""),
        findings=findings[:FINDINGS_MAX],
        findings_total=len(findings),
    )
