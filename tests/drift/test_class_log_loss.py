"""Log loss over all classes' scores: scikit-learn's on exact cells, within its bound on others."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import log_loss

from driftwatch.drift.catalogue import read
from tests.drift import counting as c

SEEDS = st.integers(0, 2**32 - 1)


def _world(seed: int, n: int, digits: int) -> c.Scored:
    """Scores of which each row sums to 1, as scikit-learn wants them."""
    scores, decided, labels = c.scored(np.random.default_rng(seed), n, digits=digits)
    scores[:, 2] = np.round(1 - scores[:, 0] - scores[:, 1], 9)
    return np.clip(scores, 0, 1), decided, labels


@settings(max_examples=40)
@given(SEEDS, st.integers(1, 400), st.integers(1, 3))
def test_exact_cells_give_scikit_learns_loss(seed: int, n: int, digits: int) -> None:
    """Ties, certain scores that are wrong, one row."""
    scores, decided, labels = _world(seed, n, digits)
    found = read(c.class_labels((scores, decided, labels)))
    if n == 1:
        assert np.isnan(found["multiclass_log_loss"].value[0, 0])
        return
    whole = scores / scores.sum(axis=1, keepdims=True)
    truth = log_loss(labels, whole, labels=[0, 1, 2])
    assert found["multiclass_log_loss"].value[0, 0] == pytest.approx(truth, rel=1e-9)
    for k in range(3):
        one = log_loss(labels == k, scores[:, k], labels=[False, True])
        assert found["class_log_loss"].value[0, k] == pytest.approx(one, rel=1e-9)


@settings(max_examples=40)
@given(SEEDS, st.integers(2, 400))
def test_the_cells_ends_hold_scikit_learns_loss(seed: int, n: int) -> None:
    world, past = _world(seed, n, 6), _world(1, 500, 6)
    fields = c.class_score_fields(0, past[0], "abc", cells=12)
    found = read(c.class_labels(world, past, fields))
    scores, _, labels = world
    truth = log_loss(labels, scores / scores.sum(axis=1, keepdims=True), labels=[0, 1, 2])
    whole = found["multiclass_log_loss"]
    assert whole.lower[0, 0] <= truth <= whole.upper[0, 0]
    for k in range(3):
        one = log_loss(labels == k, scores[:, k], labels=[False, True])
        assert found["class_log_loss"].lower[0, k] <= one <= found["class_log_loss"].upper[0, k]


def test_labels_without_a_score_of_their_class_are_not_in_it() -> None:
    scores, decided, labels = _world(3, 400, 2)
    labels[:50] = 3
    found = read(c.class_labels((scores, decided, labels)))["multiclass_log_loss"]
    assert found.count[0, 0] == 350
    rest = scores[50:][np.arange(350), labels[50:]]
    assert found.value[0, 0] == pytest.approx(-np.mean(np.log(np.clip(rest, 2.3e-16, 1))), rel=1e-9)


def test_worse_scores_are_decay_beyond_chance() -> None:
    past, now = _world(1, 4_000, 2), _world(2, 4_000, 2)
    flat = np.round(now[0] * 0.1 + 0.3, 3)
    assert read(c.class_labels(past, past))["multiclass_log_loss_decay"].value[0, 0] == 0
    both = np.concatenate([past[0], flat])
    fields = c.class_score_fields(0, both, "abc", exact=True)
    assert read(c.class_labels((flat, *now[1:]), past, fields))["multiclass_log_loss_decay"].lower[0, 0] > 0
