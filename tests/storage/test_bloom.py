"""The filter never says no to an id that it has, and seldom yes to one that it has not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.storage.bloom import BITS_PER_ID, Bloom, spread

PORTIONS = st.lists(st.lists(st.integers(0, 2**63 - 1), max_size=200), max_size=6)


@given(PORTIONS, st.integers(0, 1_000))
def test_what_was_added_is_found_until_all_is_forgotten(portions: list[list[int]], capacity: int) -> None:
    bloom = Bloom(capacity)
    for portion in portions:
        bloom.add(spread(np.array(portion, np.int64)))
    ids = spread(np.array([key for portion in portions for key in portion], np.int64))
    assert bloom.probe(ids).all()
    bloom.clear()
    assert not bloom.probe(ids).any()


@pytest.mark.parametrize("ids", ["hashes", "sampled", "small"])
def test_false_positives_are_rare_whatever_the_ids(ids: str) -> None:
    # sampled: E12 keeps ids below a threshold, so their upper bits are all zero
    random = np.random.default_rng(3)
    top = {"hashes": 2**63 - 1, "sampled": 2**55, "small": 2**22}[ids]
    known = np.unique(random.integers(0, top, 40_000))
    others = np.setdiff1d(random.integers(0, top, 40_000), known)
    bloom = Bloom(len(known))
    for start in range(0, len(known), 3_000):
        bloom.add(spread(known[start : start + 3_000]))
    assert bloom.probe(spread(others)).mean() < 0.004


def test_a_filter_fits_its_ids() -> None:
    assert Bloom(100_000).size_bytes == 100_000 * BITS_PER_ID // 8
    assert Bloom(0).size_bytes < 1_000
