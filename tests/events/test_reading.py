"""A stream's configuration becomes a plan of paths."""

from __future__ import annotations

from driftwatch.events.classes import Stream
from driftwatch.events.reading import LabelKind, reading_of
from driftwatch.events.spec import FeaturesSpec, TimeUnit
from tests.events.loans import labels, predictions


def test_everything_that_is_configured_is_read() -> None:
    reading = predictions(decision="said", label="outcome.y")
    assert (reading.id, reading.time, reading.version) == (("id",), ("ts",), ("model", "version"))
    assert (reading.score, reading.decision, reading.label) == (
        ("output", "score"),
        ("said",),
        ("outcome", "y"),
    )
    assert (reading.time_unit, reading.limit_bytes) == (TimeUnit.MILLISECONDS, 1_000)
    assert not reading.label_required


def test_heads_come_in_the_order_in_which_they_are_taken_apart() -> None:
    reading = predictions(decision="said", label="y")
    assert reading.heads == [
        *[("id",), ("ts",), ("model", "version"), ("said",), ("y",)],
        *[("house",), ("country",)],
        ("type",),
    ]
    assert reading.numbers == [("income",), ("output", "score")]
    bare = predictions(id=None, time=None, version=None, score=None, where={})
    assert (bare.heads, bare.numbers) == ([("house",), ("country",)], [("income",)])


def test_a_time_written_as_a_path_is_iso() -> None:
    assert predictions(time="when").time_unit is TimeUnit.ISO8601
    assert predictions(time="when").time == ("when",)


def test_where_compares_canonical_texts() -> None:
    reading = predictions(where={"kind": 1, "live": True, "a.b": "x"})
    assert reading.where == ((("kind",), "1"), (("live",), "true"), (("a", "b"), "x"))


def test_only_the_labels_stream_demands_labels_and_only_predictions_have_scores() -> None:
    assert labels(LabelKind.CLASS).label_required
    assert labels(LabelKind.CLASS).label_kind is LabelKind.CLASS
    spec = FeaturesSpec(topic="f", features=["x"], version="v")
    reading = reading_of("m", Stream.FEATURES, spec, LabelKind.NUMBER, {"x": ("x",)}, {})
    assert (reading.version, reading.score, reading.label, reading.label_required) == (
        ("v",),
        None,
        None,
        False,
    )
