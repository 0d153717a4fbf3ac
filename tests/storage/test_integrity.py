"""Checks change with every bit of what they cover."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.storage.integrity import row_check, word_checks


def test_a_row_check_knows_types_order_and_borders() -> None:
    rows = [
        ("ab", "c"),
        ("a", "bc"),
        ("c", "ab"),
        (b"ab", "c"),
        (1, "c"),
        (1.0, "c"),
        ("1", "c"),
        (None, "c"),
    ]
    assert len({row_check(*row) for row in rows}) == len(rows)
    assert row_check(1, b"x") == row_check(1, b"x")


@given(st.integers(1, 40), st.integers(0, 2**32), st.data())
def test_any_flipped_bit_changes_a_word_check(width: int, seed: int, data: st.DataObject) -> None:
    words = np.random.default_rng(seed).integers(0, 2**32, (3, width), np.uint32)
    before = word_checks(words)
    column, bit = data.draw(st.integers(0, width - 1)), data.draw(st.integers(0, 31))
    words[1, column] ^= np.uint32(1 << bit)
    assert (word_checks(words) != before).tolist() == [False, True, False]


def test_swapped_words_change_a_word_check() -> None:
    assert word_checks(np.array([[1, 2]], np.uint32)) != word_checks(np.array([[2, 1]], np.uint32))
