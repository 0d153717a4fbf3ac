"""Changes of known size: how many panes pass until evidence alerts, beside threshold rules on the same streams."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from driftwatch.evidence.baseline import PaneShares, learn
from driftwatch.evidence.groups import Group
from driftwatch.evidence.indicators import Indicator, ShareMap, Watch
from driftwatch.evidence.shares import ShareObserver
from tests.simulations.null_worlds import plenty
from tests.simulations.rules import NAMES, Rules
from tests.simulations.watching import WEEK, Watcher, baseline, observer
from tests.simulations.worlds import DAY, PANE_MS, Floats, Ints, World

SIZES = (0.1, 0.15, 0.25, 0.5, 1.0)
"""Shifts of the mean, in standard deviations."""


@dataclass(frozen=True)
class Delays:
    """Median panes from the change to the alert; infinite where half of the seeds found nothing."""

    evidence: Floats
    rules: dict[str, Floats]
    false: int
    """Evidence lists before the change."""
    rules_false: dict[str, int]
    lists: int
    """Evidence lists after the change."""


def shifted(
    sizes: Sequence[float],
    seeds: int,
    streams: int,
    *,
    events: int,
    before: int,
    after: int,
    reference: int,
    shape: Callable[[int], float] = lambda _: 1.0,
    correlation: float = 0.0,
    also: Callable[[Ints, int], None] | None = None,
) -> Delays:
    """The first of `streams` streams shifts by one of the sizes times `shape(pane since the change)`."""
    groups = len(sizes) * seeds
    first = np.zeros((groups, streams))
    first[:, 0] = np.repeat(sizes, seeds)
    amount = first.reshape(-1)
    world = World(
        "shift", np.random.default_rng(events + streams), groups * streams, events=events, correlation=correlation,
        shift=lambda n: amount * shape(n - before) if n >= before else 0.0,
    )  # fmt: skip
    watcher = Watcher(observer(baseline(world, reference)), groups, WEEK)
    rules = Rules(plenty(world, 2_000), groups, since=before)
    found = np.full(groups, np.nan)
    for number in range(before + after):
        matrix = world.pane(number)
        watcher.see(matrix, number)
        rules.see(matrix, number)
        if also is not None:
            also(matrix, number)
    for pane, group, chosen in watcher.lists:
        if pane >= before and 0 in chosen and np.isnan(found[group]):
            found[group] = pane
    changed = np.arange(groups) * streams
    return Delays(
        _medians(found, before, len(sizes)),
        {name: _medians(rules.first[name][changed], before, len(sizes)) for name in NAMES},
        watcher.alerts(before=before),
        dict(rules.alarms),
        watcher.alerts(since=before),
    )


def _medians(found: Floats, before: int, groups: int) -> Floats:
    panes = np.where(np.isnan(found), np.inf, found - before + 1).reshape(groups, -1)
    return np.median(panes, axis=1)


def panes(value: float) -> str:
    return "–" if not np.isfinite(value) else f"{value:.0f}"


CASES = {
    "one stream, 100 events per pane": {"events": 100, "streams": 1},
    "one stream, 1 000": {"events": 1_000, "streams": 1},
    "one stream, 1 000, correlation .02": {"events": 1_000, "streams": 1, "correlation": 0.02},
    "one of 50 features, 100": {"events": 100, "streams": 50},
    "one of 50 features, 1 000": {"events": 1_000, "streams": 50},
    "one slice of 50, 20 events in it": {"events": 20, "streams": 50},
    "one feature of 50 in one slice of 50, 20 events in it": {"events": 20, "streams": 2_500, "seeds": 4},
    "gradual over a day, 1 000": {"events": 1_000, "streams": 1, "shape": lambda n: min(n / DAY, 1.0)},
    "recurring, 2 h of 12 h, 1 000": {"events": 1_000, "streams": 1, "shape": lambda n: float(n % 144 < 24)},
}


def table(seeds: int, after: int, reference: int) -> Iterator[str]:
    yield (
        f"Median panes of 5 minutes to the alert on the stream that changed, {seeds} seeds per size (4 of 50 x 50), after a calm day; "
        "– where half of the seeds had none within "
        f"{after} panes. In brackets the false alerts (rules: alarms) of all seeds in that calm day."
    )
    yield ""
    yield "| change of the mean | method | " + " | ".join(f"{size:g} σ" for size in SIZES) + " | before |"
    yield "|---|---|" + "---|" * len(SIZES) + "---|"
    for name, settings in CASES.items():
        many = settings["streams"] > 1
        settings = {"seeds": seeds} | settings
        found = shifted(
            SIZES, before=DAY, after=min(after, 2 * DAY) if many else after,
            reference=min(reference, 2 * DAY) if many else reference, **settings,
        )  # fmt: skip
        yield f"| {name} | **evidence** | {_row(found.evidence)} | ({found.false}) |"
        for rule in NAMES:
            yield f"| | {rule} | {_row(found.rules[rule])} | ({found.rules_false[rule]}) |"


MISSING = (0.005, 0.01, 0.02, 0.05)
_QUALITY = ShareMap([Watch("value", Group.QUALITY, (0, 2), (Indicator("missing", ((0, 1),)),))])


def missing(
    share: float, seeds: int, events: int, before: int, after: int, reference: int
) -> tuple[int, float]:
    """False alerts before values go missing that never did, and median panes after it."""
    rng = np.random.default_rng(events)
    rows, calm = np.arange(seeds), np.tile([0, events], (seeds, 1))
    past = [PaneShares(k * PANE_MS, rows, *_QUALITY.count(calm)) for k in range(reference)]
    totals = _QUALITY.count(calm * reference)
    learned = learn(_QUALITY.starts, 1, totals, np.array([0.005]), lambda: past, PANE_MS)
    watcher = Watcher(ShareObserver(_QUALITY, learned, (Group.QUALITY,)), seeds, WEEK)
    for number in range(before + after):
        gone = rng.binomial(events, share if number >= before else 0.0, seeds)
        watcher.see(np.stack([gone, events - gone], axis=1), number)
    found = np.full(seeds, np.inf)
    for pane, seed, _ in watcher.lists:
        if pane >= before:
            found[seed] = min(found[seed], pane - before + 1)
    return watcher.alerts(before=before), float(np.median(found))


def missing_table(seeds: int, after: int) -> Iterator[str]:
    yield f"Median panes until values that were never missing are reported, {seeds} seeds; – not within {after} panes."
    yield ""
    yield "| missing | " + " | ".join(f"{100 * share:g} %" for share in MISSING) + " | false alerts before |"
    yield "|---|" + "---|" * (len(MISSING) + 1)
    for events in (100, 1_000):
        found = [missing(share, seeds, events, DAY, after, 576) for share in MISSING]
        values = " | ".join(panes(delay) for _, delay in found)
        yield f"| {events} events per pane | {values} | {sum(false for false, _ in found)} |"


def _row(values: Floats) -> str:
    return " | ".join(panes(value) for value in values)
