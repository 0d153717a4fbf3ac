"""Id hashes: equal for equal ids in every batch and stream, keyed, and spread evenly enough to be sampled."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.events.ids import hash_ids
from tests.events.loans import KEY, NOW, decode, labels, loan

TEXTS = (
    st.text(max_size=12)
    | st.text(min_size=60, max_size=70)
    | st.sampled_from(["a", "a\0", "a\0\0", "b" * 64, "b" * 65])
)


@given(texts=st.lists(TEXTS, max_size=12))
def test_an_id_has_one_hash_whatever_stands_beside_it(texts: list[str]) -> None:
    together = hash_ids(texts, KEY).tolist()
    assert together == [hash_ids([text], KEY).tolist()[0] for text in texts]
    assert len(set(together)) == len(set(texts)), "different ids, different hashes"
    assert all(0 <= hash_ < 2**63 for hash_ in together)


@given(text=TEXTS)
def test_another_key_gives_another_hash(text: str) -> None:
    assert hash_ids([text], KEY)[0] != hash_ids([text], KEY[::-1])[0]


def test_the_same_id_as_number_and_text_is_one_id_in_both_streams_e3() -> None:
    ids = decode(loan(id=123), loan(id="123"), loan(id=123.0), loan(id="0123")).ids.tolist()
    assert len(set(ids[:3])) == 1
    assert ids[3] != ids[0], "texts are not numbers"
    label_ids = decode({"id": 123.0, "ts": NOW, "y": 1}, reading=labels()).ids.tolist()
    assert label_ids == ids[:1]


def test_a_tenth_of_the_hashes_lies_in_the_lowest_tenth() -> None:
    # what `sample: 10%` rests on, for ids as people make them
    for form in ("id-{}", "{:012d}", "0000-{}-customer-with-a-long-name-{}", "{}" + "x" * 70):
        hashes = hash_ids([form.format(n, n) for n in range(20_000)], KEY)
        assert len(np.unique(hashes)) == 20_000
        tenths = np.bincount((hashes // (2**63 // 10 + 1)).astype(int), minlength=10)
        assert np.abs(tenths - 2_000).max() < 6 * np.sqrt(2_000), form


def test_no_ids_no_hashes() -> None:
    assert hash_ids([], KEY).tolist() == []


def test_the_hash_is_fixed_for_ever() -> None:
    # join rows on disk are found by it
    found = hash_ids(["", "a", "id-123", "x" * 64, "x" * 65], KEY).tolist()
    assert found == FIXED


FIXED = [
    4875658317472493981,
    8606411104308606460,
    1264261267864366047,
    3312293848925877225,
    1686347550897109916,
]
