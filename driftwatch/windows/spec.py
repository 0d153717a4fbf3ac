"""How a model's windows are declared (a part of the configuration)."""

from __future__ import annotations

from pydantic import Field

from driftwatch.events.times import Duration, format_duration
from driftwatch.spec import Spec


class WindowSpec(Spec):
    """A sliding event-time window; its slide is also the width of the panes that it is summed from."""

    size: Duration
    """How much event time the window covers; a multiple of the slide."""
    slide: Duration
    """How often it is read; every slide of a model is a multiple of its smallest one."""
    name: str | None = Field(default=None, min_length=1)
    """How metrics and messages call it; default: the size as it is written."""

    @property
    def called(self) -> str:
        """How metrics and messages call it: its name, or its size as people write it."""
        return self.name or format_duration(self.size)
