"""Mistakes in `multivariate` are told with their place and what to write."""

from __future__ import annotations

from typing import Any

from driftwatch.config.errors import Mistake
from driftwatch.config.evidence_checks import check_pages
from driftwatch.config.model_checks import check_model
from driftwatch.config.multivariate_checks import check_multivariate, made_fields
from driftwatch.config.parts import Parts
from tests.config.files import good

MODEL = ("models", 0)
BOTH = {"kind": "mahalanobis", "fields": ["age", "income"]}


def parts(multivariate: Any, **change: Any) -> Parts:
    data = good()
    data["models"][0].update(change, multivariate=multivariate)
    return Parts(data)


def found(multivariate: Any, **change: Any) -> list[Mistake]:
    return list(check_multivariate(parts(multivariate, **change), MODEL))


def test_right_ones_are_passed_and_wrong_ones_are_the_schemas_business() -> None:
    assert found({"both": BOTH}) == found({"both": {"kind": "mahalanobi", "fields": []}}) == found(3) == []


def test_fields_are_features_of_the_model() -> None:
    (one,) = found({"both": {**BOTH, "fields": ["age", "incom"]}})
    assert one.path == (*MODEL, "multivariate", "both", "fields", 1)
    assert (one.message, one.write) == ("`incom` is no feature of the model", "`income` (did you mean that?)")
    predictions = {**good()["models"][0]["predictions"], "features": "inputs"}
    assert found({"both": {**BOTH, "fields": ["age", "incom"]}}, predictions=predictions) == []


def test_fields_are_of_one_stream() -> None:
    features = {"topic": "f", "id": "id", "features": {"speed": "s", "weight": "w"}}
    (one,) = found({"both": {**BOTH, "fields": ["age", "speed"]}}, features=features)
    assert one.message == "its fields come from two streams, and no event has them all"
    assert found({"both": {**BOTH, "fields": ["weight", "speed"]}}, features=features) == []


def test_an_embedding_is_in_a_stream_that_there_is_and_no_feature() -> None:
    meaning = {"kind": "mahalanobis", "embedding": "inputs.vector"}
    assert found({"meaning": meaning}) == []
    (one,) = found({"meaning": {**meaning, "stream": "features"}})
    assert (one.path[-1], one.message, one.write) == (
        "stream",
        "the model has no stream of features",
        "`stream: predictions`",
    )
    predictions = {**good()["models"][0]["predictions"], "features": {"v": "inputs.vector"}}
    (one,) = found({"meaning": meaning}, predictions=predictions)
    assert (one.path[-1], one.message) == (
        "embedding",
        "`inputs.vector` is a feature of `predictions` too, and a list is no feature",
    )
    assert found({"meaning": meaning}, predictions={**predictions, "features": ["age"]}) == []


def test_names_are_not_taken() -> None:
    along = {"kind": "projections", "fields": ["age", "income"], "projections": 2}
    for name in ("score", "decision", "age"):
        (one,) = found({name: BOTH})
        assert one.message == f"`{name}` is the name of another field"
    (one,) = found({"both_2": BOTH, "both": along})
    assert (one.path, one.message) == (
        (*MODEL, "multivariate", "both"),
        "`both_2` is the name of another field",
    )


def test_derived_fields_may_be_cut_and_marked_like_features() -> None:
    declared = parts({"both": BOTH}, cells={"fields": {"both": {"cells": 8}}}, evidence={"page": ["both"]})
    assert made_fields(declared, MODEL) == ["both"]
    assert [*check_model(declared, MODEL), *check_pages(declared, MODEL)] == []
    other = parts({}, cells={"fields": {"both": {"cells": 8}}}, evidence={"page": ["both"]})
    assert len([*check_model(other, MODEL), *check_pages(other, MODEL)]) == 2
