"""The world is a function of seed and time, and its two turning points do what the story says."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest
from numpy.typing import NDArray

from driftwatch.demo.world import (
    COUNTRIES,
    DRIFTING_COUNTRY,
    GROSS_TO_NET,
    LABELLED_SHARE,
    NEVER,
    STEP_MS,
    Loans,
    World,
    together,
)

START_MS = 1_700_000_040_000
HOUR_MS = 60 * STEP_MS
TURN_MS = START_MS + 6 * HOUR_MS
CALM = World(seed=7)


def equal(a: Loans, b: Loans) -> bool:
    return all(
        np.array_equal(x, y, equal_nan=x.dtype.kind == "f")
        for x, y in ((getattr(a, f.name), getattr(b, f.name)) for f in fields(Loans))
    )


def share(chosen: NDArray[np.bool_]) -> float:
    return float(np.mean(chosen))


def test_the_same_seed_gives_the_same_loans_and_another_seed_others() -> None:
    assert equal(CALM.step(5), World(seed=7).step(5))
    assert not equal(CALM.stretch(0, HOUR_MS), World(seed=8).stretch(0, HOUR_MS))


def test_a_stretch_is_its_steps_in_the_order_of_time() -> None:
    loans = CALM.stretch(START_MS, START_MS + HOUR_MS)
    steps = [CALM.step(START_MS // STEP_MS + i) for i in range(60)]
    assert equal(loans, together(steps))
    assert (np.diff(loans.time_ms) >= 0).all()
    assert loans.time_ms[0] >= START_MS
    assert loans.time_ms[-1] < START_MS + HOUR_MS


def test_the_rate_holds_over_a_day_and_swings_inside_it() -> None:
    counts = np.array([len(CALM.step(i)) for i in range(1_440)])
    assert counts.mean() == pytest.approx(CALM.per_minute, rel=0.02)
    assert counts[:120].mean() < 0.9 * CALM.per_minute
    assert counts[660:780].mean() > 1.1 * CALM.per_minute


def test_calm_values_are_plausible() -> None:
    loans = CALM.stretch(START_MS, TURN_MS)
    assert share(loans.country == DRIFTING_COUNTRY) == pytest.approx(0.2, abs=0.02)
    assert set(loans.country.tolist()) == set(COUNTRIES)
    assert np.median(loans.income) == pytest.approx(2_400, rel=0.03)
    assert np.median(loans.debt_ratio) == pytest.approx(0.28, rel=0.03)
    assert loans.age.min() >= 18
    assert share(loans.defaulted) == pytest.approx(0.3, abs=0.03)
    assert share(np.isnan(loans.employment_years)) == pytest.approx(0.02, abs=0.01)


def test_labels_come_later_and_some_never() -> None:
    loans = CALM.stretch(START_MS, TURN_MS)
    known = loans.label_ms != NEVER
    delays_ms = loans.label_ms[known] - loans.time_ms[known]
    assert share(known) == pytest.approx(LABELLED_SHARE, abs=0.02)
    assert delays_ms.min() >= 5 * STEP_MS
    assert delays_ms.max() <= 120 * STEP_MS


def test_gross_incomes_move_two_features_of_one_country_and_nothing_else() -> None:
    calm = CALM.stretch(START_MS, TURN_MS + 6 * HOUR_MS)
    moved = replace(CALM, gross_from_ms=TURN_MS).stretch(START_MS, TURN_MS + 6 * HOUR_MS)
    touched = (calm.country == DRIFTING_COUNTRY) & (calm.time_ms >= TURN_MS)
    assert 0 < touched.sum() < len(calm)
    assert np.allclose(moved.income[touched], calm.income[touched] * GROSS_TO_NET, atol=0.01)
    assert np.allclose(moved.debt_ratio[touched], calm.debt_ratio[touched] / GROSS_TO_NET, atol=1e-4)
    assert equal(moved.where(~touched), calm.where(~touched))
    same = replace(moved, income=calm.income, debt_ratio=calm.debt_ratio)
    assert equal(same, calm)


def test_the_downturn_moves_only_who_defaults() -> None:
    calm = CALM.stretch(START_MS, TURN_MS + 6 * HOUR_MS)
    down = replace(CALM, downturn_from_ms=TURN_MS).stretch(START_MS, TURN_MS + 6 * HOUR_MS)
    before = calm.time_ms < TURN_MS
    assert equal(replace(down, defaulted=calm.defaulted), calm)
    assert equal(down.where(before), calm.where(before))
    rich = (calm.income > 3_500) & ~before
    assert share(calm.defaulted[rich]) < 0.15
    assert share(down.defaulted[rich]) > 0.6
