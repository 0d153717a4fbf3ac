"""Categories are kept by frequency, up to a cap."""

from __future__ import annotations

from driftwatch.events.columns import INVALID_TEXT
from driftwatch.references.categorical import by_frequency, categorical_field, field_of
from driftwatch.references.spec import CellsSpec


def test_most_frequent_first_ties_by_name() -> None:
    texts = ["b", "c", "a", "c", None, INVALID_TEXT, "__other__", "__other__", "d"]
    assert by_frequency(texts, 3) == ("c", "a", "b")
    assert by_frequency(reversed(texts), 3) == ("c", "a", "b")


def test_rare_categories_share_a_psi_cell_with_other() -> None:
    field = categorical_field("c", 5, list("aaabbc"), CellsSpec(categories=3, coarse=3))
    assert (field.start, field.categories, field.coarse) == (5, ("a", "b", "c"), (0, 1, 2, 2))


def test_few_categories_stand_alone() -> None:
    assert field_of("c", 0, ["x"], 10).coarse == (0, 1)


def test_without_any_value_everything_new_is_other() -> None:
    field = categorical_field("c", 0, [None, None], CellsSpec())
    assert (field.categories, field.cells) == ((), 1)
