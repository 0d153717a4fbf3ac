"""The model learns the calm world, fails after the downturn, and a new one learns what holds then."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from driftwatch.demo.model import fit
from driftwatch.demo.world import DRIFTING_COUNTRY, STEP_MS, World

HOUR_MS = 60 * STEP_MS
CALM = World(seed=11)
GROSS = replace(CALM, gross_from_ms=0)
DOWN = replace(GROSS, downturn_from_ms=0)
MODEL = fit("1", CALM.stretch(0, 6 * HOUR_MS))
LATER = (20 * HOUR_MS, 23 * HOUR_MS)


def test_it_beats_chance_on_loans_that_it_has_not_seen() -> None:
    loans = CALM.stretch(*LATER)
    chance = max(float(loans.defaulted.mean()), 1 - float(loans.defaulted.mean()))
    assert MODEL.accuracy(loans) > chance + 0.08
    assert MODEL.accuracy(loans) > 0.8


def test_its_probabilities_are_calibrated_on_calm_loans() -> None:
    loans = CALM.stretch(*LATER)
    p = MODEL.probability(loans)
    assert float(p.mean()) == pytest.approx(float(loans.defaulted.mean()), abs=0.02)
    sure = p > 0.8
    assert float(loans.defaulted[sure].mean()) == pytest.approx(float(p[sure].mean()), abs=0.04)


def test_gross_incomes_hurt_it_in_their_country_only_a_little_overall() -> None:
    loans = GROSS.stretch(*LATER)
    there = loans.country == DRIFTING_COUNTRY
    assert MODEL.accuracy(loans.where(there)) < MODEL.accuracy(loans.where(~there)) - 0.03
    assert MODEL.accuracy(loans) > MODEL.accuracy(CALM.stretch(*LATER)) - 0.03


def test_the_downturn_ruins_it_and_a_new_model_recovers() -> None:
    loans = DOWN.stretch(*LATER)
    assert MODEL.accuracy(loans) < MODEL.accuracy(CALM.stretch(*LATER)) - 0.2
    new = fit("2", DOWN.stretch(0, HOUR_MS))
    assert new.version == "2"
    assert new.accuracy(loans) > 0.78


def test_the_fit_is_where_the_likelihood_is_greatest() -> None:
    loans = CALM.stretch(0, HOUR_MS)
    model = fit("1", loans)

    def penalised(weights: np.ndarray[tuple[int], np.dtype[np.float64]]) -> float:
        p = replace(model, weights=weights).probability(loans)
        log_likelihood = np.where(loans.defaulted, np.log(p), np.log1p(-p)).sum()
        return float(log_likelihood - 0.5e-3 * len(loans) * (weights**2).sum())

    best = penalised(model.weights)
    rng = np.random.default_rng(1)
    for _ in range(20):
        assert penalised(model.weights + rng.normal(0, 0.05, len(model.weights))) < best


def test_one_outcome_alone_is_refused() -> None:
    loans = CALM.stretch(0, HOUR_MS)
    with pytest.raises(ValueError, match="loans that did not"):
        fit("2", loans.where(loans.defaulted))
