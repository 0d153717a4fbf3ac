"""Join rows on disk: their stored form, and that a change from outside is found."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import numpy as np
import pytest

from driftwatch.errors import DamagedStateError
from driftwatch.events.joins import LABEL_ROW, PREDICTION_ROW
from driftwatch.storage import segments
from driftwatch.storage.schema import CHECKPOINT
from driftwatch.storage.segments import Format, Segment

ODD = np.dtype([("a", "<i2"), ("b", "u1")])


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    made = sqlite3.connect(":memory:", isolation_level=None)
    for statement in CHECKPOINT.migrations[0]:
        made.execute(statement)
    yield made
    made.close()


def filled(connection: sqlite3.Connection, ids: list[int], extras: list[int] | None = None) -> Segment:
    """A segment with ids in generations 0, 1, 0, 1, …; extra rows in generation 9."""
    segment, form = Segment(id=3, newest=9), Format.of(LABEL_ROW)
    segments.create_segment(connection, segment)
    keys, of = np.array(ids), np.arange(len(ids)) % 2
    segments.insert(connection, segment, keys, form.pack(keys, np.zeros(len(ids), LABEL_ROW), of))
    segment.counts = {g: int((of == g).sum()) for g in (0, 1)}
    if extras:
        more = np.array(extras)
        nines = np.full(len(more), 9)
        segments.insert_extras(
            connection, segment, more, form.pack(more, np.zeros(len(more), LABEL_ROW), nines)
        )
        segment.counts[9] = len(extras)
    return segment


@pytest.mark.parametrize("dtype", [PREDICTION_ROW, LABEL_ROW, ODD], ids=["prediction", "label", "odd"])
def test_rows_and_generations_come_back(dtype: np.dtype[np.void]) -> None:
    random = np.random.default_rng(1)
    rows = np.frombuffer(random.bytes(5 * dtype.itemsize), dtype)
    ids, generations = random.integers(0, 2**63 - 1, 5), np.array([0, -1, 2**40, 7, 7])
    form = Format.of(dtype)
    blobs = form.pack(ids, rows, generations)
    assert {len(blob) for blob in blobs} == {form.stored.itemsize}
    again, of = form.unpack(ids, blobs)
    assert again.tobytes() == rows.tobytes()
    assert of.tolist() == generations.tolist()


def test_a_flipped_bit_or_another_id_is_found() -> None:
    form, ids = Format.of(LABEL_ROW), np.array([5, 6])
    blobs = form.pack(ids, np.zeros(2, LABEL_ROW), np.array([1, 1]))
    for position in range(len(blobs[1])):
        flipped = bytearray(blobs[1])
        flipped[position] ^= 4
        with pytest.raises(DamagedStateError):
            form.unpack(ids, [blobs[0], bytes(flipped)])
    with pytest.raises(DamagedStateError, match="checksum"):
        form.unpack(np.array([5, 7]), blobs)
    with pytest.raises(DamagedStateError, match="length"):
        form.unpack(ids, [blobs[0], blobs[1][:-1]])


def test_looking_up_finds_own_rows_then_extra_rows(connection: sqlite3.Connection) -> None:
    segment = filled(connection, [2, 4, 2**63 - 1], extras=[4, 2, 4])
    assert segments.existing(connection, segment, np.array([4, 5, 2**63 - 1])).tolist() == [4, 2**63 - 1]
    found = segments.select(connection, segment, np.array([4, 9]))
    assert [key for key, _ in found] == [4, 4, 4]
    assert segments.read_ids(connection, segment).tolist() == [2, 4, 2**63 - 1]


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM join_3 WHERE id = 2",
        "UPDATE join_3 SET id = 3 WHERE id = 2",
        "INSERT INTO join_3 VALUES (7, x'')",
        "DELETE FROM join_extras",
        "UPDATE join_3 SET id = id + 4294967296 WHERE id = 2",
    ],
)
def test_ids_of_another_commit_are_found(connection: sqlite3.Connection, change: str) -> None:
    segment = filled(connection, [2, 4], extras=[4])
    connection.execute(change)
    with pytest.raises(DamagedStateError, match="not those of the last commit"):
        segments.read_ids(connection, segment)


def test_forgetting_upper_ids_counts_them_once_and_deletes_them_later(connection: sqlite3.Connection) -> None:
    # E12: id 1 … 6, generations 0, 1, 0, 1, 0, 1; generation 1 is forgotten already
    segment, form = filled(connection, [1, 2, 3, 4, 5, 6], extras=[5, 1]), Format.of(LABEL_ROW)
    del segment.counts[1]
    assert segments.forget_above(connection, segment, 4, form) == 2
    assert segment.counts == {0: 2, 9: 1}
    assert segments.forget_above(connection, segment, 4, form) == 0
    assert segments.forget_above(connection, segment, 2, form) == 1
    assert segment.counts == {0: 1, 9: 1}
    assert segments.read_ids(connection, segment).tolist() == [1, 2]
    assert connection.execute("SELECT count(*) FROM join_3").fetchone() == (6,)
    segments.sweep(connection, segment)
    segments.sweep(connection, segment)
    assert connection.execute("SELECT id FROM join_3").fetchall() == [(1,), (2,)]
    assert segments.read_ids(connection, segment).tolist() == [1, 2]


def test_a_dropped_segment_leaves_nothing(connection: sqlite3.Connection) -> None:
    segment = filled(connection, [1], extras=[1])
    segments.drop(connection, segment)
    assert connection.execute("SELECT count(*) FROM join_extras").fetchone() == (0,)
    assert connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'join_3'").fetchone() == (0,)
