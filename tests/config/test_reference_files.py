from pathlib import Path
from typing import Any

import pytest

from driftwatch.config.errors import Mistake
from driftwatch.config.parts import Parts
from driftwatch.config.reference_files import check_references, misfit, references_of
from driftwatch.config.spec import Configuration
from driftwatch.references.codec import encode
from driftwatch.references.reference import Reference
from tests.config.files import good
from tests.config.references import MODEL, reference_of

REFERENCE = reference_of()
PATH = ("models", 0)


def spec_with(**change: Any) -> Any:
    data = good()
    data["models"][0].update(change)
    return Configuration.model_validate(data).models[0]


def test_it_fits_the_model_that_it_was_built_for() -> None:
    assert misfit(MODEL, REFERENCE) == ""


def test_its_derived_fields_are_those_of_the_model() -> None:
    both = {"kind": "mahalanobis", "fields": ["age", "income"]}
    model = spec_with(multivariate={"both": both})
    built = reference_of(model)
    assert misfit(model, built) == ""
    assert misfit(model, REFERENCE) == "it was built without the multivariate field `both`"
    assert misfit(MODEL, built) == "it was built with the multivariate field `both`"
    for change in ({"kind": "pca_residual"}, {"fields": ["income", "age"]}):
        other = spec_with(multivariate={"both": both | change})
        assert misfit(other, built) == "its multivariate field `both` is of another kind or of other fields"


def multiclass(**class_scores: str) -> Any:
    predictions = {**good()["models"][0]["predictions"], "decision": "country"}
    return spec_with(task="multiclass", predictions={**predictions, "class_scores": class_scores})


def test_its_class_scores_are_those_of_the_model_in_any_order() -> None:
    model = multiclass(PT="score", ES="age")
    built = reference_of(model)
    assert misfit(model, built) == misfit(multiclass(ES="age", PT="score"), built) == ""
    without = reference_of(multiclass())
    assert misfit(model, without) == "it was built without `score[ES]`, the own score of a class"
    assert misfit(multiclass(), built) == "it was built with `score[ES]`, the own score of a class"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"name": "other"}, "it was built for the model `credit`"),
        ({"task": "regression"}, "it was built for a binary model, and this one is regression"),
        ({"slices": []}, "it was built with the slices [country], and the model has []"),
        ({"slices": ["country", ["country", "age"]]}, "[country, country*age]"),
        ({"labels": None}, "it was built with a stream of labels"),
        (
            {"features": {"topic": "f", "id": "id", "features": ["x"]}, "reference": "x"},
            "without a stream of features",
        ),
        (
            {"predictions": {"topic": "p", "id": "id", "score": "score", "features": ["age", "country"]}},
            "`income`",
        ),
        (
            {
                "predictions": {
                    "topic": "p",
                    "id": "id",
                    "decision": "d",
                    "features": ["age", "income", "country"],
                }
            },
            "with a score",
        ),
        (
            {"predictions": {**good()["models"][0]["predictions"], "threshold": 0.7}},
            "it was built with the threshold 0.5",
        ),
    ],
)
def test_it_says_why_it_does_not_fit(change: dict, says: str) -> None:
    assert says in misfit(spec_with(**change), REFERENCE)


def parts_with(reference: Any, **model: Any) -> Parts:
    data = good()
    data["models"][0].update(model, reference=reference)
    return Parts(data)


def test_files_are_read_and_wrong_ones_are_told(tmp_path: Path) -> None:
    (tmp_path / "good.ref").write_bytes(encode(REFERENCE))
    (tmp_path / "cut.ref").write_bytes(encode(REFERENCE)[:-1])
    (tmp_path / "csv.ref").write_bytes(b"id,age\n")
    entries = [{"version": n, "path": str(tmp_path / f"{n}.ref")} for n in ("good", "cut", "csv", "gone")]
    outcomes = references_of(parts_with([*entries, {"learn": "7d"}]), PATH)
    assert isinstance(outcomes[0], Reference)
    assert outcomes[0].hash == REFERENCE.hash
    assert [type(o) for o in outcomes[1:]] == [Mistake, Mistake, Mistake, type(None)]
    told = [o for o in outcomes if isinstance(o, Mistake)]
    assert ["damaged" in told[0].message, "not a driftwatch reference" in told[1].message] == [True, True]
    assert told[2].message.endswith("gone.ref cannot be read: No such file or directory")
    assert [m.path for m in told] == [(*PATH, "reference", i, "path") for i in (1, 2, 3)]


def test_one_file_or_one_mapping(tmp_path: Path) -> None:
    path = tmp_path / "r.ref"
    path.write_bytes(encode(REFERENCE))
    for form in (str(path), {"path": str(path)}):
        parts = parts_with(form)
        (outcome,) = references_of(parts, PATH)
        assert isinstance(outcome, Reference)
        assert list(check_references(parts, PATH, [outcome])) == []
        (misfitting,) = check_references(parts_with(form, slices=[]), PATH, [outcome])
        assert misfitting.path == (*PATH, "reference", *(["path"] if isinstance(form, dict) else []))
    assert references_of(parts_with({"learn": "7d"}), PATH) == [None]


def test_a_rule_that_looks_at_nothing_is_told() -> None:
    rules = [
        {"name": "one", "when": "psi > 0.2", "features": ["incme"]},
        {"name": "two", "when": "psi > 0.2", "slices": ["country=DE"]},
        {"name": "three", "when": "psi > 0.2", "features": ["inc*"], "slices": ["country=PT"]},
    ]
    told = list(check_references(parts_with("x", rules=rules), PATH, [REFERENCE]))
    assert [m.path[-1] for m in told] == [0, 1]
    assert "`one` looks at nothing" in told[0].message
    learning = parts_with([{"version": "v1", "path": "x"}, {"learn": "7d"}], rules=rules)
    assert list(check_references(learning, PATH, [REFERENCE, None])) == [], "what is learned may have them"


def test_a_variant_that_the_reference_is_not_cut_for_says_how_to_cut_it(tmp_path: Path) -> None:
    file = tmp_path / "credit.ref"
    cut = {"cells": {"fields": {"income": {"scheme": "deciles"}}}}
    for change, expected in (({}, 1), (cut, 0)):
        data = good()
        model = data["models"][0]
        model |= {"reference": str(file), "statistics": {"variants": {"psi": "classic"}}, **change}
        spec = Configuration.model_validate(data).models[0]
        file.write_bytes(encode(reference_of(spec)))
        outcomes = references_of(Parts(data), PATH)
        mistakes = list(check_references(Parts(data), PATH, outcomes))
        assert len(mistakes) == expected
        for one in mistakes:
            assert one.path == (*PATH, "statistics", "variants", "psi")
            assert "scheme: deciles" in one.write
