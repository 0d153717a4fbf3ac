"""Worlds of labels: errors that rise, calibration that tilts, and labels whose speed depends on what they say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from scipy.special import expit, logit

from driftwatch.evidence.aged import AgedCounts, AgedObserver, Counter, learn_spread
from driftwatch.evidence.groups import Group
from driftwatch.evidence.odds import BOTH, UP
from tests.simulations.watching import WEEK, Watcher
from tests.simulations.worlds import PANE_MS, Floats, Ints

ACCURACY = 0.01
CALIBRATION = 0.02
NO_MATRIX = np.zeros((0, 0), np.int64)


def flat(counts: AgedCounts) -> Ints:
    """As a matrix, so that it travels like a pane: events, hits, expected in millionths."""
    parts = (counts.events, counts.hits, np.rint(counts.expected * 1e6))
    return np.concatenate([part.reshape(len(part), -1) for part in parts], axis=1).astype(np.int64)


def counter(indicators: int, ages: int) -> Counter:
    def count(matrix: Ints) -> AgedCounts:
        parts = matrix.reshape(len(matrix), 3, indicators, ages).astype(float)
        return AgedCounts(parts[:, 0], parts[:, 1], parts[:, 2] / 1e6)

    return count


def learned(
    panes: list[Ints], indicators: int, ages: int, group: Group, steps: tuple[float, ...], smallest: float
) -> AgedObserver:
    """An observer whose baseline comes from these panes."""
    count, rows = counter(indicators, ages), np.arange(len(panes[0]))
    total = count(np.sum(panes, axis=0))
    timed = ((k * PANE_MS, rows, matrix) for k, matrix in enumerate(panes))
    spread = learn_spread(total, count, timed, PANE_MS, np.full((len(rows), 1), smallest))
    return AgedObserver(group, steps, count, total, spread)


def errors_of(hits: Ints, events: int) -> Ints:
    """One pane of plain errors [rows]."""
    shape = (len(hits), 1, 1)
    return flat(AgedCounts(np.full(shape, float(events)), hits.reshape(shape).astype(float), np.zeros(shape)))


@dataclass
class ErrorStream:
    """What one error stream brought: false alerts before the change, events from it to the alert."""

    false: int
    delays: Floats
    """Events; infinite where it was not found."""


def error_stream(
    runs: int,
    *,
    rate: float = 0.1,
    changed: float = 0.2,
    events: int = 10,
    before: int = 1_000,
    after: int = 400,
    reference: int = 5_000,
    panes_per_alert: float = 10_000,
    seed: int = 4,
) -> ErrorStream:
    """One stream per run; errors go from `rate` to `changed` after `before` panes."""
    rng = np.random.default_rng(seed)
    past = [errors_of(rng.binomial(events, rate, runs), events) for _ in range(reference)]
    watcher = Watcher(learned(past, 1, 1, Group.PERFORMANCE, UP, ACCURACY), runs, panes_per_alert)
    for number in range(before + after):
        share = rate if number < before else changed
        watcher.see(errors_of(rng.binomial(events, share, runs), events), number)
    found = np.full(runs, np.inf)
    for pane, run, _ in watcher.lists:
        if pane >= before:
            found[run] = min(found[run], (pane - before + 1) * events)
    return ErrorStream(watcher.alerts(before=before), found)


@dataclass
class Scores:
    """Labels with scores: shares of ones that follow them, tilted by a slope in logits."""

    rng: np.random.Generator
    rows: int
    events: int
    cells: int = 10

    def pane(self, slope: float) -> Ints:
        """One age; an indicator per score cell and one for all."""
        scores = self.rng.beta(1.5, 3.0, (self.rows, self.events)).clip(1e-3, 1 - 1e-3)
        ones = self.rng.random(scores.shape) < expit(slope * logit(scores))
        cell = np.minimum((scores * self.cells).astype(np.int64), self.cells - 1)
        place = np.arange(self.rows)[:, None] * self.cells + cell

        def summed(weights: np.ndarray) -> Floats:
            by_cell = np.bincount(place.ravel(), weights.ravel(), self.rows * self.cells)
            by_cell = by_cell.reshape(self.rows, self.cells)
            return np.concatenate([by_cell, by_cell.sum(axis=1, keepdims=True)], axis=1)[:, :, None]

        return flat(AgedCounts(summed(np.ones(scores.shape)), summed(ones.astype(float)), summed(scores)))


def tilted(
    slope: float, seeds: int, events: int, before: int, after: int, reference: int
) -> tuple[int, float]:
    """False alerts before the slope changes from 1, and median panes after it."""
    world = Scores(np.random.default_rng(events), seeds, events)
    past = [world.pane(1.0) for _ in range(reference)]
    watcher = Watcher(learned(past, 11, 1, Group.CALIBRATION, BOTH, CALIBRATION), seeds, WEEK)
    for number in range(before + after):
        watcher.see(world.pane(1.0 if number < before else slope), number)
    found = np.full(seeds, np.inf)
    for pane, seed, _ in watcher.lists:
        if pane >= before:
            found[seed] = min(found[seed], pane - before + 1)
    return watcher.alerts(before=before), float(np.median(found))


LONGEST = 96
"""Panes after which every label is there."""
AGE_EDGES = (6, 24, 48)
"""Upper edges of the age buckets, in panes; the last one is open."""


@dataclass
class SlowLabels:
    """Errors of two kinds of predictions: quick labels are mostly right, slow ones often wrong."""

    rng: np.random.Generator
    rows: int
    slow: float = 0.3
    rates: tuple[float, float] = (0.04, 0.25)
    due: Ints = field(init=False)
    """int64[panes ahead, rows, ages, 2]: labels and errors that will come."""

    def __post_init__(self) -> None:
        self.due = np.zeros((LONGEST, self.rows, len(AGE_EDGES) + 1, 2), np.int64)
        ages = np.arange(LONGEST)
        self._ages = np.searchsorted(AGE_EDGES, ages, side="left")
        quick, slow = 0.5**ages, np.where(ages >= 12, 0.97**ages, 0.0)
        self._chances = quick / quick.sum(), slow / slow.sum()

    def pane(self, predictions: int) -> Ints:
        """Make predictions, and answer the labels that come now, by age."""
        slow = self.rng.binomial(predictions, self.slow, self.rows)
        for count, chances, rate in zip((predictions - slow, slow), self._chances, self.rates, strict=True):
            errors = self.rng.binomial(count, rate)
            wrong, right = self._spread(errors, chances), self._spread(count - errors, chances)
            for ahead in range(LONGEST):
                self.due[ahead, :, self._ages[ahead], 0] += wrong[:, ahead] + right[:, ahead]
                self.due[ahead, :, self._ages[ahead], 1] += wrong[:, ahead]
        now = self.due[0].copy()
        self.due[:-1] = self.due[1:]
        self.due[-1] = 0
        return now

    def _spread(self, count: Ints, chances: Floats) -> Ints:
        return self.rng.multinomial(count, chances)


@dataclass
class SlowScores:
    """Labels with scores where ones come late and zeros early: each age has a calibration of its own."""

    rng: np.random.Generator
    rows: int
    events: int
    cells: int = 10
    due: Floats = field(init=False)
    """float64[panes ahead, rows, cells, ages, 3]: labels, ones and sums of scores that will come."""

    def __post_init__(self) -> None:
        self._ages = np.searchsorted(AGE_EDGES, np.arange(LONGEST), side="left")
        self.due = np.zeros((LONGEST, self.rows, self.cells, len(AGE_EDGES) + 1, 3))
        quick, slow = 0.7 ** np.arange(LONGEST), 0.97 ** np.arange(LONGEST)
        self._arrived = np.cumsum(quick / quick.sum()), np.cumsum(slow / slow.sum())

    def pane(self, slope: float) -> Ints:
        """Predict, and answer the labels that come now, by age; an indicator per score cell and one for all."""
        scores = self.rng.beta(1.5, 3.0, (self.rows, self.events)).clip(1e-3, 1 - 1e-3)
        ones = self.rng.random(scores.shape) < expit(slope * logit(scores))
        chance = self.rng.random(scores.shape)
        quick, slow = (np.searchsorted(arrived, chance).clip(max=LONGEST - 1) for arrived in self._arrived)
        ahead = np.where(ones, slow, quick)
        cell = np.minimum((scores * self.cells).astype(np.int64), self.cells - 1)
        place = (ahead * self.rows + np.arange(self.rows)[:, None]) * self.cells + cell
        for kind, weights in enumerate((np.ones(scores.shape), ones.astype(float), scores)):
            summed = np.bincount(place.ravel(), weights.ravel(), LONGEST * self.rows * self.cells)
            summed = summed.reshape(LONGEST, self.rows, self.cells)
            for wait, age in enumerate(self._ages):
                self.due[wait, :, :, age, kind] += summed[wait]
        now = self.due[0].copy()
        self.due[:-1] = self.due[1:]
        self.due[-1] = 0
        counts = np.concatenate([now, now.sum(axis=1, keepdims=True)], axis=1)
        return flat(AgedCounts(counts[..., 0], counts[..., 1], counts[..., 2]))


def slowly_tilted(
    slope: float, seeds: int, events: int, before: int, after: int, reference: int
) -> tuple[int, float]:
    """As `tilted`, of predictions whose labels say late that they are ones."""
    world = SlowScores(np.random.default_rng(events + 1), seeds, events)
    for _ in range(LONGEST):
        world.pane(1.0)
    past = [world.pane(1.0) for _ in range(reference)]
    ages = len(AGE_EDGES) + 1
    watcher = Watcher(learned(past, 11, ages, Group.CALIBRATION, BOTH, CALIBRATION), seeds, WEEK)
    for number in range(before + after):
        watcher.see(world.pane(1.0 if number < before else slope), number)
    found = np.full(seeds, np.inf)
    for pane, seed, _ in watcher.lists:
        if pane >= before:
            found[seed] = min(found[seed], pane - before + 1)
    return watcher.alerts(before=before), float(np.median(found))


def as_errors(now: Ints, *, by_age: bool) -> Ints:
    """A pane of labels as errors by age, or all ages together."""
    counts = now if by_age else now.sum(axis=1, keepdims=True)
    events, hits = counts[:, None, :, 0].astype(float), counts[:, None, :, 1].astype(float)
    return flat(AgedCounts(events, hits, np.zeros(events.shape)))


def slow_labels(seeds: int, reference: int, panes: int, *, by_age: bool) -> tuple[int, int]:
    """Alerts, and seeds with one, when traffic falls to a tenth and nothing else changes."""
    world = SlowLabels(np.random.default_rng(11), seeds)
    ages = len(AGE_EDGES) + 1 if by_age else 1
    for _ in range(LONGEST):
        world.pane(200)
    past = [as_errors(world.pane(200), by_age=by_age) for _ in range(reference)]
    watcher = Watcher(learned(past, 1, ages, Group.PERFORMANCE, UP, ACCURACY), seeds, WEEK)
    for number in range(panes):
        watcher.see(as_errors(world.pane(200 if number < 100 else 20), by_age=by_age), number)
    return watcher.alerts(), len({seed for _, seed, _ in watcher.lists})


def unaged_reference(seeds: int, panes: int) -> int:
    """Labels whose ages the reference does not know: nothing is compared, so nothing alerts."""
    world = SlowLabels(np.random.default_rng(12), seeds)
    ages = len(AGE_EDGES) + 1
    for _ in range(LONGEST):
        world.pane(200)
    past = [as_errors(world.pane(200), by_age=False) for _ in range(50)]
    shape = (seeds, 1, ages)
    first = counter(1, 1)(np.sum(past, axis=0))
    padded = np.zeros((3, *shape))
    padded[0, :, :, 0], padded[1, :, :, 0] = first.events[:, :, 0], first.hits[:, :, 0]
    total = flat(AgedCounts(padded[0], padded[1], padded[2]))
    late = learned([total], 1, ages, Group.PERFORMANCE, UP, ACCURACY)
    watcher = Watcher(late, seeds, WEEK)
    for number in range(panes):
        now = world.pane(200 if number < 100 else 20)
        now[:, 0] = (
            0  # the youngest bucket holds what the file's labels, without times of their own, are counted as
        )
        watcher.see(as_errors(now, by_age=True), number)
    return watcher.alerts()


def tables(seeds: int, runs: int) -> Iterator[str]:
    found = error_stream(runs)
    yield (
        f"**An error stream** of 10 % that becomes 20 %, panes of 10 events, reference of 50 000 events, one stream, one false alert "
        f"per 10 000 panes, {runs} runs: median delay **{np.median(found.delays):.0f} events**, {found.false} false alerts "
        "in the 10 000 events before."
    )
    yield ""
    yield (
        "| accuracy falls by (100 labels per pane, error rate 10 %) | "
        + " | ".join(f"{d} points" for d in _DROPS)
        + " |"
    )
    yield "|---|" + "---|" * len(_DROPS)
    drops = [
        error_stream(seeds, changed=0.1 + d / 100, events=100, before=288, after=600, reference=576, panes_per_alert=WEEK)
        for d in _DROPS
    ]  # fmt: skip
    medians = (np.median(drop.delays) / 100 for drop in drops)
    yield "| median panes | " + " | ".join("–" if m == np.inf else f"{m:.0f}" for m in medians) + " |"
    yield f"| false alerts before | {' | '.join(str(drop.false) for drop in drops)} |"
    yield ""
    yield "| slope of calibration, from 1 (300 labels per pane) | " + " | ".join(map(str, _SLOPES)) + " |"
    yield "|---|" + "---|" * len(_SLOPES)
    for name, of in (("", tilted), (", ones late", slowly_tilted)):
        tilts = [of(slope, seeds, 300, 100, 500, 288) for slope in _SLOPES]
        medians = " | ".join("–" if m == np.inf else f"{m:.0f}" for _, m in tilts)
        yield f"| median panes{name} | {medians} |"
        yield f"| false alerts before{name} | {' | '.join(str(false) for false, _ in tilts)} |"
    yield ""
    yield "| labels whose speed depends on what they say, traffic falls to a tenth | alerts | seeds with one |"
    yield "|---|---|---|"
    for text, by_age in (
        ("each compared with its own age (the product)", True),
        ("compared as they arrive", False),
    ):
        alerts, hit = slow_labels(seeds, 576, 600, by_age=by_age)
        yield f"| {text} | {alerts} | {hit} of {seeds} |"
    yield f"| ages unknown in the reference: not compared, and said so (the product) | {unaged_reference(seeds, 400)} | |"


_DROPS = (1, 2, 3, 5, 10)
_SLOPES = (0.9, 0.8, 0.7, 0.5, 1.5)
