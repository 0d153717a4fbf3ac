"""Paths that run into each other are told with their place, before anything is read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from driftwatch.config.parts import Parts
from driftwatch.config.path_checks import check_paths
from driftwatch.events.classes import Stream
from driftwatch.events.compile import PathConflictError
from driftwatch.events.decode import Decoder
from driftwatch.monitor.plan import subject_of
from driftwatch.monitor.spec import ModelSpec
from driftwatch.summaries.layout import FieldKind
from tests.config.files import good, mistakes, text_of

MODEL = ("models", 0)


def data(slices: list[Any] | None = None, stream: dict[str, Any] | None = None, **predictions: Any) -> Any:
    made = good()
    model = made["models"][0]
    model["predictions"] = {"topic": "p", "id": "id", "time": "ts", "score": "s", **predictions}
    model |= {"slices": slices or [], "rules": []}
    model.pop("labels", None)
    if stream is not None:
        model["features"] = {"topic": "f", "id": "id", "features": stream}
    return made


def found(made: Any) -> list[tuple[tuple[Any, ...], str]]:
    return [(m.path[2:], m.message) for m in check_paths(Parts(made), MODEL)]


WRONG = [
    (data(score="o", decision="o.d"), ("predictions", "score")),
    (data(time={"path": "t", "unit": "ms"}, version="t.v"), ("predictions", "time", "path")),
    (data(features=["a", "a.b"]), ("predictions", "features", 0)),
    (data(features={"x": "a.b.c", "y": "a.b"}), ("predictions", "features", "y")),
    (data(score="f", features="f"), ("predictions", "score")),
    (data(label="f", features="f.inner"), ("predictions", "label")),
    (data(where={"k": "v"}, features=["k.x"]), ("predictions", "where", "k")),
    (data(["c"], features=["c.x"]), ("slices", 0)),
    (data(["f.c"], features={"c": "f"}), ("predictions", "features", "c")),
    (data([["c", "d"]], features={"d": "q"}, version="q.v"), ("slices", 0, 1)),
]


@pytest.mark.parametrize(("made", "place"), WRONG)
def test_each_is_told_at_the_shorter_path(made: Any, place: tuple[Any, ...]) -> None:
    assert place in [path for path, _ in found(made)]


@pytest.mark.parametrize(
    "made",
    [
        data(features=["s", "a.b", "a.c", "ab"]),
        data(["country", "f.x"], features="f", decision="f.d"),
        data(["o"], features={"o": "x.o"}, version="o.v"),
        data(where={"a.b": "v"}, version="a.v"),
        data(features=3, score=4, where=5, version=None),
    ],
)
def test_paths_side_by_side_are_right(made: Any) -> None:
    assert found(made) == []


def test_a_features_stream_has_paths_of_its_own() -> None:
    made = data(["c"], stream={"c": "o", "x": "o.x"}, version="c.v")
    assert [path for path, _ in found(made)] == [("features", "features", "c"), ("slices", 0)]


@pytest.mark.parametrize("made", [made for made, _ in WRONG])
def test_what_is_told_is_what_no_decoder_takes(made: Any) -> None:
    made["models"][0]["task"] = "binary"
    spec = ModelSpec.model_validate(made["models"][0] | {"reference": {"learn": "1d"}})
    subject = subject_of(spec)
    declared = spec.predictions.features
    names = [declared] if isinstance(declared, str) else list(declared or ())
    kinds = dict.fromkeys(["k"] if isinstance(declared, str) else names, FieldKind.NUMERIC)
    reading = subject.columns_of(Stream.PREDICTIONS, kinds).reading
    with pytest.raises(PathConflictError):
        Decoder(reading, b"sixteen bytes ok")


def test_it_stands_in_the_list_with_its_line(tmp_path: Path) -> None:
    (one,) = mistakes(tmp_path, text_of(data(score="o", decision="o.d")))
    assert one.line
    assert one.message == "`o` is read as a single value, and `o.d` lies in it"
