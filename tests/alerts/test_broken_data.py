"""Which drift broken data explains, and which it does not (F29)."""

from __future__ import annotations

import pytest

from driftwatch.alerts.alert import Alert, AlertState
from driftwatch.alerts.broken_data import unexplained
from driftwatch.drift.statistic import Kind
from driftwatch.verdicts.verdict import Finding
from tests.alerts.judging import finding


def alert(kind: Kind, *findings: Finding, version: str = "1") -> Alert:
    return Alert("f", "m", version, "r", kind.value, "drift", AlertState.FIRING, 5, 5, findings=findings)


MISSING = finding("age", rule="missing_share", since_ms=5)
RANGE = finding("age", rule="out_of_range_share", since_ms=5)
DRIFT = alert(Kind.INPUT, finding("age", "country=PT"))
ERRORS = alert(Kind.PERFORMANCE, finding("", rule="accuracy_decay", since_ms=5))


@pytest.mark.parametrize(
    ("what", "by", "explained"),
    [
        (DRIFT, MISSING, True),
        (DRIFT, RANGE, True),
        (DRIFT, finding("age", "country=PT", rule="invalid_share"), True),
        (DRIFT, finding("age", "country=DE", rule="invalid_share"), False),
        (DRIFT, finding("income", rule="missing_share"), False),
        (alert(Kind.INPUT, finding("age"), finding("income")), MISSING, False),
        (alert(Kind.INPUT, finding("age"), version="2"), MISSING, False),
        (alert(Kind.SCORE, finding("score")), finding("score", rule="out_of_range_share"), True),
        (alert(Kind.SCORE, finding("decision")), finding("score", rule="out_of_range_share"), True),
        (alert(Kind.SCORE, finding("score")), finding("decision", rule="missing_share"), False),
        (alert(Kind.SCORE, finding("decision")), finding("score[cat]", rule="missing_share"), True),
        (alert(Kind.SCORE, finding("score[dog]")), finding("score[cat]", rule="missing_share"), False),
        (ERRORS, MISSING, True),
        (ERRORS, RANGE, False),
        (ERRORS, finding("age", rule="missing_share", since_ms=6), False),
        (ERRORS, finding("age", "country=PT", rule="missing_share"), False),
        (ERRORS, finding("", rule="missing_share"), False),
        (alert(Kind.CALIBRATION, finding("", "country=PT", since_ms=9)), MISSING, True),
        (alert(Kind.QUALITY, finding("age", rule="missing_share")), MISSING, False),
        (alert(Kind.INPUT), MISSING, False),
    ],
)
def test_what_broken_data_explains(what: Alert, by: Finding, explained: bool) -> None:
    assert unexplained([what], [alert(Kind.QUALITY, by)]) == (() if explained else (what,))


def test_without_broken_data_nothing_is_explained() -> None:
    assert unexplained([DRIFT, ERRORS], []) == (DRIFT, ERRORS)
