from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.config.assumed import FEATURES, assumed_layout, assumes_features
from driftwatch.config.spec import Configuration
from driftwatch.drift.catalogue import applicable
from driftwatch.events.classes import Stream
from tests.config.files import good
from tests.config.references import MODEL, reference_of


def spec_with(**change: Any) -> Any:
    data = good()
    data["models"][0].update(change)
    return Configuration.model_validate(data).models[0]


@given(
    cells=st.integers(4, 200), exact=st.booleans(), values=st.integers(1, 5), calibration=st.integers(2, 20)
)
def test_what_is_learned_is_never_larger(cells: int, exact: bool, values: int, calibration: int) -> None:
    spec = spec_with(
        cells={"cells": cells, "exact": exact, "slice_values": values, "calibration_cells": calibration},
        multivariate={"both": {"kind": "projections", "fields": ["age", "income"], "projections": 2}},
    )
    real, assumed = reference_of(spec, events=150).layout, assumed_layout(spec)
    assert len(real.slices.rows) <= len(assumed.slices.rows)
    for part in real.parts:
        largest = assumed.part(part.stream)
        assert largest is not None
        assert part.columns <= largest.columns
        assert {s.name for s in applicable(real, part)} <= {s.name for s in applicable(assumed, largest)}


def test_class_scores_are_assumed_as_large_as_any_that_are_learned() -> None:
    predictions = {**good()["models"][0]["predictions"], "decision": "country"}
    for own in ({"PT": "score", "ES": "age"}, {"x": "score", "y": "age", "z": "income"}):
        spec = spec_with(
            task="multiclass", predictions={**predictions, "class_scores": own}, cells={"categories": 1}
        )
        real, assumed = reference_of(spec).layout, assumed_layout(spec)
        for part in real.parts:
            largest = assumed.part(part.stream)
            assert largest is not None
            assert part.columns <= largest.columns
            assert part.scored == largest.scored
            assert len(part.starts) == len(largest.starts)
            for block in part.blocks:
                assert block.size <= (largest.block(block.name) or block).size


def test_embeddings_have_a_field_of_their_own_beside_what_is_made_of_them() -> None:
    meaning = {"kind": "projections", "embedding": "inputs.vector", "projections": 3}
    far = {"kind": "mahalanobis", "embedding": "inputs.vector"}
    plain, made = (
        assumed_layout(spec_with(multivariate=m)).parts[0] for m in ({}, {"meaning": meaning, "far": far})
    )
    names = [field.name for field in made.fields]
    assert [n for n in names if n not in {f.name for f in plain.fields}] == [
        "inputs.vector", "meaning_1", "meaning_2", "meaning_3", "far"
    ]  # fmt: skip


def test_columns_are_numbered_without_gaps() -> None:
    for task in ("binary", "multiclass", "regression"):
        predictions = {**good()["models"][0]["predictions"], "decision": "d"}
        if task == "multiclass":
            predictions["class_scores"] = {"cat": "s.cat", "dog": "s.dog"}
        for part in assumed_layout(spec_with(task=task, predictions=predictions)).parts:
            ends = [0, *(thing.stop for thing in (*part.fields, *part.blocks))]
            starts = [*(thing.start for thing in (*part.fields, *part.blocks)), part.columns]
            assert starts == ends


def test_the_number_of_features_is_guessed_only_where_it_must_be() -> None:
    assert not assumes_features(MODEL)
    predictions = {**good()["models"][0]["predictions"], "features": "features"}
    guessed = spec_with(predictions=predictions)
    assert assumes_features(guessed)
    part = assumed_layout(guessed).part(Stream.PREDICTIONS)
    assert part is not None
    assert len(part.fields) == FEATURES + 2


@pytest.mark.parametrize("labels", [None, {"topic": "l", "id": "id", "label": "y"}])
def test_parts_are_those_of_the_streams(labels: object) -> None:
    features = {"topic": "f", "id": "id", "features": ["a"]}
    layout = assumed_layout(spec_with(labels=labels, features=features, reference="x.ref"))
    assert [part.stream for part in layout.parts] == [
        Stream.PREDICTIONS,
        Stream.FEATURES,
        *([Stream.LABELS] if labels else []),
    ]
