"""How alerting and retraining are declared (a part of the configuration)."""

from __future__ import annotations

from pydantic import Field, field_validator

from driftwatch.events.spec import DAY_MS
from driftwatch.events.times import Duration
from driftwatch.evidence.budget import USUAL, Budget, Rate
from driftwatch.spec import Spec


class RetrainingSpec(Spec):
    """When a drift episode asks for a retraining."""

    enabled: bool = True
    """Whether episodes request a retraining at all."""
    dry_run: bool = False
    """Decide, show and log everything, but send nothing."""
    on_input_drift: bool = False
    """Also when only inputs drift and no label says that it hurts."""
    cool_down: Duration = DAY_MS
    """Event time after an episode's end in which no new request is made."""
    max_per_day: int = Field(default=1, ge=1)
    """Requests per model and day of event time."""


class BudgetSpec(Spec):
    """A budget for each family of alerts."""

    page: str = "1 per week"
    """Alerts on performance and calibration, and on what the model's `evidence.page` marks."""
    ticket: str = "1 per week"
    """Alerts on inputs, scores and data quality."""

    @field_validator("page", "ticket")
    @classmethod
    def _readable(cls, text: str) -> str:
        Rate.parse(text)
        return text


class AlertingSpec(Spec):
    """Alerting as a whole."""

    budget: str | BudgetSpec | None = None
    """At most so many false alerts while nothing changes, over all models: `1 per week`, or one each for `page` and `ticket`.
    Evidence alerts under it beside declared rules; where nothing is said, models without `rules` have 1 per week."""
    external_url: str = "http://localhost:9464"
    """Where people reach this daemon; links in messages start with it."""

    @field_validator("budget")
    @classmethod
    def _readable(cls, budget: str | BudgetSpec | None) -> str | BudgetSpec | None:
        if isinstance(budget, str):
            Rate.parse(budget)
        return budget

    def budget_of(self, *, rules: bool) -> Budget | None:
        """The budget of a model's evidence; None where it has `rules` and nobody asked for evidence beside them."""
        if self.budget is None:
            return None if rules else USUAL
        if isinstance(self.budget, str):
            return Budget.parse(self.budget)
        return Budget(Rate.parse(self.budget.page), Rate.parse(self.budget.ticket))
