from __future__ import annotations

import pytest
from pydantic import ValidationError

from driftwatch.verdicts.spec import RuleSpec, Severity


def test_defaults() -> None:
    spec = RuleSpec(name="r", when="psi > 0.25 for 3 panes")
    assert spec.severity is Severity.DRIFT
    assert (spec.features, spec.slices, spec.windows) == (["*"], ["all"], ["*"])
    assert spec.retrain is None


def test_a_wrong_condition_is_found_when_the_configuration_is_read() -> None:
    with pytest.raises(ValidationError, match="did you mean 'psi'") as caught:
        RuleSpec(name="r", when="psii > 0.25")
    assert caught.value.errors()[0]["loc"] == ("when",)


@pytest.mark.parametrize(
    ("when", "clear", "right"),
    [
        ("psi > 0.25", 0.2, True),
        ("psi > 0.25", 0.25, True),
        ("psi > 0.25", 0.3, False),
        ("auc < 0.8", 0.85, True),
        ("auc < 0.8", 0.7, False),
    ],
)
def test_clear_lies_on_the_calm_side(when: str, clear: float, right: bool) -> None:
    if right:
        assert RuleSpec(name="r", when=when, clear=clear).clear == clear
    else:
        with pytest.raises(ValidationError, match="must lie at or"):
            RuleSpec(name="r", when=when, clear=clear)


def test_clear_is_a_number() -> None:
    with pytest.raises(ValidationError):
        RuleSpec(name="r", when="psi > 0.25", clear=float("nan"))
