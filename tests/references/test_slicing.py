"""Slices come from the reference's most frequent values and combinations."""

from __future__ import annotations

from driftwatch.events.columns import INVALID_TEXT
from driftwatch.references.slicing import slice_table

COUNTRY = ["PT", "PT", "ES", "FR", "PT", None, "ES", "__other__"]
CHANNEL = ["web", "web", "app", "app", "app", "web", INVALID_TEXT, "web"]
VALUES = {"country": COUNTRY, "channel": CHANNEL}


def test_most_frequent_values_and_combinations_have_rows() -> None:
    table = slice_table([("country",), ("country", "channel")], VALUES, cap=2)
    assert table.rows == (
        "all",
        "country=PT", "country=ES", "country=__other__", "country=__unknown__",
        "country=PT,channel=web", "country=ES,channel=app", "country*channel=__other__", "country*channel=__unknown__",
    )  # fmt: skip
    assert table.columns == ("country", "channel")
    assert table.values == (("PT", "ES"), ("web", "app"))


def test_order_of_events_does_not_matter() -> None:
    turned = {name: texts[::-1] for name, texts in VALUES.items()}
    dimensions = [("channel", "country"), ("channel",)]
    assert slice_table(dimensions, VALUES, 3) == slice_table(dimensions, turned, 3)


def test_a_dimension_declared_twice_counts_once() -> None:
    assert len(slice_table([("country",), ("country",)], VALUES, 5).dimensions) == 1


def test_without_dimensions_there_is_only_all() -> None:
    assert slice_table([], {}, 5).rows == ("all",)
