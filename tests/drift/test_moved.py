from __future__ import annotations

import numpy as np

from driftwatch.drift.moved import moved
from driftwatch.drift.reading import Pair
from tests.drift import counting as c


def _ages(reference: list[int], current: list[int]) -> Pair:
    field = c.edged("age", 0, np.array([18.0, 90.0]), [18.0, 25.0, 65.0])
    return c.pair_of(c.fields_part(field), np.array(reference), np.array(current))


def test_the_largest_change_comes_first_and_calm_cells_not_at_all() -> None:
    pair = _ages([0, 40, 910, 50, 0, 0], [0, 112, 788, 50, 50, 0])
    assert moved(pair, 0, "age") == (
        "25–65: 91.0 % → 78.8 %",
        "18–25: 4.0 % → 11.2 %",
        "missing: 0.0 % → 5.0 %",
    )
    assert moved(pair, 0, "age", limit=1) == ("25–65: 91.0 % → 78.8 %",)


def test_open_cells_and_atoms_have_words() -> None:
    pair = _ages([10, 10, 10, 10, 0, 0], [40, 0, 0, 0, 0, 10])
    assert moved(pair, 0, "age", limit=9)[0] == "up to 18: 25.0 % → 80.0 %"
    assert "above 65: 25.0 % → 0.0 %" in moved(pair, 0, "age", limit=9)
    assert "invalid: 0.0 % → 20.0 %" in moved(pair, 0, "age", limit=9)
    above = c.edged("age", 0, np.array([18.0, 90.0]), [float(np.nextafter(18.0, 0)), 90.0])
    pair = c.pair_of(c.fields_part(above), np.array([0, 9, 0, 0, 0]), np.array([1, 8, 0, 0, 0]))
    assert "below 18: 0.0 % → 11.1 %" in moved(pair, 0, "age")
    flags = c.exact("flag", 0, np.array([0.0, 1.0]))
    pair = c.pair_of(c.fields_part(flags), np.array([0, 9, 0, 1, 0, 0, 0]), np.array([0, 1, 0, 9, 0, 0, 0]))
    assert moved(pair, 0, "flag")[0].endswith("90.0 % → 10.0 %")


def test_small_shares_are_not_rounded_to_nothing() -> None:
    pair = _ages([0, 1, 99_999, 0, 0, 0], [0, 40, 99_960, 0, 0, 0])
    assert "18–25: 0.001 % → 0.04 %" in moved(pair, 0, "age")


def test_categories_are_named_and_long_names_cut() -> None:
    field = c.categorical("country", 0, ["PT", "x" * 99])
    pair = c.pair_of(c.fields_part(field), np.array([50, 50, 0, 0, 0]), np.array([10, 20, 70, 0, 0]))
    assert moved(pair, 0, "country") == (
        "other: 0.0 % → 70.0 %",
        "PT: 50.0 % → 10.0 %",
        f"{'x' * 39}…: 50.0 % → 20.0 %",
    )


def test_without_events_or_field_there_is_nothing_to_say() -> None:
    pair = _ages([0] * 6, [1] * 6)
    assert moved(pair, 0, "age") == ()
    assert moved(pair, 0, "") == ()


def test_each_slice_has_its_own() -> None:
    pair = _ages([0, 5, 5, 0, 0, 0], [0, 5, 5, 0, 0, 0])
    both = c.pair_of(
        pair.part,
        np.repeat(pair.reference, 3, axis=0),
        np.array([[0, 5, 5, 0, 0, 0], [0, 9, 1, 0, 0, 0], [0] * 6]),
    )
    assert moved(both, 0, "age") == ()
    assert moved(both, 1, "age")[0] == "18–25: 50.0 % → 90.0 %"
