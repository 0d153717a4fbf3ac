from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from driftwatch.drift import raw
from driftwatch.drift.catalogue import STATISTICS, read
from driftwatch.drift.spec import StatisticsSpec
from driftwatch.drift.variants import VARIANTS, lacking, refusal, statistics_of
from driftwatch.summaries.layout import Scheme
from tests.drift import counting as c

SAMPLES = st.lists(st.integers(-30, 30).map(lambda i: i / 4), min_size=2, max_size=150).map(np.array)
ROWS = [
    ("car_value", slice(0, 5_000)), ("car_value", slice(25_000, 30_000)), ("car_value", slice(0, 200)),
    ("y_pred_proba", slice(0, 5_000)), ("y_pred_proba", slice(25_000, 30_000)), ("y_pred_proba", slice(0, 200)),
    ("debt_to_income_ratio", slice(0, 5_000)),
]  # fmt: skip


@pytest.fixture(scope="module")
def data() -> c.CarLoan:
    return c.car_loan()


def _read(reference: np.ndarray, current: np.ndarray, scheme: Scheme, name: str) -> float:
    field = c.cut(reference, fields={"x": {"scheme": scheme}})
    found = read(c.numeric_pair(field, reference, current), StatisticsSpec(also=[name]))
    return float(found[name].value[0, 0])


@pytest.mark.parametrize(("column", "rows"), ROWS)
def test_layouts_cut_for_them_give_the_golden_numbers(data: c.CarLoan, column: str, rows: slice) -> None:
    """The raw functions are held against what the tools print; counts give the same."""
    reference, current = data.reference[column], data.analysis[column][rows]
    found = _read(reference, current, Scheme.DECILES, "psi_classic")
    assert found == pytest.approx(raw.psi_classic(reference, current), rel=1e-12)
    found = _read(reference, current, Scheme.DOANE, "js_nannyml")
    assert found == pytest.approx(raw.js_nannyml(reference, current), rel=1e-9)


@settings(max_examples=60)
@given(SAMPLES, SAMPLES)
def test_counts_give_what_raw_values_give(reference: np.ndarray, current: np.ndarray) -> None:
    found = _read(reference, current, Scheme.DECILES, "psi_classic")
    assert found == pytest.approx(raw.psi_classic(reference, current), rel=1e-9, abs=1e-12)
    if len(np.unique(reference)) > 1:
        found = _read(reference, current, Scheme.DOANE, "js_nannyml")
        assert found**2 == pytest.approx(raw.js_nannyml(reference, current) ** 2, abs=1e-9)


def test_categories_against_the_reference_as_truth(data: c.CarLoan) -> None:
    """salary_range: PSI, χ² and p as evidently prints them."""
    reference = data.reference["salary_range"]
    field = c.categorical("x", 0, sorted(set(reference.tolist())))
    past = c.count_texts(field, reference.tolist())
    printed = {
        (0, 5_000): {"psi_classic": "0.000227", "chi2_fit_statistic": "1.137642", "chi2_fit_p_value": "0.767996",
                          "l_infinity": "0.006160", "total_variation": "0.006300"},
        (25_000, 30_000): {"psi_classic": "0.225121", "chi2_fit_statistic": "464.555143", "total_variation": "0.091560"},
    }  # fmt: skip
    for rows, numbers in printed.items():
        now = c.count_texts(field, data.analysis["salary_range"][slice(*rows)].tolist())
        found = read(c.pair_of(c.fields_part(field), past, now))
        assert {name: f"{found[name].value[0, 0]:.6f}" for name in numbers} == numbers


@given(st.lists(st.tuples(st.integers(1, 500), st.integers(0, 300)), min_size=2, max_size=8))
def test_goodness_of_fit_is_scipys(cells: list[tuple[int, int]]) -> None:
    past, now = (np.array([*(cell[side] for cell in cells), 0]) for side in (0, 1))
    field = c.categorical("x", 0, [str(i) for i in range(len(cells))])
    found = read(c.pair_of(c.fields_part(field), np.append(past, [0, 0]), np.append(now, [0, 0])))
    if now.sum():
        expected = stats.chisquare(now[:-1], past[:-1] / past.sum() * now.sum())
        assert found["chi2_fit_statistic"].value[0, 0] == pytest.approx(
            expected.statistic, rel=1e-9, abs=1e-9
        )
        assert found["chi2_fit_p_value"].value[0, 0] == pytest.approx(expected.pvalue, rel=1e-6, abs=1e-12)


def test_a_new_category_has_no_fit() -> None:
    field = c.categorical("x", 0, ["a", "b"])
    found = read(c.pair_of(c.fields_part(field), np.array([50, 50, 0, 0, 0]), np.array([5, 5, 1, 0, 0])))
    assert np.isnan(found["chi2_fit_statistic"].value).all()
    assert np.isnan(found["chi2_fit_p_value"].value).all()


def test_every_variant_has_a_statistic_or_says_why_not() -> None:
    for statistic, known in VARIANTS.items():
        for name, variant in known.items():
            assert (variant.statistic in STATISTICS) is not bool(variant.why_not)
            assert bool(refusal(statistic, name)) is bool(variant.why_not)
    assert statistics_of({"psi": "classic", "js": "evidently-0.7", "ks": "no"}) == ["psi_classic"]


@pytest.mark.parametrize(
    ("statistic", "name", "says"),
    [
        ("psi", "evidently-0.7", "driftwatch.drift.raw.psi_evidently`; there is classic"),
        ("psi", "clasic", "there are classic, evidently-0.7, frouros-0.9"),
        ("wasserstein", "x", "there are some of psi, js, ks, chi2"),
    ],
)
def test_what_cannot_be_had_says_what_there_is(statistic: str, name: str, says: str) -> None:
    assert says in refusal(statistic, name)


def test_a_layout_without_the_cells_says_which_has_them() -> None:
    values = np.arange(50.0)
    plain, cut = c.cut(values), c.cut(values, fields={"x": {"scheme": "deciles"}})
    assert "write `cells: {fields: {x: {scheme: deciles}}}`" in lacking("psi", "classic", [plain])
    assert "x: {scheme: exact}" in lacking("ks", "exact", [plain])
    assert lacking("psi", "classic", [plain, cut]) == lacking("chi2", "evidently-0.7", [plain]) == ""
    assert lacking("psi", "classic", [c.categorical("c", 0, ["a"])]) == ""
