"""Baselines: shares per slot by the stated rule, tolerance from wander, clumping assumed where it cannot be learned."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest

from driftwatch.evidence.baseline import (
    ASSUMED,
    DAY,
    HOUR_MS,
    WEEK,
    Baseline,
    Panes,
    PaneShares,
    assumed,
    events_per_independent,
    learn,
)
from driftwatch.evidence.odds import half_widths

PANE_MS = 3_600_000
STARTS = np.array([0, 2])
"""Two watches: of two indicators and of one."""
SMALLEST = np.array([0.02, 0.005])


def panes_of(hits: np.ndarray, sizes: np.ndarray, width_ms: int = PANE_MS) -> Panes:
    """One row; hits [panes, 3], sizes [panes, 2]."""

    def made() -> Iterable[PaneShares]:
        for number, (h, n) in enumerate(zip(hits, sizes, strict=True)):
            yield PaneShares(number * width_ms, np.array([0]), h[None], n[None])

    return made


def learned(hits: np.ndarray, sizes: np.ndarray, width_ms: int = PANE_MS) -> Baseline:
    totals = hits.sum(axis=0)[None], sizes.sum(axis=0)[None]
    return learn(STARTS, 3, totals, SMALLEST, panes_of(hits, sizes, width_ms), width_ms)


def drawn(hours: int, share: np.ndarray, events: int = 500, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """The first watch follows `share`, the second is constant."""
    rng = np.random.default_rng(seed)
    first = rng.binomial(events, share[:hours])
    hits = np.stack([first, rng.binomial(events, 0.6, hours), rng.binomial(events, 0.01, hours)], axis=1)
    return hits, np.full((hours, 2), events)


def test_a_constant_share_has_one_slot_and_the_least_tolerance() -> None:
    hits, sizes = drawn(24 * 28, np.full(24 * 28, 0.3))
    found = learned(hits, sizes)
    assert (found.slots, found.slotted.tolist()) == (1, [False, False])
    assert found.spread.tolerance[0].tolist() == [0.02, 0.005]
    assert found.spread.learned.all()
    assert found.shares()[0] == pytest.approx([0.3, 0.6, 0.01], abs=0.01)


def test_a_daily_wave_gets_a_share_per_hour_of_the_day() -> None:
    hours = np.arange(24 * 28)
    hits, sizes = drawn(len(hours), 0.3 + 0.1 * np.sin(2 * np.pi * hours / 24))
    found = learned(hits, sizes)
    assert (found.slots, found.slotted.tolist()) == (DAY, [True, False])
    assert found.spread.tolerance[0, 0] < 0.03
    assert found.shares(found.slot(6 * HOUR_MS))[0, 0] == pytest.approx(0.4, abs=0.02)
    assert found.shares(found.slot(18 * HOUR_MS))[0, 0] == pytest.approx(0.2, abs=0.02)
    assert found.shares(6)[0, 2] == found.shares(18)[0, 2], "a watch without slots has one share"


def test_a_weekly_rhythm_gets_a_share_per_hour_of_the_week() -> None:
    hours = np.arange(24 * 28)
    hits, sizes = drawn(len(hours), np.where(hours // 24 % 7 < 5, 0.3, 0.5))
    assert learned(hits, sizes).slots == WEEK


def test_with_fewer_than_three_cycles_the_tolerance_grows_instead() -> None:
    hours = np.arange(48)
    hits, sizes = drawn(48, 0.3 + 0.1 * np.sin(2 * np.pi * hours / 24))
    found = learned(hits, sizes)
    assert found.slots == 1
    assert found.spread.tolerance[0, 0] == pytest.approx(3.5 * 0.1 / np.sqrt(2), rel=0.2)


def test_panes_wider_than_an_hour_have_no_slots() -> None:
    hours = np.arange(24 * 28)
    hits, sizes = drawn(len(hours), 0.3 + 0.1 * np.sin(2 * np.pi * hours / 24))
    assert learned(hits, sizes, width_ms=2 * HOUR_MS).slots == 1


def test_bounds_are_share_tolerance_and_uncertainty() -> None:
    hits, sizes = drawn(200, np.full(200, 0.3))
    found = learned(hits, sizes)
    up, down = found.bounds()
    factor = found.spread.factor[0, 0]
    above, below = half_widths(hits[:, 0].sum() / factor, sizes[:, 0].sum() / factor, 2)
    share = hits[:, 0].sum() / sizes[:, 0].sum()
    assert up[0, 0] == pytest.approx(share + 0.02 + above)
    assert down[0, 0] == pytest.approx(share - 0.02 - below)


def test_without_panes_clumping_is_assumed_and_said_so() -> None:
    hits, sizes = drawn(200, np.full(200, 0.3))
    found = learn(STARTS, 3, (hits.sum(axis=0)[None], sizes.sum(axis=0)[None]), SMALLEST, list, PANE_MS)
    assert not found.spread.learned.any()
    assert found.spread.factor.tolist() == [[1 + ASSUMED] * 2]
    sizes_now = np.array([[100.0, 1_000.0]])
    assert events_per_independent(found.spread, sizes_now)[0] == pytest.approx([4.0, 31.0])


def test_events_per_independent_one_never_exceed_the_events() -> None:
    spread = assumed(1, SMALLEST)
    found = events_per_independent(spread, np.array([[0.0, 2.0]]))
    assert found[0] == pytest.approx([1.0, 1.06])
    clumped = type(spread)(np.full((1, 2), 10.0), np.full((1, 2), 50.0), spread.tolerance, spread.learned)
    assert events_per_independent(clumped, np.array([[5.0, 500.0]])).tolist() == [[5.0, 500.0]]


def test_a_few_panes_are_not_enough_to_believe_in_independence() -> None:
    hits, sizes = drawn(10, np.full(10, 0.3))
    found = learned(hits, sizes)
    assert not found.spread.learned.any()
    assert (found.spread.factor >= 1 + ASSUMED * 499).all()


def test_an_indicator_that_hardly_occurs_does_not_speak_for_its_watch() -> None:
    """One clump of three in 100 000 events is no measure of clumping."""
    hits, sizes = drawn(200, np.full(200, 0.3))
    hits[:, 1] = 0
    hits[7, 1] = 3
    assert learned(hits, sizes).spread.factor[0, 0] < 1.5
