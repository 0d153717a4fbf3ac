from pathlib import Path

import pytest

from driftwatch.config.evidence_checks import check_pages_in
from driftwatch.config.spec import Configuration
from tests.config.files import good, mistakes, text_of
from tests.config.references import reference_of

LAYOUT = reference_of().layout


def written(*patterns: str, **model: object) -> dict:
    data = good()
    data["models"][0] |= {"evidence": {"page": list(patterns)}, **model}
    return data


@pytest.mark.parametrize(
    ("pattern", "write"), [("incom", "income"), ("scores", "score"), ("x*", ""), ("Age", "age")]
)
def test_a_pattern_that_matches_nothing_is_a_mistake_with_what_was_meant(
    tmp_path: Path, pattern: str, write: str
) -> None:
    (problem,) = mistakes(tmp_path, text_of(written(pattern, "income")))
    assert f"`{pattern}` matches no field" in problem.message
    assert write in problem.write


def test_features_and_the_models_own_fields_can_be_marked(tmp_path: Path) -> None:
    assert mistakes(tmp_path, text_of(written("in*", "score", "decision", "country"))) == []


def test_where_features_are_the_keys_of_an_object_the_reference_says() -> None:
    predictions = {**good()["models"][0]["predictions"], "features": "input"}
    spec = Configuration.model_validate(written("incom", "age", predictions=predictions)).models[0]
    (mistake,) = check_pages_in(spec, [LAYOUT], ("models", 0))
    assert mistake.path == ("models", 0, "evidence", "page", 0)
    assert "income" in mistake.write
    listed = Configuration.model_validate(written("incom")).models[0]
    assert list(check_pages_in(listed, [LAYOUT], ("models", 0))) == [], "told from the file alone"
