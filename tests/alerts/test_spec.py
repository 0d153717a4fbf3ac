"""How alerting and retraining are declared."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from driftwatch.alerts.spec import AlertingSpec, RetrainingSpec
from driftwatch.evidence.budget import Budget, Rate


def test_durations_are_written_as_people_do_and_held_as_milliseconds() -> None:
    assert RetrainingSpec.model_validate({"cool_down": "12h"}).cool_down == 12 * 3_600_000
    assert RetrainingSpec().cool_down == 24 * 3_600_000


@pytest.mark.parametrize("wrong", [{"max_per_day": 0}, {"cooldown": "1d"}, {"cool_down": 5}])
def test_mistakes_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        RetrainingSpec.model_validate(wrong)


def test_a_new_installation_asks_only_when_it_hurts() -> None:
    assert not RetrainingSpec().on_input_drift
    assert AlertingSpec().budget is None


def test_the_budget_switches_evidence_on() -> None:
    usual = Budget.parse("1 per week")
    assert AlertingSpec().budget_of(rules=False) == usual
    assert AlertingSpec().budget_of(rules=True) is None, "who has rules is not told more unasked"
    assert AlertingSpec(budget="2 per day").budget_of(rules=True) == Budget.parse("2 per day")
    two = AlertingSpec.model_validate({"budget": {"page": "1 per month"}}).budget_of(rules=True)
    assert two == Budget(Rate.parse("1 per month"), Rate.parse("1 per week"))


@pytest.mark.parametrize("wrong", ["often", {"page": "never"}, {"pages": "1 per week"}, 7])
def test_a_budget_that_is_none_is_refused(wrong: object) -> None:
    with pytest.raises(ValidationError):
        AlertingSpec.model_validate({"budget": wrong})
