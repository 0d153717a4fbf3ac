"""The settings of evidence: none is needed, and mistakes say what to write."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from driftwatch.evidence.spec import EvidenceSpec


def test_nothing_needs_to_be_set() -> None:
    spec = EvidenceSpec()
    assert spec.enabled
    assert spec.tolerance.inputs == 0.02
    assert spec.tolerance.accuracy == 0.01


@pytest.mark.parametrize(
    "wrong",
    [
        {"tolerance": {"inputs": 0}},
        {"tolerance": {"quality": 0.9}},
        {"must_detect": ["everything"]},
        {"pages": []},
    ],
)
def test_mistakes_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        EvidenceSpec.model_validate(wrong)
