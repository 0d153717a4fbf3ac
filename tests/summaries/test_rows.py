"""Slice values lead to the rows that their names say."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.events.columns import INVALID_TEXT
from driftwatch.summaries.rows import SliceCoder
from driftwatch.summaries.slices import Dimension, SliceTable
from tests.summaries.layouts import plain_rows, table

TABLE = table(country=("PT", "ES", "FR"), channel=("web", "app"))
texts = st.sampled_from(["PT", "ES", "FR", "DE", "web", "app", "", None, INVALID_TEXT])


@given(st.lists(st.tuples(texts, texts), max_size=40))
def test_each_event_has_the_rows_of_its_values(events: list[tuple[str | None, str | None]]) -> None:
    coder = SliceCoder(TABLE)
    codes, _ = coder.codes([[a for a, _ in events], [b for _, b in events]], len(events))
    joint = coder.joint(codes)
    assert joint.rows[joint.index].tolist() == [plain_rows(TABLE, event) for event in events]


def test_values_without_a_code_are_counted_per_column() -> None:
    coder = SliceCoder(TABLE)
    codes, folded = coder.codes([["PT", "XX", "YY", None], ["web", "web", "app", INVALID_TEXT]], 4)
    assert codes.dtype == np.int16
    assert codes.tolist() == [[0, 0], [3, 0], [3, 1], [4, 3]]
    assert folded == {"country": 2}


def test_only_combinations_that_occur_are_kept() -> None:
    coder = SliceCoder(TABLE)
    joint = coder.joint(np.array([[0, 0], [0, 0], [1, 1], [0, 0]], np.int16))
    assert len(joint.rows) == 2
    assert joint.index.tolist() == [0, 0, 1, 0]
    assert joint.of(0).tolist() == [0, 0, 0, 0]
    assert joint.take(np.array([2, 0])).index.tolist() == [1, 0]


def test_events_of_which_nothing_is_known() -> None:
    coder = SliceCoder(TABLE)
    joint = coder.joint(coder.unknown(2))
    assert joint.rows[joint.index].tolist() == [plain_rows(TABLE, (None, None))] * 2


def test_without_slices_every_event_is_in_row_0() -> None:
    coder = SliceCoder(SliceTable((), (), ()))
    codes, folded = coder.codes([], 3)
    joint = coder.joint(codes)
    assert (joint.index.tolist(), joint.rows.tolist(), folded) == ([0, 0, 0], [[0]], {})


def test_more_combinations_than_an_integer_can_number() -> None:
    names = tuple(f"c{i}" for i in range(8))
    values = tuple(tuple(f"v{i}" for i in range(2_000)) for _ in names)
    wide = SliceTable(
        names,
        values,
        tuple(Dimension((n,), tuple((v,) for v in vs)) for n, vs in zip(names, values, strict=True)),
    )
    coder = SliceCoder(wide)
    codes = np.random.default_rng(7).integers(0, 2_002, (500, 8)).astype(np.int16)
    joint = coder.joint(np.concatenate([codes, codes]))
    assert len(joint.rows) == 500
    expected = [list(wide.rows_of(tuple(row))) for row in codes.tolist()]
    assert joint.rows[joint.index].tolist() == expected * 2


def test_events_that_share_nothing_are_not_sorted_in_vain() -> None:
    names = ("a", "b", "c")
    values = tuple(tuple(f"v{i}" for i in range(300)) for _ in names)
    kept = tuple((f"v{i}", f"v{i * 7 % 300}") for i in range(200))
    wide = SliceTable(names, values, (Dimension(("a", "c"), kept), Dimension(("b",), (("v5",),))))
    coder = SliceCoder(wide)
    codes = np.random.default_rng(3).integers(0, 302, (3_000, 3)).astype(np.int16)
    codes[:400] = codes[0]
    for made in (codes, codes[400:], np.repeat(codes[:20], 100, axis=0)):
        joint = coder.joint(made)
        expected = [list(wide.rows_of(tuple(row))) for row in made.tolist()]
        assert joint.rows[joint.index].tolist() == expected
    assert len(coder.joint(codes[400:]).rows) == 2_600
    assert len(coder.joint(np.repeat(codes[:20], 100, axis=0)).rows) == 1


def test_a_crossing_of_three_columns() -> None:
    letters = tuple("xyz")
    crossed = SliceTable(
        ("a", "b", "c"),
        (letters,) * 3,
        (Dimension(("c", "a", "b"), (tuple("xyz"), tuple("xyx"), tuple("zzz"))), Dimension(("a",), ())),
    )
    codes = np.array([[a, b, c] for a in range(5) for b in range(5) for c in range(5)], np.int16)
    joint = SliceCoder(crossed).joint(codes)
    assert joint.rows[joint.index].tolist() == [list(crossed.rows_of(tuple(row))) for row in codes.tolist()]
