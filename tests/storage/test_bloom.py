"""The filter never says no to an id that it has, and seldom yes to one that it has not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.storage.bloom import BITS_PER_ID, Bloom, spread

PORTIONS = st.lists(st.lists(st.integers(0, 2**63 - 1), max_size=200), max_size=6)


def filled(portions: list[list[int]]) -> Bloom:
    bloom = Bloom()
    for portion in portions:
        bloom.add(spread(np.array(portion, np.int64)))
    return bloom


@given(PORTIONS, st.booleans())
def test_what_was_added_is_found(portions: list[list[int]], sealed: bool) -> None:
    bloom = filled(portions)
    if sealed:
        bloom.seal()
    ids = np.array([key for portion in portions for key in portion], np.int64)
    assert bloom.probe(spread(ids)).all()
    assert len(bloom) == len(ids)


@pytest.mark.parametrize("ids", ["hashes", "sampled", "small"])
def test_false_positives_are_rare_whatever_the_ids(ids: str) -> None:
    # sampled: E12 keeps ids below a threshold, so their upper bits are all zero
    random = np.random.default_rng(3)
    top = {"hashes": 2**63 - 1, "sampled": 2**55, "small": 2**22}[ids]
    known = np.unique(random.integers(0, top, 40_000))
    others = np.setdiff1d(random.integers(0, top, 40_000), known)
    bloom = Bloom()
    for start in range(0, len(known), 3_000):
        bloom.add(spread(known[start : start + 3_000]))
    assert bloom.probe(spread(others)).mean() < 0.004
    bloom.seal()
    assert bloom.probe(spread(others)).mean() < 0.004


def test_a_sealed_filter_fits_its_ids_and_takes_no_more() -> None:
    bloom = Bloom()
    bloom.add(spread(np.arange(100_000)))
    open_bytes = bloom.size_bytes
    bloom.seal()
    bloom.seal()
    assert bloom.size_bytes == 100_000 * BITS_PER_ID // 8 < open_bytes
    with pytest.raises(ValueError, match="sealed"):
        bloom.add(spread(np.arange(1)))
