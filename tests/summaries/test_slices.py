"""Slice rows have names, and codes lead to them."""

from __future__ import annotations

from driftwatch.summaries.slices import SliceTable
from tests.summaries.layouts import plain_rows, table

TABLE = table(country=("PT", "ES"), channel=("web", "app"))


def test_row_names() -> None:
    assert TABLE.rows == (
        "all",
        "country=PT", "country=ES", "country=__other__", "country=__unknown__",
        "channel=web", "channel=app", "channel=__other__", "channel=__unknown__",
        "country=PT,channel=web", "country=ES,channel=web", "country*channel=__other__", "country*channel=__unknown__",
    )  # fmt: skip


def test_rows_of_all_codes() -> None:
    texts = [("PT", "ES", "FR", None), ("web", "app", "fax", None)]
    for a, country in enumerate(texts[0]):
        for b, channel in enumerate(texts[1]):
            assert list(TABLE.rows_of((a, b))) == plain_rows(TABLE, (country, channel))


def test_no_slices() -> None:
    assert SliceTable((), (), ()).rows_of(()) == (0,)
