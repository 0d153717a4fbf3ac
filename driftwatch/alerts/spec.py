"""How alerting and retraining are declared (a part of the configuration)."""

from __future__ import annotations

from pydantic import Field

from driftwatch.events.spec import DAY_MS
from driftwatch.events.times import Duration
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


class AlertingSpec(Spec):
    """Alerting as a whole."""

    budget: str = "1 per week"
    """The false-alert budget of evidence rules; they are not in this version, so only declared `rules` alert."""
    external_url: str = "http://localhost:9464"
    """Where people reach this daemon; links in messages start with it."""
