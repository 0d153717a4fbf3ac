"""Drift that broken data explains: it must not ask for a retraining, for a model learns nothing good from it (F29)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from driftwatch.alerts.alert import Alert
from driftwatch.drift.statistic import Kind
from driftwatch.summaries.layout import DECISION, is_output
from driftwatch.verdicts.verdict import Finding

UNREADABLE: Final = frozenset({"missing_share", "invalid_share"})
"""Statistics of values that no model could use. Others, such as values out of range, are also what real drift looks like."""
_EVERYWHERE: Final = "all"


def unexplained(alerts: Iterable[Alert], quality: Iterable[Alert]) -> tuple[Alert, ...]:
    """The alerts of which some finding is not explained by these alerts on data quality, pending or firing.

    Drift of a field is explained by any finding of data quality on the same field, in the same slice or in all events.
    What rests on labels is explained where a field of the same slice, or of all events, cannot be read since then or
    before. Alerts on data quality are what they are: where their rules say `retrain: true` they ask.
    """
    by_version: dict[str, list[Finding]] = {}
    for alert in quality:
        by_version.setdefault(alert.version, []).extend(alert.findings)
    return tuple(alert for alert in alerts if not _explained(alert, by_version.get(alert.version, [])))


def _explained(alert: Alert, quality: list[Finding]) -> bool:
    kind = Kind(alert.kind)
    if kind is Kind.QUALITY or not alert.findings:
        return False
    explains = _hurts if kind.rests_on_labels else _moves
    return all(any(explains(broken, finding) for broken in quality) for finding in alert.findings)


def _moves(broken: Finding, finding: Finding) -> bool:
    """Whether broken data moves the distribution of a field; a broken score moves the decisions."""
    moved = {broken.field, DECISION} if is_output(broken.field) else {broken.field}
    return finding.field in moved and _holds_in(broken, finding)


def _hurts(broken: Finding, finding: Finding) -> bool:
    """Whether broken data makes predictions worse."""
    unreadable = broken.field != "" and broken.statistic in UNREADABLE
    return unreadable and broken.since_ms <= finding.since_ms and _holds_in(broken, finding)


def _holds_in(broken: Finding, finding: Finding) -> bool:
    return broken.slice in (finding.slice, _EVERYWHERE)
