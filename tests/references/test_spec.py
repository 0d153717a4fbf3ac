"""How references are declared."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from driftwatch.references.spec import CellsSpec, ReferenceSpec


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
