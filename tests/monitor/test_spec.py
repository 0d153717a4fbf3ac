"""One watched model as it is declared."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from driftwatch.events.classes import Stream
from driftwatch.events.spec import DAY_MS, MINUTE_MS
from driftwatch.monitor.spec import ModelSpec
from driftwatch.references.spec import ReferenceSpec
from tests.monitor.drive import spec

FEATURES = {"topic": "f", "id": "id", "features": ["x"], "lateness": "7m"}


def test_labels_are_late_as_predictions_are_until_their_time_is_mapped_e5() -> None:
    of = spec(labels={"lateness": None, "time": None})
    assert of.lateness_ms(Stream.LABELS) == of.lateness_ms(Stream.PREDICTIONS) == 2 * MINUTE_MS
    assert spec(labels={"lateness": None}).lateness_ms(Stream.LABELS) == DAY_MS
    assert spec(labels={"lateness": "3m"}).lateness_ms(Stream.LABELS) == 3 * MINUTE_MS
    assert spec(features=FEATURES).lateness_ms(Stream.FEATURES) == 7 * MINUTE_MS


def test_a_reference_is_a_file_a_learning_time_or_a_list_of_them() -> None:
    assert spec(reference="a.ref").references == (ReferenceSpec(path="a.ref"),)
    assert spec(reference={"learn": "7d"}).references == (ReferenceSpec.model_validate({"learn": "7d"}),)
    many = spec(reference=[{"version": "1.*", "path": "a"}, {"learn": "1d"}]).references
    assert [(r.version, r.path, r.learn) for r in many] == [("1.*", "a", None), ("*", None, DAY_MS)]


def test_slicings_are_columns_and_crossings() -> None:
    of = spec(slices=["country", ["country", "channel"]])
    assert of.dimensions == (("country",), ("country", "channel"))
    assert of.slice_columns == ("country", "channel")


def test_the_origin_is_a_moment() -> None:
    assert spec(origin="2024-01-01").origin_ms == 1_704_067_200_000
    with pytest.raises(ValueError, match="write one such as"):
        _ = spec(origin="soon").origin_ms


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "a b"},
        {"name": ""},
        {"task": "ranking"},
        {"windows": []},
        {"reference": {"learn": "7d", "path": "a"}},
        {"reference": {}},
        {"join_within": 60},
        {"windowss": []},
        {"features": FEATURES, "reference": {"learn": "7d"}},
    ],
)
def test_what_is_wrong_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        spec(**wrong)


def test_a_model_needs_a_name_a_task_a_reference_predictions_and_windows() -> None:
    with pytest.raises(ValidationError) as caught:
        ModelSpec.model_validate({})
    missing = {error["loc"][0] for error in caught.value.errors()}
    assert missing == {"name", "task", "reference", "predictions", "windows"}
