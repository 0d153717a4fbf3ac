"""How evidence is configured: tolerances, what pages, and what must be found in time."""

from __future__ import annotations

from pydantic import Field, field_validator

from driftwatch.evidence.goals import Goal
from driftwatch.spec import Spec


class ToleranceSpec(Spec):
    """The smallest changes that matter, as differences of shares; what the reference's own wander needs is added."""

    inputs: float = Field(default=0.02, gt=0, lt=0.5)
    """Of the share of events below a decile, or in a category, of a feature."""
    scores: float = Field(default=0.01, gt=0, lt=0.5)
    """The same for score and decision."""
    quality: float = Field(default=0.005, gt=0, lt=0.5)
    """Of the share of missing, invalid and never seen values."""
    accuracy: float = Field(default=0.01, gt=0, lt=0.5)
    """Of the error rate."""
    error: float = Field(default=0.1, gt=0, lt=1)
    """Regression: of the mean absolute error, as a part of the reference's."""
    calibration: float = Field(default=0.02, gt=0, lt=0.5)
    """Of the gap between mean score and share of ones, beyond the reference's own gap."""


class EvidenceSpec(Spec):
    """Evidence under the false-alert budget of `alerting`; it needs no setting."""

    enabled: bool = True
    """Whether evidence alerts at all; declared `rules` work beside it either way."""
    tolerance: ToleranceSpec = ToleranceSpec()
    """Changes too small to matter."""
    page: list[str] = []
    """Patterns (`*`, `?`) over fields whose distributions page instead of opening a ticket; `score` and `decision` are fields."""
    must_detect: list[str] = []
    """What has to be found in time, such as `accuracy drop of 3 % within 1d`; `explain` and `check` mark what cannot."""

    @field_validator("must_detect")
    @classmethod
    def _readable(cls, lines: list[str]) -> list[str]:
        for line in lines:
            Goal.parse(line)
        return lines
