"""Decisions and labels get the codes that the layout's classes say."""

from __future__ import annotations

import numpy as np

from driftwatch.events.columns import INVALID_TEXT
from driftwatch.summaries.decisions import Decider
from tests.summaries.layouts import binary, multiclass, regression

NONE = np.empty(0)


def test_binary_decisions_as_numbers_or_booleans() -> None:
    decider = Decider(binary())
    cells = decider.cells(["1", "0", "true", "false", "yes", None, INVALID_TEXT], np.full(7, 0.9))
    assert cells.tolist() == [1, 0, 1, 0, 2, 3, 4]
    assert decider.codes(cells).tolist() == [1, 0, 1, 0, -1, -1, -1]


def test_binary_without_decisions_decides_by_the_threshold() -> None:
    cells = Decider(binary()).cells([], np.array([0.5, np.nextafter(0.5, 0), np.nan, np.inf, -np.inf]))
    assert cells.tolist() == [1, 0, 3, 4, 4]


def test_multiclass_keeps_other_as_a_class() -> None:
    decider = Decider(multiclass())
    cells = decider.cells(["dog", "cat", "cow", None, INVALID_TEXT], NONE)
    assert cells.tolist() == [1, 0, 2, 3, 4]
    assert decider.codes(cells).tolist() == [1, 0, 2, -1, -1]
    labels = decider.labels(["cat", "cow", None, INVALID_TEXT])
    assert labels[:2].tolist() == [0.0, 2.0]
    assert np.isnan(labels[2:]).all()


def test_labels_that_are_numbers_stay_numbers() -> None:
    for layout in (binary(), regression()):
        found = Decider(layout).labels([1.0, 0.0, None, INVALID_TEXT])
        assert found[:2].tolist() == [1.0, 0.0]
        assert np.isnan(found[2:]).all()


def test_without_decisions_only_a_binary_model_decides_by_its_score() -> None:
    for layout in (multiclass(), regression()):
        decider = Decider(layout)
        assert decider.codes(decider.cells([], np.array([0.9, 0.1]))).tolist() == [-1, -1]
