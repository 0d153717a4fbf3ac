"""Streams are read for a reference as they are read live."""

from __future__ import annotations

import pytest

from driftwatch.events.classes import Stream
from driftwatch.events.spec import FeaturesSpec, PredictionsSpec
from driftwatch.summaries.layout import FieldKind
from tests.references.records import subject

KINDS = {"age": FieldKind.NUMERIC, "kind": FieldKind.CATEGORICAL}


def test_features_and_slices_have_their_paths() -> None:
    found = subject(dimensions=(("country",), ("country", "f.kind"))).columns_of(Stream.PREDICTIONS, KINDS)
    assert found.reading.numeric == (("age", ("f", "age")),)
    assert found.reading.textual == (("kind", ("f", "kind")), ("slice country", ("country",)))
    assert found.categorical == 1
    assert found.slices == ((0, 1), (1, 0))


def test_the_label_may_stand_in_the_prediction_row() -> None:
    assert subject().columns_of(Stream.PREDICTIONS, {}).reading.label == ("y",)
    assert subject(labels=None).columns_of(Stream.PREDICTIONS, {}).reading.label is None
    assert not subject(labels=None).has_labels
    own = PredictionsSpec(topic="p", label="out.y")
    assert subject(labels=None, predictions=own).has_labels
    assert subject(predictions=own).columns_of(Stream.PREDICTIONS, {}).reading.label == ("out", "y")


@pytest.mark.parametrize(
    ("features", "column"),
    [("f", "f.country"), (["country"], "country"), ({"country": "deep.land"}, "country")],
)
def test_slices_declared_by_the_features_stream_are_read_there(features, column: str) -> None:
    of = subject(features=FeaturesSpec(topic="f", features=features), dimensions=((column,), ("channel",)))
    assert of.stream_of(column) is Stream.FEATURES
    assert of.stream_of("channel") is Stream.PREDICTIONS
    found = of.columns_of(Stream.FEATURES, {})
    assert [place for place, _ in found.slices] == [0]
    assert found.reading.textual[0][1] == (
        ("deep", "land") if isinstance(features, dict) else tuple(column.split("."))
    )


def test_a_stream_that_the_model_lacks() -> None:
    with pytest.raises(KeyError):
        subject().columns_of(Stream.FEATURES, {})
