from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.drift.catalogue import read
from driftwatch.drift.reading import Estimate, Floats
from driftwatch.summaries.layout import Task
from tests.drift import counting as c

SCALE = 25.0


def _read(current: Floats, reference: Floats | None = None) -> dict[str, Estimate]:
    """From residuals; labels are zero."""
    part = c.labels_part(residuals=(7,))
    past, now = (
        c.residual_block(e, np.zeros_like(e), SCALE)
        for e in (current if reference is None else reference, current)
    )
    layout = c.layout(Task.REGRESSION, part, scale=SCALE)
    return dict(read(c.pair_of(part, past, now, layout=layout)))


def _residuals(seed: int, n: int, bias: float = 0.0, noise: float = 8.0) -> Floats:
    return np.random.default_rng(seed).normal(bias, noise, n)


@given(st.integers(0, 2**32 - 1), st.integers(2, 3_000))
def test_errors_in_the_labels_own_unit(seed: int, n: int) -> None:
    e = _residuals(seed, n, 2.0)
    found = _read(e)
    assert found["mae"].value[0, 0] == pytest.approx(np.abs(e).mean(), abs=SCALE * 1e-6)
    assert found["rmse"].value[0, 0] == pytest.approx(np.sqrt((e**2).mean()), abs=SCALE * 1e-3)
    assert found["bias"].value[0, 0] == pytest.approx(e.mean(), abs=SCALE * 1e-6)
    assert found["mae"].count[0, 0] == n


def test_the_limits_are_those_of_the_raw_means() -> None:
    e = _residuals(3, 4_000, 1.0)
    found = _read(e)
    for name, values in (("mae", np.abs(e)), ("bias", e)):
        half = 1.959964 * values.std(ddof=1) / np.sqrt(4_000)
        assert found[name].upper[0, 0] - found[name].value[0, 0] == pytest.approx(half, rel=1e-3)
    square = e**2
    top = np.sqrt(square.mean() + 1.959964 * square.std(ddof=1) / np.sqrt(4_000))
    assert found["rmse"].upper[0, 0] == pytest.approx(top, rel=1e-4)


def test_the_limits_cover() -> None:
    hits = {"mae": 0, "rmse": 0, "bias": 0}
    truth = {"mae": 8 * np.sqrt(2 / np.pi), "rmse": 8.0, "bias": 0.0}
    for seed in range(600):
        found = _read(_residuals(seed, 300))
        for name in hits:
            hits[name] += bool(found[name].lower[0, 0] <= truth[name] <= found[name].upper[0, 0])
    assert all(0.92 < hit / 600 < 0.98 for hit in hits.values()), hits


def test_a_single_label_says_nothing_of_its_own_error() -> None:
    found = _read(np.array([3.0]))
    assert all(np.isnan(found[name].value[0, 0]) for name in ("mae", "rmse", "bias", "mae_decay"))


def test_decay_is_positive_when_it_got_worse_and_bias_counts_in_both_directions() -> None:
    past = _residuals(1, 3_000, bias=1.0, noise=4.0)
    for bias in (6.0, -6.0):
        found = _read(_residuals(2, 3_000, bias=bias, noise=9.0), past)
        for name in ("mae_decay", "rmse_decay", "bias_decay"):
            assert 0 < found[name].lower[0, 0] < found[name].value[0, 0] < found[name].upper[0, 0], name
    found = _read(_residuals(2, 3_000, bias=0.0, noise=4.0), past)
    assert found["bias_decay"].upper[0, 0] < 0


def test_perfect_predictions_have_no_error() -> None:
    found = _read(np.zeros(50))
    for name in ("mae", "rmse", "bias"):
        assert found[name].value[0, 0] == found[name].lower[0, 0] == found[name].upper[0, 0] == 0


@given(st.integers(0, 2**32 - 1), st.integers(1, 500))
def test_mape_is_that_of_the_labels_that_are_not_zero(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    labels = rng.integers(-3, 4, n).astype(float)
    predicted = labels + rng.normal(size=n)
    part = c.labels_part(residuals=(7,))
    block = c.residual_block(predicted, labels, 1.0)
    found = read(c.pair_of(part, block, block, layout=c.layout(Task.REGRESSION, part)))["mape"]
    some = labels != 0
    assert found.count[0, 0] == some.sum()
    if some.any():
        truth = np.mean(np.abs((predicted - labels)[some] / labels[some]))
        assert found.value[0, 0] == pytest.approx(truth, abs=1e-6)
    else:
        assert np.isnan(found.value[0, 0])
