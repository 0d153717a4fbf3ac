from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import f1_score, precision_score, recall_score

from driftwatch.drift.catalogue import read
from driftwatch.drift.reading import Ints
from driftwatch.summaries.layout import Task
from tests.drift import counting as c


def _read(current: Ints, reference: Ints | None = None) -> dict[str, float]:
    part = c.labels_part(confusion=current.shape)
    past = current if reference is None else reference
    found = read(c.pair_of(part, past.ravel(), current.ravel(), Task.MULTICLASS))
    made = {name: float(estimate.value[0, 0]) for name, estimate in found.items()}
    for name in ("macro_f1", "macro_f1_decay"):
        made[f"{name}.lower"], made[f"{name}.upper"] = found[name].lower[0, 0], found[name].upper[0, 0]
    return made


def _plain(decided: Ints, labels: Ints) -> float:
    scores = []
    for k in sorted({*decided.tolist(), *labels.tolist()}):
        tp = int(((decided == k) & (labels == k)).sum())
        scores.append(2 * tp / ((decided == k).sum() + (labels == k).sum()))
    return float(np.mean(scores))


@given(st.integers(0, 2**32 - 1), st.integers(1, 200), st.integers(2, 6))
def test_it_is_the_mean_over_the_classes_that_occur(seed: int, n: int, classes: int) -> None:
    rng = np.random.default_rng(seed)
    decided, labels = rng.integers(0, rng.integers(1, classes + 1), (2, n))
    found = _read(c.confusion_block(decided, labels, classes))
    assert found["macro_f1"] == pytest.approx(_plain(decided, labels), abs=1e-12)


def test_the_variance_is_that_of_a_small_change_of_each_count() -> None:
    """The delta method with a numerical gradient instead of the formula."""
    confusion = np.array([[50.0, 4, 6], [3, 30, 2], [7, 1, 20]])
    n = confusion.sum()

    def macro(counts: np.ndarray) -> float:
        return float(np.mean(2 * np.diag(counts) / (counts.sum(axis=0) + counts.sum(axis=1))))

    gradient = np.zeros((3, 3))
    for place in np.ndindex(3, 3):
        step = np.zeros((3, 3))
        step[place] = 1e-4
        gradient[place] = (macro(confusion + step) - macro(confusion - step)) / 2e-4 * n
    p = confusion / n
    variance = ((p * gradient**2).sum() - (p * gradient).sum() ** 2) / n
    found = _read(confusion.astype(np.int64))
    assert found["macro_f1.upper"] - found["macro_f1"] == pytest.approx(
        1.959964 * np.sqrt(variance), rel=1e-6
    )


def test_a_class_that_got_lost_is_decay() -> None:
    found = _read(np.array([[90, 80], [10, 20]]), np.array([[90, 10], [10, 90]]))
    assert 0 < found["macro_f1_decay.lower"] < found["macro_f1_decay"]


def test_perfect_is_one_with_limits_inside_the_range() -> None:
    found = _read(np.diag([5, 0, 7]))
    assert found["macro_f1"] == found["macro_f1.upper"] == 1


@given(st.integers(0, 2**32 - 1), st.integers(1, 400))
def test_macro_precision_and_recall_are_scikit_learns(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    decided, labels = rng.integers(0, 3, (2, n))
    part = c.labels_part(confusion=(4, 4))
    block = c.confusion_block(decided, labels, 4).ravel()
    found = read(c.pair_of(part, block, block, layout=c.layout(Task.MULTICLASS, part, classes="abc_")))
    for name, of, score in (
        ("macro_precision", decided, precision_score), ("macro_recall", labels, recall_score), ("macro_f1", None, f1_score),
    ):  # fmt: skip
        seen = None if of is None else np.unique(of)
        expected = score(labels, decided, average="macro", labels=seen, zero_division=0)
        assert found[name].value[0, 0] == pytest.approx(expected, abs=1e-12), name
        assert found[name].lower[0, 0] <= expected <= found[name].upper[0, 0]
