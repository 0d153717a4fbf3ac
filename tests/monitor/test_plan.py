"""What a model's configuration and references make of its streams."""

from __future__ import annotations

import random
from typing import Any

import pytest

from driftwatch.alerts.messages import About
from driftwatch.errors import ReferenceFileError
from driftwatch.events.classes import Stream
from driftwatch.events.spec import DAY_MS
from driftwatch.monitor.plan import GENERATIONS, Choice, ModelPlan, subject_of
from driftwatch.monitor.spec import ModelSpec
from tests.monitor.drive import built, spec
from tests.monitor.world import MINUTE, REFERENCE, START

FEATURES = {"topic": "f", "id": "id", "features": ["x", "kind"]}


def planned(of: ModelSpec | None = None, *choices: Choice) -> ModelPlan:
    return ModelPlan(of or spec(), choices or (Choice("*", REFERENCE),), About("http://here"), MINUTE, DAY_MS)


def test_a_generation_is_a_sixteenth_of_the_delay_but_never_narrower_than_what_joins_or_is_late() -> None:
    assert planned(spec(labels={"max_delay": "32d"})).generation_ms == 32 * DAY_MS // GENERATIONS
    assert planned(spec(labels={"max_delay": "1m"})).generation_ms == 2 * MINUTE, "the predictions' lateness"
    assert planned(spec(labels={"max_delay": "1m"}, join_within="7m")).generation_ms == 7 * MINUTE
    without = planned(spec(labels=None))
    assert (without.max_delay_ms, without.generation_ms) == (DAY_MS, DAY_MS // GENERATIONS)


@pytest.mark.parametrize(
    ("changed", "predictions", "features"),
    [
        ({}, False, False),
        ({"features": FEATURES | {"version": "v"}, "slices": []}, False, False),
        ({"features": FEATURES, "slices": []}, False, True),
        ({"features": FEATURES | {"version": "v"}, "slices": ["country"]}, False, True),
        ({"features": FEATURES | {"version": "v"}, "slices": ["kind"]}, True, False),
        ({"features": FEATURES | {"version": "v"}, "slices": [["kind", "country"]]}, True, True),
        ({"features": FEATURES | {"features": "in"}, "slices": ["in.kind"]}, True, True),
    ],
)
def test_a_stream_waits_for_what_only_another_one_carries(
    changed: dict[str, Any], predictions: bool, features: bool
) -> None:
    plan = planned(spec(**{"predictions": {"features": None}} | changed if changed else {}), Choice("*"))
    assert (plan.predictions_wait, plan.features_wait) == (predictions, features)


def test_slice_columns_are_found_among_the_texts() -> None:
    plan = planned(spec(slices=["kind", "country", ["country", "kind"]]))
    stream = plan.streams[Stream.PREDICTIONS]
    names = [name for name, _ in stream.reading.textual]
    assert names == ["kind", "slice country"], "a feature that slices too is read once"
    assert stream.columns == ((0, 0), (1, 1))
    assert (stream.topic, stream.lateness_ms) == ("p", 2 * MINUTE)
    assert Stream.FEATURES not in plan.streams


def test_the_first_matching_pattern_chooses_and_a_learned_reference_goes_before_all() -> None:
    one, two = Choice("1.*", REFERENCE), Choice("*", learn_ms=5)
    plan = planned(None, one, two)
    assert plan.choice("1.7") is one
    assert plan.choice("2") is two
    assert plan.learns
    assert planned(None, one).choice("2") is None
    assert not planned(None, one).learns
    learned = plan.with_reference("[2]*", REFERENCE)
    assert learned.choice("[2]*") == Choice("[[]2][*]", REFERENCE)
    assert learned.choice("2x") is two, "it was learned for exactly this version"


def test_labels_come_from_their_stream_or_else_from_the_predictions() -> None:
    own = planned(spec(labels=None, predictions={"label": "y"}))
    assert own.own_labels
    assert own.streams[Stream.PREDICTIONS].reading.label == ("y",)
    assert not planned().own_labels
    assert planned().streams[Stream.PREDICTIONS].reading.label is None, "only references look for it there"
    assert not planned(spec(labels=None)).own_labels


def test_references_must_agree_on_what_is_numeric() -> None:
    rng = random.Random(1)
    past = [
        {
            "id": k,
            "ts": START + k,
            "v": "1",
            "score": rng.random(),
            "x": f"c{k % 3}",
            "kind": "a",
            "country": "PT",
            "y": k % 2,
        }
        for k in range(300)
    ]
    other = built(spec(), {Stream.PREDICTIONS: past})
    with pytest.raises(ReferenceFileError, match="disagree whether 'x' is numeric or categorical"):
        _ = planned(None, Choice("1", REFERENCE), Choice("2", other)).streams


def test_the_subject_of_a_reference_is_the_models_configuration() -> None:
    of = spec(windows=[{"size": "1h", "slide": "10m"}, {"size": "1d", "slide": "1h"}], slices=["country"])
    subject = subject_of(of)
    assert (subject.pane_ms, subject.join_within_ms, subject.origin_ms) == (10 * MINUTE, MINUTE, 0)
    assert (subject.model, subject.task, subject.dimensions) == ("m", of.task, (("country",),))


def test_windows_have_the_names_people_know() -> None:
    of = spec(windows=[{"size": "1h", "slide": "10m"}, {"size": "1d", "slide": "1h", "name": "day"}])
    assert [(w.name, w.size_ms, w.slide_ms) for w in planned(of).windows] == [
        ("1h", 60 * MINUTE, 10 * MINUTE),
        ("day", DAY_MS, 60 * MINUTE),
    ]
