from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy import stats

from driftwatch.drift.catalogue import read
from driftwatch.drift.reading import Ints, Pair
from driftwatch.summaries.layout import Task
from tests.drift import counting as c


def _pair(
    values: list[float], texts: list[str | None], reference_events: int = 1_000, **more: object
) -> Pair:
    number = c.numeric("number", 0, np.linspace(10, 20, 200))
    text = c.categorical("text", number.stop, ["a", "b"])
    past = np.linspace(10, 20, reference_events)
    reference = np.concatenate([c.count_numeric(number, past), c.count_texts(text, ["a"] * reference_events)])
    current = np.concatenate([c.count_numeric(number, np.array(values)), c.count_texts(text, texts)])
    return c.pair_of(c.fields_part(number, text), reference, current, **more)


VALUES = [
    10.0,
    20.0,
    15.0,
    np.nextafter(10.0, 0),
    9.0,
    np.nextafter(20.0, 30),
    np.nan,
    np.inf,
    -np.inf,
    np.nan,
]
TEXTS = ["a", "b", "new", "newer", None, "a", "a", "a", "a", "__other__"]


def test_shares_count_what_they_say() -> None:
    found = read(_pair(VALUES, TEXTS))
    assert found["missing_share"].fields == ("number", "text")
    assert found["missing_share"].value.tolist() == [[0.2, 0.1]]
    assert found["invalid_share"].value.tolist() == [[0.2, 0.0]]
    assert found["unseen_share"].fields == ("text",)
    assert found["unseen_share"].value.tolist() == [[0.3]]
    assert found["out_of_range_share"].fields == ("number",)
    assert found["out_of_range_share"].value.tolist() == [[0.5]]
    assert found["out_of_range_share"].count.tolist() == [[6]]
    assert found["missing_share"].count.tolist() == [[10, 10]]


def test_shares_have_wilsons_interval() -> None:
    found = read(_pair(VALUES, TEXTS))["missing_share"]
    expected = stats.binomtest(2, 10).proportion_ci(0.95, method="wilson")
    assert found.lower[0, 0] == pytest.approx(expected.low)
    assert found.upper[0, 0] == pytest.approx(expected.high)


def test_a_layout_that_is_not_cut_at_the_range_does_not_know_it() -> None:
    field = c.edged("x", 0, np.array([0.0, 1.0]), [0.5, 0.7])
    found = read(c.numeric_pair(field, np.linspace(0, 1, 100), np.full(100, 7.0)))["out_of_range_share"]
    assert np.isnan(found.value).all()


def test_all_missing_is_a_share_of_one_and_no_range() -> None:
    found = read(_pair([np.nan] * 50, [None] * 50))
    assert found["missing_share"].value.tolist() == [[1.0, 1.0]]
    assert np.isnan(found["out_of_range_share"].value).all()
    assert found["unseen_share"].value.tolist() == [[0.0]]
    assert np.isnan(found["psi"].value).all()
    assert np.isnan(found["ks_statistic"].value).all()


def test_the_event_ratio_compares_rates() -> None:
    """1 000 events in 10 hours, 50 in the window of one hour: half the usual rate."""
    found = read(_pair([15.0] * 50, ["a"] * 50))["event_ratio"]
    assert found.fields == ("",)
    assert found.value[0, 0] == pytest.approx(0.5)
    assert 0.3 < found.lower[0, 0] < 0.5 < found.upper[0, 0] < 0.7
    assert found.count[0, 0] == 100


def test_silence_is_a_number_that_rests_on_the_events_that_should_have_come() -> None:
    found = read(_pair([], []))["event_ratio"]
    assert found.value[0, 0] == found.lower[0, 0] == 0
    assert 0 < found.upper[0, 0] < 0.05
    assert found.count[0, 0] == 100


def test_without_event_times_the_rate_is_unknown() -> None:
    found = read(_pair([15.0] * 50, ["a"] * 50, reference_span_ms=0))["event_ratio"]
    assert np.isnan(found.value).all()
    assert found.count[0, 0] == 50


def _labels(matched: Ints, predicted: Ints) -> Pair:
    part = c.labels_part(quality=(3,))
    counts = np.zeros((len(matched), 3), np.int64)
    counts[:, 2] = matched
    pair = c.pair_of(part, counts, counts, Task.REGRESSION)
    return dataclasses.replace(pair, predicted=predicted)


def test_coverage_is_labels_per_prediction_and_may_pass_one() -> None:
    found = read(_labels(np.array([50, 0, 30]), np.array([200, 0, 20])))["label_coverage"]
    assert np.array_equal(found.value[:, 0], [0.25, np.nan, 1.5], equal_nan=True)
    assert found.count[:, 0].tolist() == [200, 0, 20]


def test_a_constant_column_has_all_in_one_cell() -> None:
    field = c.cut(np.arange(1_000.0))
    past = np.arange(1_000.0)
    for now, share in ((np.full(300, 77.0), 1.0), (np.array([1.0] * 30 + [900.0] * 10), 0.75)):
        found = read(c.numeric_pair(field, past, now))["largest_cell_share"]
        assert found.value[0, 0] == share
        assert found.count[0, 0] == len(now)
    assert np.isnan(read(c.numeric_pair(field, past, np.array([np.nan])))["largest_cell_share"].value).all()
