"""The false-alert budget: `1 per week` as people write it, and as panes per false alert."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from driftwatch.evidence.groups import Family

_UNIT_MS: Final = {
    "hour": 3_600_000,
    "day": 86_400_000,
    "week": 604_800_000,
    "month": 2_592_000_000,  # 30 days
    "year": 31_536_000_000,  # 365 days
}
_FORM: Final = re.compile(
    r"\s*(\d+(?:\.\d+)?)\s+(?:per|a|an)\s+(?:(\d+)\s+)?(hour|day|week|month|year)s?\s*", re.IGNORECASE
)
_HOW: Final = "write NUMBER per hour, day, week, month or year, such as `1 per week` or `1 per 2 weeks`"


@dataclass(frozen=True, slots=True)
class Rate:
    """So many false alerts in so much event time, on average, while nothing changes."""

    alerts: float
    period_ms: int

    @classmethod
    def parse(cls, text: str) -> Rate:
        """Read `2 per day`; raises ValueError that says how to write it."""
        match = _FORM.fullmatch(text)
        if match is None:
            raise ValueError(f"{text!r} is not a budget; {_HOW}")
        alerts, count = float(match[1]), int(match[2] or 1)
        if alerts <= 0 or count < 1:
            raise ValueError(f"{text!r} allows no alert at all, so nothing could ever alert; {_HOW}")
        return cls(alerts, count * _UNIT_MS[match[3].lower()])

    def panes(self, pane_ms: int, sharers: int = 1) -> float:
        """A: panes of `pane_ms` per false alert, where `sharers` models and versions draw on one budget."""
        return self.period_ms * sharers / (self.alerts * pane_ms)


@dataclass(frozen=True, slots=True)
class Budget:
    """The two budgets: what may wake somebody, and what may wait until the morning."""

    page: Rate
    ticket: Rate

    @classmethod
    def parse(cls, text: str) -> Budget:
        """One line sets both."""
        rate = Rate.parse(text)
        return cls(rate, rate)

    def of(self, family: Family) -> Rate:
        """The budget of a family."""
        return self.page if family is Family.PAGE else self.ticket


USUAL: Final = Budget.parse("1 per week")
"""Where nothing is said."""
