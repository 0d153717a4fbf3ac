"""Events of one stream, each once, and found by id within the time that a join allows."""

from __future__ import annotations

import numpy as np

from driftwatch.events.classes import RecordClass, Stream
from driftwatch.references.gathered import Gathered, find, texts_at
from tests.references.records import HOUR_MS, START_MS, batch, predictions, subject


def gathered(*made, **changes) -> Gathered:
    of = Gathered(subject(**changes).columns_of(Stream.PREDICTIONS, {}).reading)
    for one in made:
        of.add(one)
    return of


def test_repetitions_count_once_in_their_partition_only() -> None:
    rows = predictions(3)
    of = gathered(batch("p", rows + rows[:2]), batch("p", rows[:1], partition=1))
    block = of.block("*", HOUR_MS)
    assert block is not None
    assert len(block) == 4
    assert of.rejected == {RecordClass.DUPLICATE: 2}


def test_only_versions_that_match() -> None:
    of = gathered(batch("p", [*predictions(2), *predictions(4, v="2.1")[2:], b"junk"]))
    block = of.block("2.*", HOUR_MS)
    assert block is not None
    assert block.versions == ["2.1", "2.1"]
    assert of.rejected[RecordClass.INVALID_JSON] == 1
    assert of.block("3", HOUR_MS) is None


def test_records_without_any_time() -> None:
    untimed = subject().predictions.model_copy(update={"time": None})
    assert not gathered(batch("p", predictions(2)), predictions=untimed).timed
    stamped = gathered(batch("p", predictions(2), stamp_ms=START_MS), predictions=untimed)
    assert stamped.timed
    block = stamped.block("*", HOUR_MS)
    assert block is not None
    assert block.times_ms.tolist() == [START_MS] * 2


def test_find_takes_the_first_in_the_time_range() -> None:
    # one id at 0, 10, 20 min
    rows = [predictions(1, ts=START_MS + at * 60_000)[0] for at in (20, 0, 10)]
    of = Gathered(subject().columns_of(Stream.PREDICTIONS, {}).reading)
    of.add(batch("p", rows))
    block = of.block("*", 1)
    assert block is not None
    at = START_MS + np.array([0, 10, 25, 45, -6]) * 60_000
    ids = np.full(5, block.ids[0])
    found = find(ids, at, block, before_ms=15 * 60_000, after_ms=5 * 60_000)
    assert found.tolist() == [1, 1, 2, -1, -1]
    assert find(np.array([7]), at[:1], block, before_ms=10**12, after_ms=10**12).tolist() == [-1]
    assert texts_at(["a", "b", "c"], found) == ["b", "b", "c", None, None]
