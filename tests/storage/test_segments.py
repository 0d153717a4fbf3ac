"""Join rows on disk: their stored form, look-ups and merges against plain lists, and that a change from outside is found."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.errors import DamagedStateError
from driftwatch.events.joins import LABEL_ROW, PREDICTION_ROW, JoinRows
from driftwatch.storage import segments
from driftwatch.storage.schema import CHECKPOINT
from driftwatch.storage.segments import Format, Index, Segment

ODD = np.dtype([("a", "<i2"), ("b", "u1")])
FORM = Format.of(LABEL_ROW)
IDS = st.lists(st.one_of(st.integers(0, 30), st.integers(0, 2**63 - 1), st.just(2**63 - 1)), max_size=60)
SMALL_CHUNKS = st.sampled_from([1, 100, 150, 1_000])


def opened() -> sqlite3.Connection:
    made = sqlite3.connect(":memory:", isolation_level=None)
    for statement in CHECKPOINT.migrations[0]:
        made.execute(statement)
    return made


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    made = opened()
    yield made
    made.close()


def stored(ids: list[int], generations: list[int] | None = None, first: int = 0) -> JoinRows:
    """Rows in generations 0, 1, 0, 1, … with offsets that count on from `first`."""
    rows = np.zeros(len(ids), LABEL_ROW)
    rows["offset"] = np.arange(first, first + len(ids))
    of = np.arange(len(ids)) % 2 if generations is None else np.array(generations, np.int64)
    return FORM.pack(np.array(ids, np.int64), rows, of)


def filled(connection: sqlite3.Connection, ids: list[int], number: int = 3) -> tuple[Segment, Index]:
    return segments.write(connection, number, FORM, [stored(ids)], len(ids))


def listed(rows: JoinRows) -> list[tuple[int, int]]:
    """(id, offset)."""
    ids, plain, _ = FORM.unpack(rows)
    return list(zip(ids.tolist(), plain["offset"].tolist(), strict=True))


@pytest.mark.parametrize("dtype", [PREDICTION_ROW, LABEL_ROW, ODD], ids=["prediction", "label", "odd"])
def test_rows_come_back_ascending_by_id(dtype: np.dtype[np.void]) -> None:
    random = np.random.default_rng(1)
    rows = np.frombuffer(random.bytes(5 * dtype.itemsize), dtype)
    ids, generations = np.array([9, 2**63 - 1, 3, 9, 0]), np.array([0, -1, 2**40, 7, 7])
    form = Format.of(dtype)
    keys, again, of = form.unpack(form.pack(ids, rows, generations))
    order = [4, 2, 0, 3, 1]
    assert keys.tolist() == ids[order].tolist()
    assert again.tobytes() == rows[order].tobytes()
    assert of.tolist() == generations[order].tolist()
    assert form.stored.itemsize % 4 == 0


def test_a_flipped_bit_anywhere_is_found() -> None:
    data = stored([5, 6]).tobytes()
    for position in range(len(data)):
        flipped = bytearray(data)
        flipped[position] ^= 4
        with pytest.raises(DamagedStateError, match="checksum"):
            FORM.unpack(FORM.read([(bytes(flipped),)]))
    with pytest.raises(DamagedStateError, match="length"):
        FORM.read([(data[:-1],)])


@given(portions=st.lists(IDS, max_size=4), asked=IDS, chunk_bytes=SMALL_CHUNKS)
def test_a_look_up_finds_every_row_of_an_id_wherever_the_chunks_are_cut(
    portions: list[list[int]], asked: list[int], chunk_bytes: int
) -> None:
    ids = sorted(key for portion in portions for key in portion)
    connection = opened()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(segments, "CHUNK_BYTES", chunk_bytes)
        patch.setattr(segments, "PORTION_CHUNKS", 2)
        rows = stored(ids)
        cuts = np.cumsum([0, *map(len, portions)])
        parts = [rows[begin:end] for begin, end in pairwise(cuts)]
        segment, index = segments.write(connection, 3, FORM, parts, len(ids))
        found = segments.find(connection, segment, index, FORM, np.array(asked, np.int64))
        assert listed(found) == [(key, place) for place, key in enumerate(ids) if key in set(asked)]
        assert segment.rows == len(segment) == len(ids)
        again = segments.read_index(connection, segment, FORM)
        assert again.first.tolist() == index.first.tolist()
        assert again.bloom.probe(segments.spread(np.array(ids, np.int64))).all()
    connection.close()


@given(
    inputs=st.lists(IDS, min_size=1, max_size=4),
    limits=st.lists(st.one_of(st.none(), st.integers(0, 40)), min_size=4, max_size=4),
    floor=st.one_of(st.none(), st.just(1)),
    chunk_bytes=SMALL_CHUNKS,
)
def test_a_merge_holds_what_is_not_forgotten_in_the_order_of_arrival(
    inputs: list[list[int]], limits: list[int | None], floor: int | None, chunk_bytes: int
) -> None:
    connection, expected = opened(), list[tuple[int, int]]()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(segments, "CHUNK_BYTES", chunk_bytes)
        patch.setattr(segments, "PORTION_CHUNKS", 2)
        held: list[tuple[Segment, Index]] = []
        for number, (ids, limit) in enumerate(zip(inputs, limits, strict=False)):
            segment, index = segments.write(
                connection, number, FORM, [stored(ids, first=100 * number)], len(ids)
            )
            if limit is not None:
                kept = [key for key in ids if key <= limit]
                assert segments.forget_above(connection, segment, index, FORM, limit) == len(ids) - len(kept)
                segments.trim(connection, segment, index)
            held.append((segment, index))
            expected += [
                (key, 100 * number + place)
                for place, key in enumerate(ids)
                if (limit is None or key <= limit) and (floor is None or place % 2 >= floor)
            ]
        portions = segments.merged(connection, held, FORM, floor)
        segment, index = segments.write(connection, 50, FORM, portions, sum(map(len, inputs)))
        everything = np.unique(np.array([key for key, _ in expected], np.int64))
        assert listed(segments.find(connection, segment, index, FORM, everything)) == sorted(
            expected, key=lambda row: row[0]
        )
        assert len(segment) == segment.rows == len(expected)
    connection.close()


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM join_chunks",
        "UPDATE join_chunks SET key = key + 1",
        "UPDATE join_chunks SET data = substr(data, 1, length(data) / 2)",
        "UPDATE join_chunks SET data = data || data",
        "UPDATE join_chunks SET data = x'01' || substr(data, 2)",
    ],
)
def test_ids_of_another_commit_are_found(connection: sqlite3.Connection, change: str) -> None:
    segment, _ = filled(connection, [2, 4])
    connection.execute(change)
    with pytest.raises(DamagedStateError, match="not those of the last commit"):
        segments.read_index(connection, segment, FORM)


def test_forgetting_upper_ids_counts_them_once_and_deletes_them_later(
    connection: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    # E12: id 1 … 6, generations 0, 1, 0, 1, 0, 1; generation 1 is forgotten already
    monkeypatch.setattr(segments, "CHUNK_BYTES", 2 * FORM.stored.itemsize)
    segment, index = filled(connection, [1, 2, 3, 4, 5, 6])
    del segment.counts[1]
    assert segments.forget_above(connection, segment, index, FORM, 4) == 1
    assert segment.counts == {0: 2}
    assert segments.forget_above(connection, segment, index, FORM, 4) == 0
    assert segments.forget_above(connection, segment, index, FORM, 1) == 1
    assert (segment.counts, segment.rows) == ({0: 1}, 1)
    segments.read_index(connection, segment, FORM)
    assert connection.execute("SELECT count(*) FROM join_chunks").fetchone() == (3,)
    segments.trim(connection, segment, index)
    assert connection.execute("SELECT count(*) FROM join_chunks").fetchone() == (1,)
    segments.read_index(connection, segment, FORM)


def test_a_dropped_segment_leaves_nothing_and_its_neighbours_alone(connection: sqlite3.Connection) -> None:
    one, _ = filled(connection, [1], number=3)
    other, index = filled(connection, [1, 2], number=4)
    segments.drop(connection, one)
    assert listed(segments.find(connection, other, index, FORM, np.array([1, 2]))) == [(1, 0), (2, 1)]
    segments.drop(connection, other)
    assert connection.execute("SELECT count(*) FROM join_chunks").fetchone() == (0,)
