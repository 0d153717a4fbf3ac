"""Laws that every statistic of the catalogue keeps."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driftwatch.drift.catalogue import CATALOGUE, NAMES, STATISTICS, applicable, read
from driftwatch.drift.gather import Gather, Side, Sides
from driftwatch.drift.reading import Estimate
from driftwatch.drift.spec import EVERY, StatisticsSpec
from driftwatch.drift.statistic import Kind, Worse
from driftwatch.events.classes import Stream
from tests.drift.worlds import SIZES, WORLDS, blank, rows_of, same

SEEDS = st.integers(0, 2**32 - 1)
worlds = pytest.mark.parametrize("world", WORLDS)


def _numbers(estimate: Estimate) -> tuple[np.ndarray, ...]:
    return estimate.value, estimate.lower, estimate.upper


def test_names_are_unique_and_fit_to_be_metric_names() -> None:
    assert len(set(NAMES)) == len(CATALOGUE) == len(STATISTICS)
    assert all(name.replace("_", "").isalnum() and name == name.lower() for name in NAMES)
    assert STATISTICS["psi"].metric == "driftwatch_psi"


def test_every_statistic_is_computed_in_some_world() -> None:
    assert {name for world in WORLDS.values() for name in read(world(0))} == set(NAMES)


@worlds
def test_the_statistics_read_are_the_applicable_ones_in_the_catalogue_order(world: str) -> None:
    pair = WORLDS[world](3)
    found = read(pair)
    assert list(found) == [s.name for s in applicable(pair.layout, pair.part)]
    for name, estimate in found.items():
        assert estimate.fields == STATISTICS[name].fields(pair.part)


@worlds
@settings(max_examples=25)
@given(seed=SEEDS)
def test_shapes_ranges_and_order_of_limits(world: str, seed: int) -> None:
    pair = WORLDS[world](seed)
    for name, estimate in read(pair).items():
        statistic = STATISTICS[name]
        shape = (len(SIZES), len(estimate.fields))
        assert estimate.count.shape == shape
        assert estimate.count.dtype == np.int64
        assert all(numbers.shape == shape for numbers in _numbers(estimate)), name
        assert not any(np.isinf(numbers).any() for numbers in _numbers(estimate)), name
        value, lower, upper = _numbers(estimate)
        known = np.isfinite(value)
        assert (known == np.isfinite(lower)).all()
        assert (known == np.isfinite(upper)).all()
        slack = 1e-12 + 1e-12 * np.abs(value[known])
        assert (lower[known] <= value[known] + slack).all(), name
        assert (upper[known] >= value[known] - slack).all(), name
        if not statistic.interval:
            assert np.array_equal(lower[known], upper[known]), name
        low, high = statistic.low, statistic.high
        assert low is None or (value[known] >= low - 1e-12).all(), name
        assert high is None or (value[known] <= high + 1e-12).all(), name
        unlimited = statistic.name.endswith("_decay") and statistic.name != "accuracy_decay"
        if not unlimited:
            assert low is None or (lower[known] >= low - 1e-12).all(), name
            assert high is None or (upper[known] <= high + 1e-12).all(), name


@worlds
@settings(max_examples=15)
@given(seed=SEEDS)
def test_a_slice_alone_and_in_a_batch_give_the_same_bits(world: str, seed: int) -> None:
    """E13, and with it: the order of the slices changes nothing."""
    pair = WORLDS[world](seed)
    whole = read(pair)
    order = np.random.default_rng(seed).permutation(len(SIZES)).tolist()
    for rows in ([2], [4], order, [0, 3, 1]):
        for name, estimate in read(rows_of(pair, rows)).items():
            needs = STATISTICS[name].needs
            if needs.slicing or (needs.first_row and rows[0] != 0):
                continue
            for alone, batch in zip(_numbers(estimate), _numbers(whole[name]), strict=True):
                assert alone.tobytes() == np.ascontiguousarray(batch[rows]).tobytes(), name


@worlds
@settings(max_examples=15)
@given(seed=SEEDS)
def test_identical_counts_show_no_drift_and_no_decay(world: str, seed: int) -> None:
    for name, estimate in read(same(WORLDS[world](seed))).items():
        value = estimate.value[np.isfinite(estimate.value)]
        if name in ("psi", "ks_statistic") or name.endswith("_decay"):
            assert np.array_equal(value, np.zeros_like(value)), name
        if name == "accuracy_ratio":
            assert np.array_equal(value, np.ones_like(value))
        if name == "ks_p_value":
            assert np.array_equal(value, np.ones_like(value))


@worlds
def test_without_any_event_nothing_is_known(world: str) -> None:
    """No warning either: the suite turns warnings into errors."""
    pair = WORLDS[world](5)
    for name, estimate in read(blank(pair, pair.part.stream)).items():
        assert np.isnan(estimate.value).all(), name
        assert not estimate.count.any(), name


@worlds
def test_an_empty_side_leaves_comparisons_unknown(world: str) -> None:
    pair = WORLDS[world](6)
    empty = dataclasses.replace(pair, reference=np.zeros_like(pair.reference))
    for name, estimate in read(empty).items():
        compares = name.endswith(("_decay", "_ratio")) or STATISTICS[name].kind is Kind.INPUT
        if compares:
            assert np.isnan(estimate.value).all(), name


@worlds
def test_huge_counts_stay_finite(world: str) -> None:
    pair = WORLDS[world](7)
    factor = 10**9
    huge = dataclasses.replace(pair, reference=pair.reference * factor, current=pair.current * factor)
    ordinary = read(pair)
    for name, estimate in read(huge).items():
        known = np.isfinite(ordinary[name].value)
        assert np.isfinite(estimate.value[known]).all(), name
        if name in ("accuracy", "auc", "mae", "calibration_error", "missing_share", "ks_statistic"):
            assert np.allclose(estimate.value[known], ordinary[name].value[known], rtol=1e-9), name


def test_a_decay_is_positive_when_things_got_worse() -> None:
    for name in NAMES:
        if name.endswith("_decay"):
            assert STATISTICS[name].worse is Worse.UP
            assert STATISTICS[name].kind is Kind.PERFORMANCE


def test_a_kept_reference_gives_the_same_and_confidence_widens() -> None:
    pair = WORLDS["binary"](8)
    side = Side(Gather.of(pair.part), pair.reference)
    every = [EVERY]
    read(pair, StatisticsSpec(also=every), side)
    narrow, wide = (
        read(pair, StatisticsSpec(confidence=0.8, also=every), side),
        read(pair, StatisticsSpec(confidence=0.99, also=every)),
    )
    for name in ("accuracy", "auc", "brier_score", "f1_decay", "accuracy_decay", "accuracy_ratio"):
        a, b = narrow[name], wide[name]
        assert np.array_equal(a.value, b.value, equal_nan=True)
        inside = np.isfinite(a.value) & (a.value > 0) & (a.value < 1) & (a.count > 3)
        assert (b.lower[inside] <= a.lower[inside]).all()
        assert ((b.upper - b.lower)[inside] > (a.upper - a.lower)[inside]).all(), name


def test_coverage_is_left_out_where_predictions_were_not_counted() -> None:
    pair = dataclasses.replace(WORLDS["binary"](9), predicted=None)
    assert "label_coverage" not in read(pair)
    assert np.isnan(STATISTICS["label_coverage"].compute(Sides.of(pair)).value).all()


def test_a_matrix_that_does_not_fit_is_refused() -> None:
    pair = WORLDS["inputs"](1)
    with pytest.raises(ValueError, match="does not fit a part of"):
        read(dataclasses.replace(pair, current=pair.current[:, :-1]))


def test_a_part_of_another_stream_has_other_statistics() -> None:
    pair = WORLDS["inputs"](1)
    features = type(pair.part)(Stream.FEATURES, pair.part.fields, (), pair.part.columns)
    names = {s.name for s in applicable(pair.layout, features)}
    assert "psi" in names
    assert "event_ratio" not in names
