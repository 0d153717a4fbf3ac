from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from driftwatch.drift.catalogue import read
from driftwatch.drift.quadratic import EVENTS_MIN
from driftwatch.drift.reading import Estimate, Floats
from tests.drift import counting as c

NAMES = ("cramer_von_mises", "anderson_darling")
SAMPLES = st.lists(st.integers(-20, 20).map(lambda i: i / 4), min_size=1, max_size=60).map(np.array)


def _read(reference: Floats, current: Floats) -> dict[str, Estimate]:
    """On cells of single values of both samples together."""
    both = np.unique(np.concatenate([reference, current]))
    field = c.edged("x", 0, both, both.tolist())
    return dict(read(c.numeric_pair(field, reference, current)))


def _plain(reference: Floats, current: Floats, *, weighed: bool) -> float:
    """NM/(N+M)² Σ over all values of (F−G)²[/(H(1−H))], one value after the other."""
    m, n = len(reference), len(current)
    both = np.sort(np.concatenate([reference, current]))
    total = 0.0
    for value in both:
        f, g, h = (np.mean(side <= value) for side in (reference, current, both))
        total += (f - g) ** 2 / (h * (1 - h) if weighed and h < 1 else 1.0) if h < 1 else 0.0
    return total * m * n / (m + n) ** 2


@settings(max_examples=60)
@given(SAMPLES, SAMPLES)
def test_the_statistics_are_sums_over_the_values(reference: Floats, current: Floats) -> None:
    found = _read(reference, current)
    for name, weighed in zip(NAMES, (False, True), strict=True):
        plain = _plain(reference, current, weighed=weighed)
        assert found[name].value[0, 0] == pytest.approx(plain, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize(("m", "n", "by"), [(800, 300, 0.0), (2_000, 500, 0.1), (3_000, 1_000, 0.12)])
def test_without_ties_they_are_scipys(m: int, n: int, by: float) -> None:
    rng = np.random.default_rng(m)
    reference, current = rng.normal(size=m), rng.normal(by, size=n)
    found = _read(reference, current)
    cvm = stats.cramervonmises_2samp(reference, current, method="asymptotic")
    assert found["cramer_von_mises"].value[0, 0] == pytest.approx(cvm.statistic, rel=1e-9)
    assert found["cramer_von_mises_p_value"].value[0, 0] == pytest.approx(cvm.pvalue, rel=0.06, abs=0.003)
    variant = {"variant": "right"} if "variant" in stats.anderson_ksamp.__kwdefaults__ else {"midrank": False}
    random = stats.PermutationMethod(n_resamples=2_000, rng=1)
    ad = stats.anderson_ksamp([reference, current], method=random, **variant)
    assert found["anderson_darling_p_value"].value[0, 0] == pytest.approx(ad.pvalue, abs=0.03)


def test_cells_without_difference_have_a_p_value_of_one_and_few_events_none() -> None:
    values = np.repeat(np.arange(20.0), 3)
    found = _read(values, values)
    assert [found[f"{name}_p_value"].value[0, 0] for name in NAMES] == [1, 1]
    few = _read(values, values[: EVENTS_MIN - 1])
    assert all(np.isnan(few[f"{name}_p_value"].value[0, 0]) for name in NAMES)
    assert all(np.isfinite(few[name].value[0, 0]) for name in NAMES)


@pytest.mark.slow
@pytest.mark.parametrize("ties", [False, True])
def test_p_values_are_below_five_percent_in_five_percent_of_windows(ties: bool) -> None:
    rng = np.random.default_rng(4)

    def draw(size: tuple[int, ...]) -> Floats:
        drawn = rng.random(size)
        return np.floor(drawn**2 * 12) if ties else drawn

    reference, current = draw((100_000,)), draw((4_000, 150))
    field = c.numeric("x", 0, reference)
    counts = np.zeros((4_000, field.cells + 2), np.int64)
    np.add.at(counts, (np.arange(4_000)[:, None], np.searchsorted(field.edges, current)), 1)
    past = np.tile(c.count_numeric(field, reference), (4_000, 1))
    found = read(c.pair_of(c.fields_part(field), past, counts))
    for name in NAMES:
        assert 0.04 < np.mean(found[f"{name}_p_value"].value < 0.05) < 0.06
        assert 0.006 < np.mean(found[f"{name}_p_value"].value < 0.01) < 0.014
