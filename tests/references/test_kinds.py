"""Numbers make a field numeric; one text makes it categorical, and people are told."""

from __future__ import annotations

import json

import pytest

from driftwatch.errors import ReferenceFileError
from driftwatch.events.classes import Stream
from driftwatch.events.spec import PredictionsSpec
from driftwatch.references import kinds as module
from driftwatch.references.kinds import Survey
from driftwatch.references.spec import CellsSpec, MultivariateSpec
from driftwatch.summaries.layout import FieldKind
from tests.references.records import subject

N, C = FieldKind.NUMERIC, FieldKind.CATEGORICAL


def survey(*records, **changes) -> Survey:
    made = Survey(subject(**changes), Stream.PREDICTIONS)
    made.read(r if isinstance(r, bytes) or r is None else json.dumps({"f": r}).encode() for r in records)
    return made


def test_kinds_by_the_values() -> None:
    found = survey(
        {"z": 1, "num": 2.5, "text": "a", "flag": True, "mixed": 3, "empty": None, "deep": {"a": 1}},
        {"z": None, "num": 3, "text": "b", "flag": False, "mixed": "3", "empty": None, "deep": [1]},
    )
    assert list(found.kinds().items()) == [
        ("deep", C), ("empty", C), ("flag", C), ("mixed", C), ("num", N), ("text", C), ("z", N),
    ]  # fmt: skip
    assert found.notes() == [
        "mixed: 1 texts among 1 numbers, so it is categorical; for numbers write `cells: {kinds: {mixed: numeric}}`"
    ]


def test_what_cannot_be_read_is_left_to_the_decoder() -> None:
    found = survey(
        {"a": 1}, None, b"", b"\xff", b'{"f": ', b"[1]", b'{"f": 3}', b"[" * 100_000, b'{"f": {"a": 1e999}}'
    )
    assert found.kinds() == {"a": N}
    assert found.seen["a"].others == 1


def test_overrides_decide() -> None:
    cells = CellsSpec(kinds={"a": "categorical", "b": "numeric", "absent": "numeric"})
    assert survey({"a": 1, "b": "x"}, cells=cells).kinds() == {"a": C, "b": N}
    with pytest.raises(
        ReferenceFileError, match=r"cells\.kinds\.a: 'number' is no kind; write numeric or categorical"
    ):
        survey({"a": 1}, cells=CellsSpec(kinds={"a": "number"})).kinds()


def test_declared_features_keep_their_order_and_exist_without_values() -> None:
    of = PredictionsSpec(topic="p", features={"zeta": "f.q", "alpha": "f.nowhere"})
    assert list(survey({"q": 1}, predictions=of).kinds().items()) == [("zeta", N), ("alpha", C)]


def test_features_may_not_take_our_names() -> None:
    with pytest.raises(ReferenceFileError, match="may not be called 'score'"):
        survey({"score": 1}).kinds()


def test_keys_without_end_are_a_mistake_in_the_path(monkeypatch) -> None:
    monkeypatch.setattr(module, "FEATURES_MAX", 3)
    with pytest.raises(ReferenceFileError, match="more than 3 different keys"):
        survey(*({f"k{i}": 1} for i in range(4)))


def test_an_embedding_is_no_feature_and_its_lengths_are_counted() -> None:
    multivariate = {"m": MultivariateSpec.model_validate({"kind": "mahalanobis", "embedding": "f.v"})}
    records = [{"z": 1, "v": [1, 2]}, {"z": 2, "v": "[3, 4]"}, {"v": [1]}, {"v": ["x"]}, {"v": None}, {}]
    found = survey(*records, multivariate=multivariate)
    assert found.kinds() == {"z": N}
    assert found.lengths == {"f.v": {2: 2, 1: 1}}
    assert found.unread() == frozenset()
