"""Value codes: true for ever, and translated into every layout's own."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.events.columns import INVALID_TEXT
from driftwatch.events.joins import SLICE_COLUMNS_MAX
from driftwatch.monitor.values import OTHER, UNKNOWN, SliceValues
from driftwatch.summaries.rows import SliceCoder
from driftwatch.summaries.slices import Dimension, SliceTable

NAMES = ("PT", "DE", "FR", "web", "app")
TEXTS = st.sampled_from([*NAMES, "", "moon", None, INVALID_TEXT])


@st.composite
def tables(draw: st.DrawFn) -> SliceTable:
    values = [
        tuple(draw(st.lists(st.sampled_from(NAMES), unique=True, max_size=4))) for _ in ("country", "channel")
    ]
    kept = tuple((value,) for value in values[0])
    other = tuple((value,) for value in values[1])
    return SliceTable(
        ("country", "channel"),
        (values[0], values[1]),
        (Dimension(("country",), kept), Dimension(("channel",), other)),
    )


@given(
    learned=st.lists(tables(), min_size=1, max_size=3),
    rows=st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=10),
    late=st.booleans(),
)
def test_codes_translate_to_what_the_layout_itself_would_say(
    learned: list[SliceTable], rows: list[tuple[str | None, str | None]], late: bool
) -> None:
    values = SliceValues(("channel", "country"), {})
    for table in learned[: 1 if late else None]:
        values.learn(table)
    channel, country = [b for _, b in rows], [a for a, _ in rows]
    codes = values.codes([(0, channel), (1, country)], len(rows))
    for table in learned:
        values.learn(table)  # what is learned later leaves the codes as they are
    for table in learned[: 1 if late else None]:
        expected, _ = SliceCoder(table).codes([country, channel], len(rows))
        steps = values.translation(table)
        found = np.stack([steps[0][codes[:, 1]], steps[1][codes[:, 0]]], axis=1)
        assert found.tolist() == expected.tolist()


@given(st.lists(tables(), max_size=3), st.lists(TEXTS, min_size=1, max_size=9))
def test_saved_values_have_the_same_codes(learned: list[SliceTable], texts: list[str | None]) -> None:
    values = SliceValues(("country", "channel"), {})
    for table in learned:
        values.learn(table)
    again = SliceValues(("country", "channel"), values.saved())
    carried = [(0, texts), (1, texts)]
    assert again.codes(carried, len(texts)).tolist() == values.codes(carried, len(texts)).tolist()
    assert again.saved() == values.saved()


def test_what_nobody_carries_or_has_is_unknown_and_the_rest_other() -> None:
    values = SliceValues(("a", "b"), {"b": ["x"]})
    codes = values.codes([(1, ["x", "y", None, INVALID_TEXT])], 4)
    assert codes.shape == (4, SLICE_COLUMNS_MAX)
    assert codes[:, 1].tolist() == [2, OTHER, UNKNOWN, UNKNOWN]
    assert not codes[:, 0].any(), "another stream's column"
    assert not codes[:, 2:].any()
