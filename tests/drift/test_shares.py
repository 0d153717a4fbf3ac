from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from driftwatch.drift.catalogue import read
from driftwatch.drift.reading import Estimate
from driftwatch.summaries.layout import Task
from tests.drift import counting as c

COUNTS = st.lists(st.integers(0, 400), min_size=4, max_size=4)


def _read(current: list[int], reference: list[int] | None = None) -> dict[str, Estimate]:
    """Counts in the order TN, FN, FP, TP: decided 0 with label 0 and 1, decided 1 with label 0 and 1."""
    part = c.labels_part(confusion=(2, 2))
    return dict(read(c.pair_of(part, np.array(reference or current), np.array(current))))


def _value(found: dict[str, Estimate], name: str) -> float:
    return float(found[name].value[0, 0])


@given(COUNTS)
def test_shares_of_the_confusion_counts(counts: list[int]) -> None:
    tn, fn, fp, tp = counts
    found = _read(counts)
    expected = {
        "accuracy": (tn + tp, tn + fn + fp + tp),
        "precision": (tp, tp + fp),
        "recall": (tp, tp + fn),
        "specificity": (tn, tn + fp),
        "f1": (2 * tp, 2 * tp + fp + fn),
    }
    for name, (some, all_) in expected.items():
        assert _value(found, name) == pytest.approx(some / all_ if all_ else np.nan, nan_ok=True), name
    assert found["precision"].count[0, 0] == tp + fp
    assert found["f1"].count[0, 0] == tp + fp + fn


def test_the_limits_are_wilsons() -> None:
    found = _read([40, 10, 5, 45])["accuracy"]
    expected = stats.binomtest(85, 100).proportion_ci(0.95, method="wilson")
    assert (found.lower[0, 0], found.upper[0, 0]) == pytest.approx((expected.low, expected.high))


def test_multiclass_accuracy_is_the_diagonal() -> None:
    part = c.labels_part(confusion=(3, 3))
    counts = np.array([5, 1, 0, 2, 7, 1, 0, 0, 4])
    found = read(c.pair_of(part, counts, counts, Task.MULTICLASS))
    assert found["accuracy"].value[0, 0] == 16 / 20
    assert "precision" not in found


def test_decay_is_positive_when_it_got_worse() -> None:
    found = _read([300, 100, 100, 300], [450, 50, 50, 450])
    assert _value(found, "accuracy_decay") == pytest.approx(0.9 - 0.75)
    assert found["accuracy_decay"].lower[0, 0] > 0.1
    for name in ("precision_decay", "recall_decay", "specificity_decay", "f1_decay"):
        assert 0 < found[name].lower[0, 0] < _value(found, name) < found[name].upper[0, 0]
    assert _value(found, "accuracy_ratio") == pytest.approx(0.75 / 0.9)
    assert found["accuracy_ratio"].upper[0, 0] < 1


def test_the_limits_of_f1_cover() -> None:
    """Simulated: 200 labels of which 15 % are 1, precision and recall 0.8."""
    rng = np.random.default_rng(1)
    shares = np.array([0.85 - 0.03, 0.03, 0.03, 0.12 - 0.0])
    windows = rng.multinomial(200, shares / shares.sum(), size=3_000)
    truth = 2 * shares[3] / (2 * shares[3] + shares[1] + shares[2])
    found = read(c.pair_of(c.labels_part(confusion=(2, 2)), windows, windows))["f1"]
    assert 0.93 < np.mean((found.lower <= truth) & (truth <= found.upper)) < 0.975


def test_perfect_and_hopeless_models_keep_a_width() -> None:
    perfect, hopeless = _read([50, 0, 0, 50]), _read([0, 50, 50, 0])
    assert _value(perfect, "f1") == perfect["f1"].upper[0, 0] == 1 > perfect["f1"].lower[0, 0]
    assert _value(hopeless, "f1") == hopeless["f1"].lower[0, 0] == 0 < hopeless["f1"].upper[0, 0]
