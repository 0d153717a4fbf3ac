"""Columns of events, and a selection of them."""

from __future__ import annotations

import numpy as np

from driftwatch.events.columns import INVALID, INVALID_TEXT, MISSING
from tests.events.loans import decode, labels, loan, predictions


def test_a_selection_takes_all_columns_along() -> None:
    records = [loan(id=f"a-{n}", income=n, house=f"h{n}", y=n % 2, decided=n) for n in range(4)]
    events = decode(*records, b"", reading=predictions(label="y", decision="decided"))
    some = events.select(np.array([3, 1]))
    assert some.offsets.tolist() == [13, 11]
    assert some.ids.tolist() == events.ids[[3, 1]].tolist()
    assert some.payloads.tolist() == events.payloads[[3, 1]].tolist()
    assert some.numbers[:, 0].tolist() == [3.0, 1.0]
    assert some.texts == [["h3", "h1"], ["PT", "PT"]]
    assert (some.labels, some.decisions, some.versions) == ([1.0, 1.0], ["3", "1"], ["7", "7"])
    assert some.rejected == events.rejected
    assert len(some) == 2


def test_columns_that_a_stream_lacks_stay_empty() -> None:
    events = decode({"id": 1, "ts": 5, "y": 1}, {"id": 2, "ts": 5, "y": 0}, reading=labels())
    some = events.select(np.array([0]))
    assert (len(some.scores), some.decisions, some.texts) == (0, [], [])
    assert some.numbers.shape == (1, 0)


def test_missing_and_invalid_can_be_told_apart_in_a_float() -> None:
    assert np.isnan(MISSING)
    assert np.inf == INVALID
    assert INVALID_TEXT.startswith("\0"), "no name of a category looks like it"
