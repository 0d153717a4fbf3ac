"""AUC of every class against the rest, and scikit-learn's macro average."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from driftwatch.drift.catalogue import read
from driftwatch.drift.intervals import area
from tests.drift import counting as c

SEEDS = st.integers(0, 2**32 - 1)


def _normal(scores: np.ndarray) -> np.ndarray:
    """scikit-learn refuses rows that do not sum to 1; the last class takes the rest."""
    made = scores.copy()
    made[:, -1] = 1 - made[:, :-1].sum(axis=1)
    return np.round(made, 9)


@settings(max_examples=40)
@given(SEEDS, st.integers(3, 400), st.integers(3, 6), st.integers(1, 3))
def test_exact_cells_give_scikit_learns_areas(seed: int, n: int, classes: int, digits: int) -> None:
    scores, decided, labels = c.scored(np.random.default_rng(seed), n + classes, classes, digits)
    scores, labels = _normal(scores), np.concatenate([np.arange(classes), labels[classes:]])
    found = read(c.class_labels((scores, decided, labels)))
    truth = [roc_auc_score(labels == k, scores[:, k]) for k in range(classes)]
    assert found["class_auc"].value[0] == pytest.approx(truth, abs=1e-12)
    macro = roc_auc_score(labels, scores, multi_class="ovr", average="macro", labels=range(classes))
    assert found["macro_auc"].value[0, 0] == pytest.approx(macro, abs=1e-12)
    assert found["macro_auc"].count[0, 0] == n + classes


@settings(max_examples=40)
@given(SEEDS, st.integers(3, 400))
def test_the_grids_bound_holds_scikit_learns_areas(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    scores, decided, labels = c.scored(rng, n + 3, digits=6)
    scores, labels = _normal(scores), np.concatenate([np.arange(3), labels[3:]])
    past = c.scored(rng, 500, digits=6)
    fields = c.class_score_fields(0, past[0], "abc", cells=12)
    found = read(c.class_labels((scores, decided, labels), past, fields))
    truth = np.array([roc_auc_score(labels == k, scores[:, k]) for k in range(3)])
    for k, field in enumerate(fields):
        place = np.searchsorted(field.edges, scores[:, k], side="left")
        one, zero = (np.bincount(place[(labels == k) == y], minlength=field.cells) for y in (True, False))
        bound = np.sum(one * zero * ~np.array(field.atoms)) / 2 / (one.sum() * zero.sum())
        assert abs(found["class_auc"].value[0, k] - truth[k]) <= bound + 1e-12
        of = area(found["class_auc"].value[:, k], one.sum(keepdims=True), zero.sum(keepdims=True), 0.95)
        assert found["class_auc"].lower[0, k] == pytest.approx(max(of.lower[0] - bound, 0), abs=1e-12)
        assert found["class_auc"].upper[0, k] == pytest.approx(min(of.upper[0] + bound, 1), abs=1e-12)
    assert (found["class_auc"].lower[0] <= truth + 1e-12).all()
    assert (found["class_auc"].upper[0] >= truth - 1e-12).all()
    macro = found["macro_auc"]
    assert macro.lower[0, 0] <= truth.mean() <= macro.upper[0, 0]


def test_a_class_without_labels_is_left_out_and_constants_rank_nothing() -> None:
    scores, decided, labels = c.scored(np.random.default_rng(3), 300)
    labels = np.where(labels == 2, 0, labels)
    found = read(c.class_labels((scores, decided, labels)))
    areas = found["class_auc"].value[0]
    assert np.isnan(areas[2])
    assert found["macro_auc"].value[0, 0] == pytest.approx(areas[:2].mean())
    assert np.isnan(read(c.class_labels((scores, decided, np.zeros(300, int))))["macro_auc"].value[0, 0])
    flat = np.full_like(scores, 1 / 3)
    assert read(c.class_labels((flat, decided, labels)))["class_auc"].value[0, :2].tolist() == [0.5, 0.5]


def test_decay_is_over_the_classes_that_both_sides_know() -> None:
    rng = np.random.default_rng(5)
    past, now = c.scored(rng, 4_000), c.scored(rng, 4_000)
    noise = np.round(rng.dirichlet((1, 1, 1), 4_000), 2)
    same = read(c.class_labels(past, past))
    assert same["macro_auc_decay"].value[0, 0] == 0
    worse = read(c.class_labels((noise, *now[1:]), past))
    assert (worse["class_auc_decay"].lower[0] > 0.2).all()
    assert worse["macro_auc_decay"].lower[0, 0] > 0.2
    few = np.where(now[2] == 2, 0, now[2])
    one = read(c.class_labels((now[0], now[1], few), past))
    decays = one["class_auc_decay"].value[0]
    assert np.isnan(decays[2])
    assert one["macro_auc_decay"].value[0, 0] == pytest.approx(decays[:2].mean())
