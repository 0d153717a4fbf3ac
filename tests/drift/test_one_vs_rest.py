"""Classes folded into slices and back, and what is made of all classes together."""

from __future__ import annotations

import numpy as np
import pytest

from driftwatch.drift.estimates import field_estimate
from driftwatch.drift.gather import Sides
from driftwatch.drift.one_vs_rest import (
    as_binary,
    class_fields,
    class_places,
    folded,
    mean_over_classes,
    sum_over_classes,
    unfolded,
)
from driftwatch.drift.reading import Estimate
from driftwatch.events.classes import Stream
from driftwatch.summaries.layout import CLASS_CALIBRATION
from tests.drift import counting as c
from tests.drift.worlds import SIZES, own_scores

NAMES = ("score[a]", "score[b]", "score[c]")


def test_a_slice_and_a_class_are_a_row_of_a_binary_model() -> None:
    sides = Sides.of(own_scores(1))
    binary = as_binary(sides)
    for side, made in ((sides.reference, binary.reference), (sides.current, binary.current)):
        block = side.block(CLASS_CALIBRATION)
        rows = made.block("calibration")
        assert rows.shape == (len(SIZES) * 3, 6, 10)
        for row in range(len(SIZES)):
            assert np.array_equal(rows[3 * row : 3 * row + 3], block[row])
    assert as_binary(sides).reference is binary.reference, "the reference is folded once"
    assert np.array_equal(folded(sides.current, CLASS_CALIBRATION), binary.current.block("calibration"))


def test_unfolding_undoes_folding() -> None:
    sides = Sides.of(own_scores(1))
    flat = np.arange(len(SIZES) * 3, dtype=float)[:, None]
    found = unfolded(sides, field_estimate(("",), flat, flat.astype(int), flat - 1, flat + 1))
    assert found.fields == NAMES
    assert found.value[1].tolist() == [3.0, 4.0, 5.0]
    assert (found.upper - found.lower == 2).all()
    assert found.count[2].tolist() == [6, 7, 8]


def test_fields_and_places_of_the_classes() -> None:
    pair = own_scores(1)
    assert [field.name for field in class_fields(pair.layout, pair.part)] == list(NAMES)
    assert class_places(pair.layout, pair.part) == (0, 1, 2)
    with pytest.raises(KeyError):
        class_fields(c.layout(pair.layout.task, pair.part), pair.part)
    assert pair.part.stream is Stream.LABELS


def _three(sides: Sides) -> Estimate:
    """Known in all classes, in two, in none."""
    value = np.array([[0.1, 0.2, 0.6], [0.1, np.nan, 0.3], [np.nan] * 3])
    return field_estimate(NAMES, value, np.array([[5, 6, 7], [1, 0, 2], [0, 0, 0]]), value - 0.1, value + 0.2)


def test_a_mean_is_over_the_known_classes_and_a_sum_needs_all() -> None:
    sides = Sides.of(own_scores(1))
    mean, total = mean_over_classes(_three)(sides), sum_over_classes(_three)(sides)
    assert mean.value[:, 0] == pytest.approx([0.3, 0.2, np.nan], nan_ok=True)
    assert mean.lower[:, 0] == pytest.approx([0.2, 0.1, np.nan], nan_ok=True)
    assert mean.upper[:, 0] == pytest.approx([0.5, 0.4, np.nan], nan_ok=True)
    assert mean.count[:, 0].tolist() == total.count[:, 0].tolist() == [7, 2, 0]
    assert total.value[:, 0] == pytest.approx([0.9, np.nan, np.nan], nan_ok=True)
    assert total.upper[:, 0] == pytest.approx([1.5, np.nan, np.nan], nan_ok=True)
