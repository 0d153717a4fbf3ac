"""How rules are declared (a part of the configuration)."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field, field_validator, model_validator

from driftwatch.spec import Spec
from driftwatch.verdicts.condition import Condition


class Severity(StrEnum):
    """What a broken rule means; endpoints choose by it."""

    WARNING = "warning"
    DRIFT = "drift"
    TICKET = "ticket"
    """Can wait until the morning: evidence on inputs, scores and quality."""
    PAGE = "page"
    """May wake somebody: evidence on performance and calibration, and what the user marks."""


class RuleSpec(Spec):
    """One demand on a statistic, such as `psi > 0.25 for 3 panes`."""

    name: str = Field(min_length=1)
    """How messages call it; unique within the model."""
    when: str
    """`STATISTIC[.lower|.upper] >|< NUMBER [for N panes]`; a pane is one slide of the window."""
    features: list[str] = ["*"]
    """Patterns (`*`, `?`) over field names; statistics of the whole model have the field name "" and always match."""
    slices: list[str] = ["all"]
    """Patterns over slice names such as `all`, `country=PT`, `country=*`."""
    windows: list[str] = ["*"]
    """Patterns over window names."""
    min_events: int | None = Field(default=None, ge=1)
    """Fewer current events: insufficient. Default: the model's `statistics.min_events`."""
    clear: float | None = Field(default=None, allow_inf_nan=False)
    """Resolved only at or beyond this value (hysteresis); default: the limit itself."""
    clear_for: int = Field(default=3, ge=1)
    """Panes in a row within `clear` after which the alert is resolved."""
    severity: Severity = Severity.DRIFT
    """What a broken rule means: `warning`, `drift`, `ticket` or `page`; endpoints choose by it."""
    retrain: bool | None = None
    """Whether this rule may request a retraining; default: only statistics that rest on labels. Estimates never do."""

    @field_validator("when")
    @classmethod
    def _readable(cls, when: str) -> str:
        Condition.parse(when)
        return when

    @model_validator(mode="after")
    def _clear_on_the_calm_side(self) -> RuleSpec:
        condition = Condition.parse(self.when)
        if self.clear is not None and (
            self.clear > condition.limit if condition.above else self.clear < condition.limit
        ):
            side = "at or below" if condition.above else "at or above"
            raise ValueError(f"clear: {self.clear:g} must lie {side} the limit {condition.limit:g}")
        return self
