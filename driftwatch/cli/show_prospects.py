"""What a model's evidence can find, as people read it."""

from __future__ import annotations

import math

from driftwatch.cli.paper import Paper, count
from driftwatch.events.times import format_duration
from driftwatch.telemetry.answers import GoalAnswer, PowerAnswer, ProspectsAnswer

_LEGEND = (
    "clumping: so many events count as one independent event. tolerated: a share that moves by no more is never told.",
    "found within 1d, 1w: the smallest change of a share that is told by then, on average; smaller ones later or never.",
)
_SHOWN: tuple[tuple[str, int], ...] = (("d", 86_400), ("h", 3_600))


def show(found: ProspectsAnswer, paper: Paper) -> None:
    """One version pattern of a model, or one running version."""
    paper.heading(f"model {found.model}, versions {found.version}")
    if not found.watched:
        paper.line("  evidence does not alert: the model has rules, and no `alerting.budget` is written")
    paper.line(
        f"  {count(found.streams)} streams of evidence, one look per pane of {format_duration(round(1_000 * found.pane_s))}; "
        "changes are differences of shares"
    )
    traffic = f"the last {duration(found.traffic_s)}" if found.traffic_s else "the reference"
    paper.line(f"  events per pane are those of {traffic}")
    for note in found.notes:
        paper.line(f"  note: {note}")
    paper.table(
        [
            "told as", "group", "field", "slice", "#events per pane", "#clumping", "#tolerated", "#found within 1d",
            "#within 1w", f"#delay for {100 * found.change:g} %",
        ],
        [_row(power) for power in found.powers],
    )  # fmt: skip
    for line in _LEGEND:
        paper.line(f"  {line}")
    goals(found.goals, paper)


def goals(reached: list[GoalAnswer], paper: Paper) -> None:
    """What must be found, and whether it will be."""
    if reached:
        paper.table(
            ["must detect", "expected after", ""],
            [
                [reach.goal, duration(reach.delay_s), "underpowered" if reach.underpowered else "ok"]
                for reach in reached
            ],
        )


def _row(power: PowerAnswer) -> list[str]:
    return [
        power.family,
        power.group,
        power.feature,
        power.slice,
        f"{power.events or 0:.3g}",
        ("–" if power.clumping is None else f"{power.clumping:.2f}") + ("" if power.learned else " assumed"),
        share(power.tolerance),
        share(power.day),
        share(power.week),
        duration(power.delay_s),
    ]


def share(value: float | None) -> str:
    """`2.1 %`; a dash where nothing is found."""
    return "–" if value is None or not math.isfinite(value) else f"{100 * value:.2g} %"


def duration(delay_s: float | None) -> str:
    """`3.2 d`, `40 min`; `never` where it is not found."""
    if delay_s is None or not math.isfinite(delay_s):
        return "never"
    for unit, size in _SHOWN:
        if delay_s >= size:
            return f"{delay_s / size:.3g} {unit}"
    return f"{delay_s / 60:.3g} min"
