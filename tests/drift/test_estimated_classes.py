"""CBPE of every class from counts, beside NannyML's definition on raw rows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driftwatch.drift.catalogue import read
from driftwatch.drift.estimated import LABELS_MIN
from driftwatch.drift.estimated_classes import curves_of
from tests.drift import counting as c
from tests.drift.cbpe import NAMES, by_rows, realised, world

SEEDS = st.integers(0, 2**32 - 1)


def exact_fields(*sides: c.Scored) -> tuple[c.Field, ...]:
    return c.class_score_fields(0, np.concatenate([side[0] for side in sides]), "abc", exact=True)


@settings(max_examples=20)
@given(SEEDS, st.integers(30, 800))
def test_exact_cells_give_the_numbers_of_the_rows(seed: int, n: int) -> None:
    """Ties and scores that the reference never had, between those that it had."""
    past, now = world(seed, 2_000), world(seed + 1, n, (0.2, 0.3, 0.5))
    # A cell that only the window fills takes the line between its neighbours by number; the rows' one goes by score.
    known = np.all([np.isin(now[0][:, k], past[0][:, k]) for k in range(3)], axis=0)
    now = (now[0][known], now[1][known], now[2][known])
    found = read(c.class_predictions(now, past, exact_fields(past, now)))
    for name, truth in by_rows(past, now, normal=False).items():
        assert found[f"estimated_class_{name}"].value[0] == pytest.approx(truth, abs=1e-9, nan_ok=True), name
        if name != "precision":
            macro = found[f"estimated_{name}_macro"].value[0, 0]
            assert macro == pytest.approx(np.nanmean(truth), abs=1e-9), name


def test_nannymls_normalised_numbers_are_near() -> None:
    """What the division by the rows' sums does, and what cells do: the numbers that the handbook gives."""
    past = world(1, 20_000, digits=4)
    fields = c.class_score_fields(0, past[0], "abc")
    for mix in ((0.5, 0.3, 0.2), (0.2, 0.3, 0.5)):
        now = world(2, 20_000, mix, digits=4)
        found = read(c.class_predictions(now, past, fields))
        theirs, real = by_rows(past, now, normal=True), realised(now)
        for name in NAMES:
            ours = found[f"estimated_{name}_macro"].value[0, 0]
            assert ours == pytest.approx(theirs[name].mean(), abs=0.003), name
            assert ours == pytest.approx(real[name], abs=0.02), name


def test_too_few_labels_in_the_reference_make_no_estimate() -> None:
    now = world(2, 500)
    found = read(c.class_predictions(now, world(1, LABELS_MIN - 1), exact_fields(now)))
    assert all(np.isnan(found[f"estimated_{name}_macro"].value).all() for name in NAMES)
    assert all(np.isnan(found[f"estimated_class_{name}"].value).all() for name in NAMES)


def test_a_class_that_the_reference_never_had_is_left_out_until_it_is_decided() -> None:
    past, now = world(1, 4_000), world(2, 1_000)
    past, never = (past[0], past[1], np.where(past[2] == 2, 0, past[2])), np.where(now[1] == 2, 0, now[1])
    fields = exact_fields(past, now)
    calm = read(c.class_predictions((now[0], never, now[2]), past, fields))
    each = calm["estimated_class_recall"].value[0]
    assert np.isnan(each[2])
    assert calm["estimated_recall_macro"].value[0, 0] == pytest.approx(each[:2].mean())
    found = read(c.class_predictions(now, past, fields))
    assert all(np.isnan(found[f"estimated_{name}_macro"].value).all() for name in NAMES)


def test_a_curve_is_made_once_and_the_cells_that_a_class_lacks_do_no_harm() -> None:
    past = world(1, 3_000)
    counts = c.class_score_label_block(exact_fields(past), past[0], past[2])
    assert curves_of(counts) is curves_of(counts.copy())
    wide = np.pad(counts, ((0, 0), (0, 5), (0, 0)))
    assert np.array_equal(curves_of(wide).rate[:, : counts.shape[1]], curves_of(counts).rate)


@pytest.mark.parametrize("name", NAMES)
def test_a_model_whose_inputs_got_harder_is_estimated_worse(name: str) -> None:
    past = world(1, 20_000)
    fields = c.class_score_fields(0, past[0], "abc")

    def value(mix: tuple[float, ...]) -> float:
        return float(
            read(c.class_predictions(world(3, 5_000, mix), past, fields))[f"estimated_{name}_macro"].value[
                0, 0
            ]
        )

    assert value((0.1, 0.1, 0.8)) < value((0.5, 0.3, 0.2)) - 0.02
