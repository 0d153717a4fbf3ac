"""Budgets as people write them."""

from __future__ import annotations

import pytest

from driftwatch.evidence.budget import Budget, Rate
from driftwatch.evidence.groups import Family

WEEK_MS = 7 * 86_400_000


@pytest.mark.parametrize(
    ("text", "alerts", "period_ms"),
    [
        ("1 per week", 1, WEEK_MS),
        ("2 per day", 2, 86_400_000),
        ("1 a month", 1, 30 * 86_400_000),
        ("3 per 2 weeks", 3, 2 * WEEK_MS),
        (" 1 Per YEAR ", 1, 365 * 86_400_000),
        ("4 per hours", 4, 3_600_000),
    ],
)
def test_a_rate_is_read(text: str, alerts: int, period_ms: int) -> None:
    assert Rate.parse(text) == Rate(alerts, period_ms)


@pytest.mark.parametrize(
    "text", ["", "weekly", "1", "one per week", "1 per fortnight", "0 per week", "-1 per day"]
)
def test_what_is_no_budget_says_what_to_write(text: str) -> None:
    with pytest.raises(ValueError, match="write NUMBER per"):
        Rate.parse(text)


def test_panes_per_false_alert() -> None:
    assert Rate.parse("1 per week").panes(300_000) == 2016
    assert Rate.parse("2 per week").panes(300_000) == 1008
    assert Rate.parse("1 per week").panes(300_000, sharers=3) == 6048


def test_one_line_sets_both_families() -> None:
    budget = Budget.parse("1 per week")
    assert budget.of(Family.PAGE) == budget.of(Family.TICKET) == Rate(1, WEEK_MS)
