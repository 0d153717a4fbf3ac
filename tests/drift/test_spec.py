from __future__ import annotations

import pytest
from pydantic import ValidationError

from driftwatch.drift.spec import StatisticsSpec


def test_defaults_and_limits() -> None:
    assert StatisticsSpec().min_events == 100
    assert StatisticsSpec().confidence == 0.95
    for wrong in ({"confidence": 1.0}, {"confidence": 95}, {"min_events": 0}, {"min_event": 5}):
        with pytest.raises(ValidationError):
            StatisticsSpec.model_validate(wrong)
