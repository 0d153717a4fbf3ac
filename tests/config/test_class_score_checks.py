"""Mistakes in `predictions.class_scores` are told with their place and what to write."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from driftwatch.config.class_score_checks import check_class_scores, class_score_fields
from driftwatch.config.errors import Mistake
from driftwatch.config.evidence_checks import check_pages
from driftwatch.config.model_checks import check_model, declared_features
from driftwatch.config.parts import Parts
from driftwatch.events.spec import PredictionsSpec
from tests.config.files import good, load_text, mistakes, text_of

MODEL = ("models", 0)
PATH = (*MODEL, "predictions", "class_scores")
BOTH = {"cat": "s.cat", "dog": "s.dog"}


def data(class_scores: Any, task: str = "multiclass", **predictions: Any) -> dict:
    made = good()
    made["models"][0]["task"] = task
    made["models"][0]["predictions"] |= {"decision": "d", "class_scores": class_scores, **predictions}
    return made


def found(class_scores: Any, **change: Any) -> list[Mistake]:
    parts = Parts(data(class_scores, **change))
    return list(check_class_scores(parts, MODEL, declared_features(parts, MODEL)))


def test_right_ones_are_passed_and_wrong_ones_are_the_schemas_business() -> None:
    assert found(BOTH) == found({}) == found(None) == found(["cat"]) == []
    assert [m.path[-1] for m in found({"cat": 3, "dog": "s.dog"})] == []


@pytest.mark.parametrize("task", ["binary", "regression"])
def test_they_are_for_multiclass_models(task: str) -> None:
    (one,) = found(BOTH, task=task)
    assert (one.path, one.on_key) == (PATH, True)
    assert one.message == f"`class_scores` is for multiclass models, and this one is {task}"


def test_one_class_alone_is_told() -> None:
    (one,) = found({"cat": "s.cat"})
    assert (one.path, one.write) == (PATH, "the scores of all classes, two at least")


def test_each_class_has_a_name_and_a_path_of_its_own() -> None:
    other, feature, same = found(
        {"cat": "s.cat", "dog": "s.cat", "__other__": "s.rest", "cow": "s.cow"},
        features={"score[cow]": "x", "age": "age"},
    )
    assert (same.path, same.message) == ((*PATH, "dog"), "`cat` and `dog` have the same path")
    assert (other.path[-1], other.message.split(" stands")[0]) == ("__other__", "`__other__`")
    assert (feature.path[-1], feature.write) == (
        "cow",
        "another name for the feature: `features: {name: PATH}`",
    )


def test_a_path_that_holds_another_is_told() -> None:
    (one,) = found({"cat": "s", "dog": "s.dog", "cow": "s_cow"})
    assert (one.path, one.message) == ((*PATH, "cat"), "`s` holds the score of another class")


def test_all_are_told_at_once_with_line_and_column(tmp_path: Path) -> None:
    text = text_of(data({"cat": "s.p", "dog": "s.p"}, task="binary"))
    told = mistakes(tmp_path, text)
    lines = text.splitlines()
    assert [lines[m.line - 1].strip() for m in told] == ["class_scores:", "dog: s.p"]
    assert all(m.column > 1 for m in told)


def test_other_parts_may_name_the_fields() -> None:
    made = data(BOTH)
    made["models"][0]["evidence"] = {"page": ["score[[]dog]", "score[cat]"]}
    made["models"][0]["cells"] = {"fields": {"score[dog]": {"cells": 8}, "score[cow]": {"cells": 8}}}
    made["models"][0]["multivariate"] = {"score[cat]": {"kind": "mahalanobis", "fields": ["age", "income"]}}
    parts = Parts(made)
    assert class_score_fields(parts, MODEL) == ["score[cat]", "score[dog]"]
    assert [m.path[-1] for m in check_pages(parts, MODEL)] == [0], "brackets are letters in patterns"
    assert {m.path[-1] for m in check_model(parts, MODEL)} == {"score[cow]", "score[cat]"}


def test_classes_are_the_texts_that_decisions_have(tmp_path: Path) -> None:
    spec = PredictionsSpec.model_validate(
        {"topic": "p", "class_scores": {True: "s.a", 2.0: "s.b", "x": "s.c"}}
    )
    assert list(spec.class_scores) == ["true", "2", "x"]
    text = text_of(data(BOTH)).replace("cat: s.cat", "0: s.cat").replace("dog: s.dog", "'1': s.dog")
    assert load_text(tmp_path, text).configuration.models[0].predictions.class_scores == {
        "0": "s.cat", "1": "s.dog"
    }  # fmt: skip
