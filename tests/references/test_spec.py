"""How references are declared."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from driftwatch.references.spec import CellsSpec, FieldCellsSpec, ReferenceSpec
from driftwatch.summaries.layout import Scheme


def test_a_reference_is_a_file_or_is_learned() -> None:
    assert ReferenceSpec.model_validate({"learn": "7d"}).learn == 7 * 86_400_000
    assert ReferenceSpec(path="a.ref").version == "*"
    for wrong in ({}, {"path": "a.ref", "learn": "7d"}):
        with pytest.raises(ValidationError, match="either `path` or `learn`"):
            ReferenceSpec.model_validate(wrong)


def test_cells_have_sound_defaults_and_bounds() -> None:
    spec = CellsSpec()
    assert (spec.cells, spec.coarse, spec.calibration_cells, spec.exact) == (64, 10, 10, False)
    with pytest.raises(ValidationError):
        CellsSpec(cells=3)


def test_a_field_may_be_cut_in_its_own_way() -> None:
    spec = CellsSpec.model_validate(
        {
            "exact": True,
            "fields": {"age": {"edges": [18, 25]}, "c": {"categories": ["a"]}},
            "kinds": {"x": "numeric"},
        }
    )
    assert spec.of("age").scheme is Scheme.EDGES
    assert spec.of("other").scheme is Scheme.EXACT
    assert CellsSpec().of("other").scheme is Scheme.QUANTILE
    assert spec.said_kinds == {"age": "numeric", "c": "categorical", "x": "numeric"}


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"scheme": "edges"}, "go together"),
        ({"scheme": "width", "edges": [1]}, "go together"),
        ({"edges": [2, 1]}, "ascend"),
        ({"edges": [1, 1]}, "ascend"),
        ({"categories": ["a"], "cells": 5}, "leave out"),
        ({"categories": ["a", "a"]}, "twice"),
    ],
)
def test_cells_that_contradict_themselves_are_refused(wrong: dict, says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        FieldCellsSpec.model_validate(wrong)
