"""The estimates' own error: what they say of labelled predictions minus what the labels say."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driftwatch.drift.catalogue import read
from driftwatch.drift.estimated import LABELS_MIN
from tests.drift import counting as c
from tests.drift.cbpe import NAMES, realised, world
from tests.drift.test_estimated_classes import exact_fields

SEEDS = st.integers(0, 2**32 - 1)


@settings(max_examples=20)
@given(SEEDS, st.integers(60, 800))
def test_it_is_the_estimate_minus_the_realised_number(seed: int, n: int) -> None:
    past, now = world(seed, 2_000), world(seed + 1, n, (0.2, 0.3, 0.5))
    fields = exact_fields(past, now)
    found = read(c.class_labels(now, past, fields))
    estimate = read(c.class_predictions(now, past, fields))
    if len(np.unique(now[2])) < 3:
        return
    for name, real in realised(now).items():
        error = found[f"estimated_{name}_macro_error"].value[0, 0]
        guess = estimate[f"estimated_{name}_macro"].value[0, 0]
        assert error == pytest.approx(guess - real, abs=1e-9), name


def test_it_is_small_until_labels_leave_the_scores() -> None:
    past, now = world(1, 20_000), world(2, 10_000, (0.2, 0.3, 0.5))
    fields = c.class_score_fields(0, past[0], "abc")
    calm = read(c.class_labels(now, past, fields))
    turned = read(c.class_labels((now[0], now[1], (now[2] + 1) % 3), past, fields))
    for name in NAMES:
        assert abs(calm[f"estimated_{name}_macro_error"].value[0, 0]) < 0.02, name
        assert turned[f"estimated_{name}_macro_error"].value[0, 0] > 0.1, name


def test_a_class_that_is_missing_from_the_labels_is_left_out_of_both() -> None:
    past, now = world(1, 20_000), world(2, 4_000)
    kept = now[2] != 2
    now = (now[0][kept], np.where(now[1][kept] == 2, 0, now[1][kept]), now[2][kept])
    found = read(c.class_labels(now, past, c.class_score_fields(0, past[0], "abc")))
    assert abs(found["estimated_recall_macro_error"].value[0, 0]) < 0.2


def test_too_few_reference_labels_have_no_error_either() -> None:
    past, now = world(1, LABELS_MIN - 1), world(2, 500)
    found = read(c.class_labels(now, past, exact_fields(past, now)))
    assert all(np.isnan(found[f"estimated_{name}_macro_error"].value).all() for name in NAMES)
