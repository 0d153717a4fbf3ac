"""Worlds in which nothing changes by more than is tolerable: how many false alerts there are, and how many the budget allows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from tests.simulations.rules import NAMES, Rules
from tests.simulations.watching import WEEK, Watcher, baseline, observer
from tests.simulations.worlds import DAY, PANE_MS, Ints, World, coming_and_going, tenfold

WORLDS: dict[str, dict[str, Any]] = {
    "iid, 10 events per pane": {"events": 10},
    "iid, 100": {"events": 100},
    "iid, 1 000": {"events": 1_000},
    "iid, 10 000": {"events": 10_000},
    "beta-binomial, correlation .001, 10 000": {"events": 10_000, "correlation": 0.001},
    "beta-binomial .01, 1 000": {"correlation": 0.01},
    "beta-binomial .02, 100": {"events": 100, "correlation": 0.02},
    "beta-binomial .05, 1 000": {"correlation": 0.05},
    "clusters of 10, traffic ÷10 … ×10": {"cluster": 10, "traffic": tenfold},
    "bursts: 0.5 % of panes, 30 % in one cell": {"bursts": 0.005},
    "daily wave .05 σ": {"wave": 0.05},
    "daily wave .3 σ": {"wave": 0.3},
    "AR(1) wander .04 σ": {"wander": 0.04},
    "AR(1) wander .1 σ": {"wander": 0.1},
    "correlation .01, wave .3 σ, wander .05 σ": {"correlation": 0.01, "wave": 0.3, "wander": 0.05},
    "slices that come and go": {"present": coming_and_going},
    "reference without times, iid": {"timed": False},
    "reference without times, correlation .02": {"timed": False, "correlation": 0.02},
}
"""1 000 events per pane where nothing else is said."""


@dataclass(frozen=True)
class Calm:
    """What a world brought."""

    name: str
    lists: int
    allowed: float
    factor: float
    tolerance: float
    rules: dict[str, int]


def calm(
    name: str, seeds: int, streams: int, panes: int = WEEK, reference: int = WEEK, *, rules: bool = True
) -> Calm:
    """One world over all seeds; every seed learns from a reference of its own."""
    settings = dict(WORLDS[name])
    timed = bool(settings.pop("timed", True))
    world = World(name, np.random.default_rng(_seed(name)), seeds * streams, **settings)
    learned = baseline(world, reference, timed=timed)
    watcher = Watcher(observer(learned), seeds, WEEK)
    beside = Rules(plenty(world, 200), seeds, since=panes)
    for number in range(panes):
        matrix = world.pane(number)
        watcher.see(matrix, number)
        if rules:
            beside.see(matrix, number)
    spread = learned.spread
    return Calm(
        name, watcher.alerts(), seeds * panes / WEEK,
        float(np.median(spread.factor)), float(np.median(spread.tolerance)), dict(beside.alarms),
    )  # fmt: skip


def plenty(world: World, panes: int) -> np.ndarray:
    """A reference for the threshold rules: plenty of events with the true shares."""
    return np.full((world.rows, 20), world.events * panes // 20, np.int64)


def _seed(name: str) -> int:
    return sum(ord(c) * (i + 1) for i, c in enumerate(name))


def table(seeds: int, streams: int) -> Iterator[str]:
    """Markdown, a line at a time."""
    yield (
        f"{seeds} seeds, each {streams} streams over one week of panes of 5 minutes, and a week of reference of its "
        f"own; the budget is one false alert a week. Threshold rules look at the last hour after every pane; "
        "one alarm that never ends counts once."
    )
    yield ""
    yield "| world | φ̂ | tolerance | **evidence** | allowed | " + " | ".join(NAMES) + " |"
    yield "|---|---|---|---|---|" + "---|" * len(NAMES)
    for name in WORLDS:
        found = calm(name, seeds, streams)
        rules = " | ".join(f"{found.rules[rule]:,}".replace(",", " ") for rule in NAMES)
        yield f"| {name} | {found.factor:.2f} | {found.tolerance:.3f} | **{found.lists}** | {found.allowed:.0f} | {rules} |"


UNTIMED: dict[str, dict[str, Any]] = {
    "AR(1) wander .04 σ": {"wander": 0.04},
    "AR(1) wander .1 σ": {"wander": 0.1},
    "correlation .05": {"correlation": 0.05},
    "correlation .1": {"correlation": 0.1},
}
"""1 000 events per pane, and a reference without times."""


def first_day(name: str, seeds: int, streams: int, panes: int, *, learns: bool) -> tuple[int, int]:
    """Alerts in the first day, with what is assumed of clumping, and after it, with what that day taught (or not)."""
    world = World(name, np.random.default_rng(_seed(name)), seeds * streams, **UNTIMED[name])
    watcher = Watcher(observer(baseline(world, 3 * DAY, timed=False)), seeds, WEEK)
    first: list[tuple[int, Ints, Ints]] = []
    for number in range(panes):
        matrix = world.pane(number)
        watcher.see(matrix, number)
        if learns and number < DAY:
            first.append((number * PANE_MS, np.arange(len(matrix)), matrix))
            if len(first) == DAY:
                watcher.relearn(first)
    return watcher.alerts(before=DAY), watcher.alerts(since=DAY)


def first_day_table(seeds: int, streams: int) -> Iterator[str]:
    yield (
        f"{seeds} seeds, each {streams} streams over a week of panes of 5 minutes; the budget is one false alert a week: "
        f"{seeds / 7:.0f} in all first days, {6 * seeds / 7:.0f} after them."
    )
    yield ""
    yield "| world, reference without times | alerts in the first day | after it, clumping still assumed | **after it, learned** |"
    yield "|---|---|---|---|"
    for name in UNTIMED:
        before, after = first_day(name, seeds, streams, WEEK, learns=True)
        _, assumed = first_day(name, seeds, streams, WEEK, learns=False)
        yield f"| {name} | {before} | {assumed} | **{after}** |"
