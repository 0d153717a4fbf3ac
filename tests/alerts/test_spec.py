"""How alerting and retraining are declared."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from driftwatch.alerts.spec import AlertingSpec, RetrainingSpec


def test_durations_are_written_as_people_do_and_held_as_milliseconds() -> None:
    assert RetrainingSpec.model_validate({"cool_down": "12h"}).cool_down == 12 * 3_600_000
    assert RetrainingSpec().cool_down == 24 * 3_600_000


@pytest.mark.parametrize("wrong", [{"max_per_day": 0}, {"cooldown": "1d"}, {"cool_down": 5}])
def test_mistakes_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        RetrainingSpec.model_validate(wrong)


def test_a_new_installation_asks_only_when_it_hurts() -> None:
    assert not RetrainingSpec().on_input_drift
    assert AlertingSpec().budget == "1 per week"
