from __future__ import annotations

import numpy as np
import pytest

from driftwatch.drift.catalogue import read
from driftwatch.drift.gather import Sides
from driftwatch.drift.post_stratified import bare_strata
from driftwatch.drift.reading import Pair
from driftwatch.summaries.layout import Task
from tests.drift import counting as c


def _pair(predicted: list[int], labels: list[int], errors: list[int]) -> Pair:
    """Two coarse score cells × two classes."""
    part = c.labels_part(strata=(2, 2, 2))
    counts = np.stack([labels, errors], axis=1).ravel()
    layout = c.layout(Task.BINARY, part)
    return c.pair_of(part, counts, counts, layout=layout, strata=np.array(predicted).reshape(1, 2, 2))


def _one(pair: Pair, name: str = "accuracy_post_stratified") -> float:
    return float(read(pair)[name].value[0, 0])


def test_labels_that_come_for_some_predictions_only_are_weighed_up() -> None:
    pair = _pair([100, 0, 0, 900], [90, 0, 0, 90], [9, 0, 0, 36])
    assert _one(pair) == pytest.approx(0.1 * 0.9 + 0.9 * 0.6)
    assert _one(pair, "unlabelled_share") == 0


def test_strata_without_labels_are_named_and_too_many_say_nothing() -> None:
    pair = _pair([500, 50, 0, 450], [50, 0, 0, 50], [5, 0, 0, 5])
    assert _one(pair) == pytest.approx(0.9)
    assert _one(pair, "unlabelled_share") == pytest.approx(0.05)
    assert bare_strata(Sides.of(pair), 0) == ((0, 1),)
    assert np.isnan(_one(_pair([500, 0, 0, 500], [50, 0, 0, 0], [5, 0, 0, 0])))
    assert np.isnan(_one(_pair([0] * 4, [0] * 4, [0] * 4)))


def test_without_the_predictions_strata_it_is_left_out() -> None:
    part = c.labels_part(strata=(2, 2, 2))
    pair = c.pair_of(part, np.ones(8, int), np.ones(8, int))
    assert not {"accuracy_post_stratified", "unlabelled_share"} & set(read(pair))


@pytest.mark.slow
def test_the_interval_covers_the_truth_where_the_raw_accuracy_does_not() -> None:
    rng = np.random.default_rng(1)
    accuracy, shares, chance = (
        np.array([0.95, 0.8, 0.7, 0.9]),
        [0.4, 0.2, 0.2, 0.2],
        np.array([0.5, 0.1, 0.2, 0.4]),
    )
    truth = float(np.sum(accuracy * shares))
    windows = 3_000
    predicted = rng.multinomial(3_000, shares, size=windows)
    labels = rng.binomial(predicted, chance)
    errors = rng.binomial(labels, 1 - accuracy)
    part = c.labels_part(strata=(2, 2, 2), confusion=(2, 2))
    right = (labels - errors).sum(axis=1)
    confusion = np.stack([right, errors.sum(axis=1), 0 * right, 0 * right], axis=1)
    counts = np.hstack([np.stack([labels, errors], axis=2).reshape(windows, -1), confusion])
    found = read(c.pair_of(part, counts, counts, strata=predicted.reshape(-1, 2, 2)))
    covers = {
        n: ((found[n].lower <= truth) & (truth <= found[n].upper)).mean()
        for n in ("accuracy_post_stratified", "accuracy")
    }
    assert 0.935 < covers["accuracy_post_stratified"] < 0.97
    assert covers["accuracy"] < 0.5
