"""What a model's evidence can find, as people read it."""

from __future__ import annotations

import math

from driftwatch.cli.paper import Paper, count
from driftwatch.events.times import format_duration
from driftwatch.evidence.power import Power, Reach
from driftwatch.monitor.prospects import Prospects

_LEGEND = (
    "clumping: so many events count as one independent event. tolerated: a share that moves by no more is never told.",
    "found within 1d, 1w: the smallest change of a share that is told by then, on average; smaller ones later or never.",
)
_SHOWN: tuple[tuple[float, str, int], ...] = ((86_400_000, "d", 86_400_000), (3_600_000, "h", 3_600_000))


def show(found: Prospects, change: float, paper: Paper) -> None:
    """One version pattern of a model."""
    paper.heading(f"model {found.model}, versions {found.pattern}")
    if not found.watched:
        paper.line("  evidence does not alert: the model has rules, and no `alerting.budget` is written")
    paper.line(
        f"  {count(found.streams)} streams of evidence, one look per pane of {format_duration(found.pane_ms)}; "
        "changes are differences of shares"
    )
    for note in found.notes:
        paper.line(f"  note: {note}")
    paper.table(
        [
            "told as", "group", "field", "slice", "#events per pane", "#clumping", "#tolerated", "#found within 1d",
            "#within 1w", f"#delay for {change:g} %",
        ],
        [_row(power) for power in found.powers],
    )  # fmt: skip
    for line in _LEGEND:
        paper.line(f"  {line}")
    goals(found.goals, paper)


def goals(reached: tuple[Reach, ...], paper: Paper) -> None:
    """What must be found, and whether it will be."""
    if reached:
        paper.table(
            ["must detect", "expected after", ""],
            [
                [str(reach.goal), duration(reach.delay_ms), "underpowered" if reach.underpowered else "ok"]
                for reach in reached
            ],
        )


def _row(power: Power) -> list[str]:
    return [
        power.group.family.value,
        power.group.value,
        power.field,
        power.slice,
        f"{power.events:.3g}",
        f"{power.factor:.2f}" + ("" if power.learned else " assumed"),
        share(power.tolerance),
        share(power.day),
        share(power.week),
        duration(power.delay_ms),
    ]


def share(value: float) -> str:
    """`2.1 %`; a dash where nothing is found."""
    return f"{100 * value:.2g} %" if math.isfinite(value) else "–"


def duration(delay_ms: float) -> str:
    """`3.2 d`, `40 min`; `never` where it is not found."""
    if not math.isfinite(delay_ms):
        return "never"
    for least, unit, size in _SHOWN:
        if delay_ms >= least:
            return f"{delay_ms / size:.3g} {unit}"
    return f"{delay_ms / 60_000:.3g} min"
