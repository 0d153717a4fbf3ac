from __future__ import annotations

from fractions import Fraction
from functools import cache
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from driftwatch.drift import raw
from tests.drift import counting as c

# column, current rows: PSI evidently, PSI frouros, PSI classic, JS evidently, JS nannyml (STATISTICS §6, as printed)
GOLDENS = {
    ("car_value", 0, 5_000): ("0.0025875719", "0.0015485985", "0.001371", "0.0179788286", "0.026193"),
    ("car_value", 25_000, 30_000): ("1.5143257632", "1.2145749126", "1.846028", "0.3827713713", "0.464759"),
    ("car_value", 0, 200): ("0.0764851701", "3.5589379427", "0.052721", "0.0938861463", "0.148407"),
    ("y_pred_proba", 0, 5_000): ("0.0066530131", "0.0037429076", "0.002535", "0.0288017452", "0.028933"),
    ("y_pred_proba", 25_000, 30_000): ("0.2861645717", "0.2252602639", "0.312784", "0.1874667553", "0.225486"),
    ("y_pred_proba", 0, 200): ("0.1535335243", "11.1333423457", "0.070314", "0.1243148864", "0.159954"),
    ("debt_to_income_ratio", 0, 5_000): ("0.0054562482", "0.0034610412", "0.002141", "0.0261015621", "0.031661"),
}  # fmt: skip
FUNCTIONS = (raw.psi_evidently, raw.psi_frouros, raw.psi_classic, raw.js_evidently, raw.js_nannyml)
SAMPLES = st.lists(st.integers(-9, 9).map(float), min_size=1, max_size=60).map(np.array)


@pytest.fixture(scope="module")
def data() -> c.CarLoan:
    return c.car_loan()


@pytest.mark.parametrize("place", range(5), ids=[f.__name__ for f in FUNCTIONS])
@pytest.mark.parametrize("rows", GOLDENS, ids=lambda rows: f"{rows[0]} {rows[1]}-{rows[2]}")
def test_the_other_tools_numbers_to_the_last_printed_digit(
    data: c.CarLoan, rows: tuple[str, int, int], place: int
) -> None:
    column, start, stop = rows
    printed = GOLDENS[rows][place]
    found = FUNCTIONS[place](data.reference[column], data.analysis[column][start:stop])
    assert f"{found:.{len(printed.partition('.')[2])}f}" == printed


@pytest.mark.parametrize(
    ("rows", "printed"), [(slice(0, 5_000), "0.0170764806"), (slice(25_000, 30_000), "0.9184300812")]
)
def test_wasserstein_of_the_car_values(data: c.CarLoan, rows: slice, printed: str) -> None:
    found = raw.wasserstein_raw(data.reference["car_value"], data.analysis["car_value"][rows])
    assert f"{found:.10f}" == printed


def test_the_exact_ks_p_value_of_the_car_values(data: c.CarLoan) -> None:
    """0.413467089305891516 by counting all paths that stay inside in 64-bit mantissas, with probabilities instead of counts.

    The list of goldens says …0863; SciPy 1.17.1 prints the number above, so the list's last three digits are wrong.
    """
    found = raw.ks_raw(data.reference["car_value"], data.analysis["car_value"][:5_000])
    assert found.distance == pytest.approx(0.0131, abs=1e-12)
    assert found.p == pytest.approx(0.413467089305891516, rel=1e-12)
    theirs = stats.ks_2samp(data.reference["car_value"], data.analysis["car_value"][:5_000], method="exact")
    assert found.p == pytest.approx(theirs.pvalue, rel=1e-12)


@settings(max_examples=60)
@given(SAMPLES, SAMPLES)
def test_wasserstein_is_scipys(reference: np.ndarray, current: np.ndarray) -> None:
    if reference.std() > 0:
        expected = stats.wasserstein_distance(reference, current) / reference.std()
        assert raw.wasserstein_raw(reference, current) == pytest.approx(expected, abs=1e-9)


def _paths(m: int, n: int, bound: int) -> Fraction:
    """Share of lattice paths that reach |i·n − j·m| ≥ bound, in whole numbers."""

    @cache
    def inside(i: int, j: int) -> int:
        if i < 0 or j < 0 or abs(i * n - j * m) >= bound:
            return 0
        return 1 if i == j == 0 else inside(i - 1, j) + inside(i, j - 1)

    return 1 - Fraction(inside(m, n), comb(m + n, m))


@settings(max_examples=40)
@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 2**32 - 1))
def test_ks_is_the_share_of_paths_exactly(m: int, n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    found = raw.ks_raw(rng.normal(size=m), rng.normal(0.4, size=n))
    assert found.p == pytest.approx(float(_paths(m, n, round(found.distance * m * n))), rel=1e-12)


def test_ks_of_large_samples_is_scipys_exact_one_and_of_equal_ones_certain() -> None:
    rng = np.random.default_rng(3)
    reference, current = rng.normal(size=3_000), rng.normal(0.05, size=700)
    expected = stats.ks_2samp(reference, current, method="exact")
    found = raw.ks_raw(reference, current)
    assert found == pytest.approx((expected.statistic, expected.pvalue), rel=1e-6)
    assert raw.ks_raw(reference, reference) == (0.0, 1.0)


def test_few_distinct_values_are_counted_by_value() -> None:
    p, q = raw.evidently_shares(np.array([1.0, 1.0, 2.0, 3.0]), np.array([2.0, 4.0]))
    assert p.tolist() == [0.5, 0.25, 0.25, 0.0]
    assert q.tolist() == [0.0, 0.5, 0.0, 0.5]
