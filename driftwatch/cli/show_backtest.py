"""The outcomes of a backtest as a table, and as a picture of when each run alerted."""

from __future__ import annotations

from collections.abc import Sequence

from driftwatch.backtest.run import Outcome
from driftwatch.cli.paper import Paper
from driftwatch.cli.show_prospects import duration
from driftwatch.telemetry.text import iso_time

WIDTH = 60
"""Characters of a run's line."""


def show_header(calm: Outcome, paper: Paper) -> None:
    """What history there is, and how often it would have alerted as it was."""
    days = (calm.end_ms - calm.start_ms) / 86_400_000
    paper.heading(f"{iso_time(calm.start_ms)} to {iso_time(calm.end_ms)}, {days:.3g} days")
    paper.line(f"  as it was, this configuration would have sent {len(calm.alerts)} alerts")
    if calm.alerts:
        paper.table(
            ["time", "severity", "rule", "slice", "field", "what"],
            [[iso_time(t.time_ms), t.severity, t.rule, t.slice, t.field, t.what] for t in calm.alerts[:20]],
        )


def show(outcomes: Sequence[Outcome], paper: Paper) -> None:
    """Each change with its delay, and the lines of all runs."""
    changed = outcomes[1:]
    if changed:
        paper.heading(f"with a change from {iso_time(outcomes[0].at_ms)} on")
        paper.table(
            ["change", "#alerts before", "first alert after", "slice", "field", "what"],
            [_row(outcome, outcomes[0]) for outcome in changed],
        )
    paper.heading("when they alerted (| the change, ! a page or drift, o a ticket or warning)")
    longest = max(len(outcome.name) for outcome in outcomes)
    for outcome in outcomes:
        paper.line(f"  {outcome.name.ljust(longest)}  {line(outcome, mark=outcome is not outcomes[0])}")


def line(outcome: Outcome, *, mark: bool) -> str:
    """One run as characters over the time of the history."""
    span_ms = max(outcome.end_ms - outcome.start_ms, 1)

    def place(time_ms: int) -> int:
        return min(max((time_ms - outcome.start_ms) * WIDTH // span_ms, 0), WIDTH - 1)

    shown = ["."] * WIDTH
    if mark:
        shown[place(outcome.at_ms)] = "|"
    for told in outcome.alerts:
        loud = told.severity in ("page", "drift")
        at = place(told.time_ms)
        shown[at] = "!" if loud or shown[at] == "!" else "o"
    return "".join(shown)


def _row(outcome: Outcome, calm: Outcome) -> list[str]:
    first = outcome.first
    if first is None:
        return [outcome.name, str(outcome.before), "none", "", "", ""]
    usual = {(told.time_ms, told.rule) for told in calm.alerts}
    note = " (also without the change)" if (first.time_ms, first.rule) in usual else ""
    delay = duration(float(outcome.delay_ms or 0))
    return [
        outcome.name,
        str(outcome.before),
        f"{first.severity} after {delay}{note}",
        first.slice,
        first.field,
        first.what,
    ]
