"""Decisions with their numbers: what was said, of what, compared with what."""

from __future__ import annotations

from driftwatch.alerts.alert import AlertState
from driftwatch.alerts.decision_log import ENTRIES_MAX, FINDINGS_MAX, DecisionLog
from driftwatch.alerts.group import Alerts, advance
from driftwatch.alerts.messages import About
from tests.alerts.judging import MINUTE, finding, judgement

ABOUT = About("http://localhost", "c0ffee")


def test_each_transition_is_kept_with_findings_and_hashes() -> None:
    found = tuple(finding(value=float(i)) for i in range(9, 0, -1))
    step = advance(Alerts(), [judgement(MINUTE, firing=found)], ABOUT)
    log = DecisionLog().add(step.transitions, Alerts(), step.alerts, {"v1": "abc", "1": "abc"}, "c0ffee")
    assert [(d.old, d.new, d.reason) for d in log.entries] == [
        (AlertState.INACTIVE, AlertState.PENDING, "breached"),
        (AlertState.PENDING, AlertState.FIRING, "held"),
    ]
    last = log.entries[-1]
    assert (last.configuration, last.findings_total, len(last.findings)) == ("c0ffee", 9, FINDINGS_MAX)
    assert last.findings[0].value == 9.0
    assert last.rule == step.transitions[0].rule


def test_an_alert_that_is_gone_is_told_by_what_it_was() -> None:
    before = advance(Alerts(), [judgement(MINUTE, firing=(finding(),))], ABOUT).alerts
    (name,) = before.watched
    (t, *_) = advance(Alerts(), [judgement(MINUTE, firing=(finding(),))], ABOUT).transitions
    log = DecisionLog().add([t], before, Alerts(), {}, "")
    assert log.entries[0].kind == before.watched[name].alert.kind
    assert log.entries[0].reference == ""


def test_only_the_last_ones_are_kept() -> None:
    step = advance(Alerts(), [judgement(MINUTE, firing=(finding(),))], ABOUT)
    log = DecisionLog()
    for _ in range(ENTRIES_MAX):
        log = log.add(step.transitions, Alerts(), step.alerts, {}, "")
    assert len(log.entries) == ENTRIES_MAX
    assert log.add((), Alerts(), step.alerts, {}, "") is log
