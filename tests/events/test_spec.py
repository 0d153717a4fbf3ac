"""How streams are declared: defaults, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from driftwatch.events.spec import (
    DAY_MS,
    MINUTE_MS,
    FeaturesSpec,
    LabelsSpec,
    PredictionsSpec,
    TimeField,
    TimeUnit,
)


def test_a_topic_is_enough_for_predictions() -> None:
    spec = PredictionsSpec(topic="p")
    assert (spec.lateness, spec.max_record_bytes, spec.threshold) == (MINUTE_MS, 1_000_000, 0.5)
    assert (spec.id, spec.time, spec.version, spec.features, spec.label) == (None,) * 5


def test_labels_wait_a_month_and_are_all_joined_by_default() -> None:
    spec = LabelsSpec(topic="l", label="y")
    assert (spec.max_delay, spec.max_outstanding, spec.sample) == (30 * DAY_MS, 10_000_000, 1.0)
    assert spec.lateness is None, "resolved where both streams are known (E5)"


def test_a_time_is_a_path_or_a_path_with_its_unit() -> None:
    given: dict[str, Any] = {"topic": "p", "time": {"path": "ts", "unit": "us"}}
    assert PredictionsSpec.model_validate(given).time == TimeField(path="ts", unit=TimeUnit.MICROSECONDS)
    assert PredictionsSpec.model_validate({"topic": "p", "time": "at"}).time == "at"


@pytest.mark.parametrize(
    "wrong",
    [
        {"topic": ""},
        {"id": ""},
        {"id": "a..b"},
        {"id": ".a"},
        {"id": "a."},
        {"lateness": 60},
        {"lateness": "1 minute"},
        {"time": {"path": "ts", "unit": "hours"}},
        {"max_record_bytes": 10},
        {"where": {"a..b": 1}},
        {"latenes": "1m"},
        {"threshold": float("nan")},
    ],
)
def test_what_is_wrong_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        PredictionsSpec.model_validate({"topic": "p"} | wrong)


@pytest.mark.parametrize("wrong", [{"sample": 0}, {"sample": 1.1}, {"max_outstanding": 10}, {"label": None}])
def test_labels_have_bounds(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        LabelsSpec.model_validate({"topic": "l", "label": "y"} | wrong)


def test_features_must_say_where_they_are() -> None:
    with pytest.raises(ValidationError):
        FeaturesSpec.model_validate({"topic": "f"})
