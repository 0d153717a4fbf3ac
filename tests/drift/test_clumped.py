from __future__ import annotations

import numpy as np
import pytest

from driftwatch.drift.clumped import PANES_MIN, Z_MAX, dispersion, error_clumping, widened
from driftwatch.drift.intervals import normal, wilson, z_of
from driftwatch.references.panes import collect, no_panes
from driftwatch.summaries.layout import Task
from tests.drift import counting as c


def clumped(rng: np.random.Generator, panes: int, clumps: int, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Panes of clumps of labels that are all right or all wrong."""
    wrong = rng.binomial(clumps, 0.1, size=panes) * size
    return np.full(panes, clumps * size), wrong


@pytest.mark.parametrize("size", [4, 10])
def test_the_size_of_a_clump_comes_out(size: int) -> None:
    labels, errors = clumped(np.random.default_rng(1), 2_000, 30, size)
    assert dispersion(labels, errors) == pytest.approx(size, rel=0.1)


def test_independent_labels_hardly_ever_widen_anything() -> None:
    rng = np.random.default_rng(2)
    factors = [dispersion(*clumped(rng, 50, 300, 1)) for _ in range(1_000)]
    assert np.mean(np.array(factors) > 1) < 0.05


def test_too_few_panes_or_no_errors_say_nothing() -> None:
    labels, errors = clumped(np.random.default_rng(3), PANES_MIN - 1, 30, 10)
    assert dispersion(labels, errors) == 1
    assert dispersion(np.full(50, 10), np.zeros(50, int)) == 1


@pytest.mark.parametrize("factor", [1.0, 2.5, 9.0])
def test_a_widened_interval_is_that_of_fewer_labels(factor: float) -> None:
    level = widened(0.95, factor)
    assert z_of(level) == pytest.approx(z_of(0.95) * np.sqrt(factor), rel=1e-6)
    fewer = normal(np.array([0.3]), np.array([0.01 * factor]), 0.95)
    assert normal(np.array([0.3]), np.array([0.01]), level).upper == pytest.approx(fewer.upper, rel=1e-6)
    n, k = int(900 / factor), int(90 / factor)
    assert wilson(np.array([90]), np.array([900]), level).lower == pytest.approx(
        wilson(np.array([k]), np.array([n]), 0.95).lower, abs=1e-6
    )


def test_the_level_stays_a_level() -> None:
    assert z_of(widened(0.95, 1e9)) == pytest.approx(Z_MAX, rel=1e-3)
    assert widened(0.95, 1.0) == 0.95


@pytest.mark.slow
def test_clumped_labels_leave_the_plain_interval_and_not_the_widened_one() -> None:
    """2 000 windows of 100 clumps of 8: a stated 95 % holds the truth in about 95 %, the plain one in far fewer."""
    rng = np.random.default_rng(4)
    labels, errors = clumped(rng, 500, 100, 8)
    level = widened(0.95, dispersion(labels, errors))
    n, wrong = clumped(rng, 2_000, 100, 8)

    def holds(confidence: float) -> float:
        found = wilson(wrong, n, confidence)
        return float(np.mean((found.lower <= 0.1) & (found.upper >= 0.1)))

    assert holds(0.95) < 0.6
    assert 0.92 < holds(level) < 0.98, "φ̂ of 500 panes is good to 6 %"


def test_the_errors_of_row_0_are_read_from_sparse_panes() -> None:
    part = c.labels_part(confusion=(2, 2), ages=(3, 2))
    ages = part.block("ages")
    assert ages is not None
    rng = np.random.default_rng(5)
    labels, errors = clumped(rng, 60, 20, 6)

    def add(matrix: np.ndarray, places: np.ndarray) -> None:
        (pane,) = places
        matrix[0, ages.start : ages.stop] = [labels[pane] - 5, errors[pane], 0, 0, 5, 0]
        matrix[1, ages.start : ages.stop] = 7
        matrix[0, 0] = 99

    panes = collect(np.arange(60) * 1_000, 1_000, 0, (2, part.columns), add)
    layout = c.layout(Task.BINARY, part)
    assert error_clumping(layout, part, panes) == pytest.approx(dispersion(labels, errors))
    assert error_clumping(layout, part, panes) > 3
    assert error_clumping(layout, part, no_panes(1_000)) == 1
    assert error_clumping(c.layout(Task.REGRESSION, part), part, panes) == 1
