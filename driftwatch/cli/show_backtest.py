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
            ["change", "#alerts before", "first alert that it caused", "slice", "field", "what"],
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
    """The first alert that the change caused: one that history did not have without it."""
    usual = {(told.time_ms, told.rule) for told in calm.alerts}
    after = [told for told in outcome.alerts if told.time_ms > outcome.at_ms]
    first = next((told for told in after if (told.time_ms, told.rule) not in usual), None)
    if first is None:
        told = "none but those of history as it was" if after else "none"
        return [outcome.name, str(outcome.before), told, "", "", ""]
    same = (t for t in calm.alerts if (t.rule, t.slice, t.field) == (first.rule, first.slice, first.field))
    usually = next((t.time_ms for t in same if t.time_ms > outcome.at_ms), None)
    note = "" if usually is None else f" (without it after {duration((usually - outcome.at_ms) / 1_000)})"
    return [
        outcome.name,
        str(outcome.before),
        f"{first.severity} after {duration((first.time_ms - outcome.at_ms) / 1_000)}{note}",
        first.slice,
        first.field,
        first.what,
    ]
