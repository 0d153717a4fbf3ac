from __future__ import annotations

import numpy as np
import pytest

from driftwatch.drift.age_matched import REFERENCE_MIN
from driftwatch.drift.catalogue import read
from driftwatch.drift.reading import Estimate
from driftwatch.summaries.layout import FIXED_POINT, Task
from tests.drift import counting as c


def _read(reference: list, current: list, task: Task = Task.BINARY, **more: object) -> Estimate:
    part = c.labels_part(ages=(3, 2))
    layout = c.layout(task, part, scale=2.0)
    past, now = np.array(reference).ravel(), np.array(current).ravel()
    name = "mae" if task is Task.REGRESSION else "accuracy"
    return read(c.pair_of(part, past, now, layout=layout, **more))[f"{name}_decay_age_matched"]


def test_fewer_young_labels_are_no_decay() -> None:
    """Old labels have 10 % errors, young ones 2 %: with most young ones gone the plain error rate triples."""
    reference = [[9_000, 180], [1_000, 100], [0, 0]]
    found = _read(reference, [[100, 2], [900, 90], [0, 0]])
    assert found.value[0, 0] == pytest.approx(0)
    assert found.lower[0, 0] < 0 < found.upper[0, 0]
    worse = _read(reference, [[100, 4], [900, 180], [0, 0]])
    assert worse.value[0, 0] == pytest.approx(0.1 * 0.02 + 0.9 * 0.1)
    assert worse.lower[0, 0] > 0.05


@pytest.mark.parametrize(("foreign", "known"), [(90, True), (150, False)])
def test_labels_of_ages_that_the_reference_has_not_seen_are_left_out_or_say_nothing(
    foreign: int, known: bool
) -> None:
    few = REFERENCE_MIN - 1
    found = _read([[9_000, 180], [1_000, 100], [few, few]], [[500, 10], [500, 50], [foreign, foreign]])
    assert bool(np.isfinite(found.value[0, 0])) is known
    if known:
        assert found.value[0, 0] == pytest.approx(0)


def test_a_reference_without_times_knows_no_ages() -> None:
    assert np.isnan(
        _read([[9_000, 180], [0, 0], [0, 0]], [[500, 10], [0, 0], [0, 0]], reference_span_ms=0).value
    )
    assert np.isnan(_read([[9_000, 180], [0, 0], [0, 0]], [[0, 0], [500, 90], [0, 0]]).value)
    assert np.isnan(_read([[9_000, 180], [0, 0], [0, 0]], [[0, 0], [0, 0], [0, 0]]).value)


def test_the_absolute_error_in_the_labels_unit() -> None:
    one = FIXED_POINT
    found = _read(
        [[1_000, 500 * one], [1_000, 900 * one], [0, 0]],
        [[10, 6 * one], [30, 33 * one], [0, 0]],
        Task.REGRESSION,
    )
    assert found.value[0, 0] == pytest.approx(2.0 * (0.25 * 0.1 + 0.75 * 0.2))
    assert found.count[0, 0] == 40


@pytest.mark.slow
def test_the_interval_covers_the_truth() -> None:
    rng = np.random.default_rng(5)
    part = c.labels_part(ages=(3, 2))
    windows = 3_000
    sides = []
    for sizes, rates in (((4_000, 800, 300), (0.02, 0.06, 0.1)), ((120, 100, 80), (0.03, 0.08, 0.1))):
        labels = np.tile(sizes, (windows, 1))
        sides.append(np.stack([labels, rng.binomial(labels, rates)], axis=2).reshape(windows, 6))
    found = read(c.pair_of(part, *sides))["accuracy_decay_age_matched"]
    truth = 0.4 * 0.01 + (1 / 3) * 0.02
    assert 0.94 < ((found.lower <= truth) & (truth <= found.upper)).mean() < 0.985
