from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from driftwatch.drift.catalogue import read
from driftwatch.drift.psi import EVENTS_PER_CELL
from tests.drift import counting as c


def _read(reference: list[int], current: list[int]) -> dict[str, float]:
    """The statistics of one categorical field with these counts."""
    field = c.categorical("x", 0, [str(i) for i in range(len(reference) - 1)])
    past, now = np.array([*reference, 7, 0]), np.array([*current, 0, 9])
    found = read(c.pair_of(c.fields_part(field), past, now))
    return {name: float(found[name].value[0, 0]) for name in ("psi", "psi_bias", "psi_critical")}


def test_by_hand() -> None:
    found = _read([100, 200, 300], [300, 200, 100])
    p, q = np.array([100.5, 200.5, 300.5]) / 601.5, np.array([300.5, 200.5, 100.5]) / 601.5
    assert found["psi"] == pytest.approx(np.sum((q - p) * np.log(q / p)), rel=1e-12)
    assert found["psi_bias"] == pytest.approx(2 * (1 / 600 + 1 / 600))
    assert found["psi_critical"] == pytest.approx(stats.chi2.ppf(0.95, 2) / 300)


def test_cells_empty_on_both_sides_drop_out() -> None:
    assert _read([100, 0, 200, 0], [150, 0, 90, 0]) == pytest.approx(_read([100, 200], [150, 90]))


def test_a_new_cell_counts_although_the_reference_has_none() -> None:
    assert _read([100, 100, 0], [80, 80, 40])["psi"] > _read([100, 100, 0], [99, 99, 2])["psi"] > 0


@pytest.mark.parametrize(("events", "known"), [(EVENTS_PER_CELL * 2, True), (EVENTS_PER_CELL * 2 - 1, False)])
def test_too_few_events_per_cell_on_either_side_say_nothing(events: int, known: bool) -> None:
    few, many = [events - 10, 10], [500, 500]
    for sides in ((few, many), (many, few)):
        found = _read(*sides)
        assert np.isfinite(found["psi"]) is np.bool_(known)
        assert np.isfinite(found["psi_critical"])


def test_a_single_cell_has_neither_psi_nor_expectation() -> None:
    assert _read([500, 0], [300, 0]) == {"psi": 0.0, "psi_bias": 0.0, "psi_critical": 0.0}


@given(st.lists(st.integers(100, 5_000), min_size=2, max_size=8), st.data())
def test_it_is_symmetric_not_negative_and_independent_of_the_order_of_cells(
    reference: list[int], data: st.DataObject
) -> None:
    current = data.draw(st.lists(st.integers(100, 5_000), min_size=len(reference), max_size=len(reference)))
    value = _read(reference, current)["psi"]
    assert value >= 0
    assert value == pytest.approx(_read(current, reference)["psi"], abs=1e-12)
    assert value == pytest.approx(_read(reference[::-1], current[::-1])["psi"], abs=1e-12)


@pytest.mark.slow
def test_without_drift_it_has_the_stated_mean_and_exceeds_the_critical_value_in_one_window_of_twenty() -> (
    None
):
    rng = np.random.default_rng(3)
    field = c.edged("x", 0, np.array([0.0, 1.0]), [i / 10 for i in range(1, 10)])
    reference = rng.multinomial(20_000, [0.1] * 10)
    windows = rng.multinomial(1_000, [0.1] * 10, size=4_000)
    zeros = np.zeros((4_000, 2), np.int64)
    past, now = np.hstack([np.tile(reference, (4_000, 1)), zeros]), np.hstack([windows, zeros])
    found = read(c.pair_of(c.fields_part(field), past, now))
    assert found["psi"].value.mean() == pytest.approx(found["psi_bias"].value.mean(), rel=0.06)
    assert 0.035 < np.mean(found["psi"].value > found["psi_critical"].value) < 0.065
