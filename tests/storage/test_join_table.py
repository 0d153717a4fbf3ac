"""One join table in SQLite; what all join tables promise is in contracts/test_joins_contract.py."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from driftwatch.errors import CommitUnknownError, DamagedStateError
from driftwatch.events.joins import LABEL_ROW
from driftwatch.monitor.changes import Changes
from driftwatch.storage import join_table as module
from driftwatch.storage import segments
from driftwatch.storage.join_table import SqliteJoinTable
from driftwatch.storage.sqlite import SqliteCheckpoint, open_checkpoint
from tests.storage.disks import no_more_pages

SPAN = range(-1, 1_000)


@pytest.fixture
def checkpoint(tmp_path: Path) -> Iterator[SqliteCheckpoint]:
    made = open_checkpoint(tmp_path)
    yield made
    made.close()


def table_of(checkpoint: SqliteCheckpoint) -> SqliteJoinTable:
    return checkpoint.joins.table("m", "labels", LABEL_ROW)


def add(table: SqliteJoinTable, generation: int, *ids: int) -> None:
    table.add(generation, np.array(ids), np.zeros(len(ids), LABEL_ROW))


def known(table: SqliteJoinTable, *ids: int) -> list[int]:
    return [ids[i] for i in table.find(SPAN, np.array(ids))[0].tolist()]


def portions(checkpoint: SqliteCheckpoint) -> list[int]:
    """Chunks of each segment on disk."""
    found = checkpoint._connection.execute("SELECT count(*) FROM join_chunks GROUP BY key >> 20 ORDER BY 1")
    return [count for (count,) in found]


def each_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Segments are not merged; a chunk holds one row."""
    monkeypatch.setattr(module, "MERGED_AT_ONCE", 1_000)
    monkeypatch.setattr(segments, "CHUNK_BYTES", 1)


def test_a_full_disk_in_a_commit_costs_no_row(checkpoint: SqliteCheckpoint) -> None:
    # F16: adds, drops and deletions of the interval are made again on the state of the last commit
    table = table_of(checkpoint)
    add(table, 1, *range(100))
    add(table, 2, *range(100, 200))
    checkpoint.commit(Changes())
    add(table, 3, 500, 501)
    assert known(table, 500) == [500]
    assert table.drop_before(2) == 100
    add(table, 3, 502, 7_000)
    assert table.drop_above(600) == 1
    with no_more_pages(checkpoint):
        for _ in range(2):
            with pytest.raises(OSError, match="no space left"):
                checkpoint.commit(Changes(states={"big": b"x" * 500_000}))
            assert len(table) == 103
    assert checkpoint.commit(Changes(states={"big": b"x"})) == 2
    assert known(table, 5, 100, 199, 500, 501, 502, 7_000) == [100, 199, 500, 501, 502]
    checkpoint.load()
    assert known(table_of(checkpoint), 5, 100, 199, 500, 501, 502, 7_000) == [100, 199, 500, 501, 502]
    assert len(table) == 103


def test_a_full_disk_in_the_middle_of_a_step_goes_back_to_the_last_commit(
    checkpoint: SqliteCheckpoint,
) -> None:
    table = table_of(checkpoint)
    add(table, 1, 1)
    checkpoint.commit(Changes())
    add(table, 1, *range(2, 20_000))
    with no_more_pages(checkpoint), pytest.raises(CommitUnknownError, match="no space left"):
        add(table, 1, *range(20_000, 90_000))
    assert len(table) == 1
    assert known(table, 1, 2) == [1]
    add(table, 1, 2)
    checkpoint.commit(Changes())
    assert known(table, 1, 2) == [1, 2]


def test_forgotten_segments_are_deleted_in_portions(
    checkpoint: SqliteCheckpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    # E12: no commit deletes everything at once; what is forgotten is invisible from the first moment
    each_its_own(monkeypatch)
    monkeypatch.setattr(module, "SWEPT_ROWS", 15)
    table = table_of(checkpoint)
    for generation in range(6):
        add(table, generation, *range(10 * generation, 10 * generation + 10))
        checkpoint.commit(Changes())
    assert portions(checkpoint) == [10] * 6
    assert table.drop_before(5) == 50
    assert known(table, *range(60)) == list(range(50, 60))
    for left in (4, 2, 1, 1):
        checkpoint.commit(Changes())
        assert portions(checkpoint) == [10] * left
    assert len(table) == 10


def test_halving_deletes_from_one_segment_per_commit(
    checkpoint: SqliteCheckpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    each_its_own(monkeypatch)
    table = table_of(checkpoint)
    for generation in range(3):
        add(table, generation, *range(10 * generation, 10 * generation + 10))
        checkpoint.commit(Changes())
    assert table.drop_above(4) == 25
    assert known(table, *range(30)) == [0, 1, 2, 3, 4]
    for left in ([5, 10, 10], [5, 10], [5], [5]):
        checkpoint.commit(Changes())
        assert sorted(portions(checkpoint)) == left
        assert known(table, *range(30)) == [0, 1, 2, 3, 4]
    assert table.drop_before(3) == 5
    checkpoint.commit(Changes())
    assert portions(checkpoint) == []


def test_an_id_above_the_limit_can_come_back_before_its_old_row_is_deleted(
    checkpoint: SqliteCheckpoint,
) -> None:
    table = table_of(checkpoint)
    add(table, 1, 5, 900)
    checkpoint.commit(Changes())
    table.drop_above(10)
    add(table, 1, 900)
    assert known(table, 5, 900) == [5, 900]
    checkpoint.commit(Changes())
    checkpoint.load()
    assert known(table, 5, 900) == [5, 900]


def test_segments_of_a_size_become_one_up_to_the_largest_size(
    checkpoint: SqliteCheckpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SEGMENT_ROWS", 200)
    monkeypatch.setattr(segments, "CHUNK_BYTES", 1)
    table = table_of(checkpoint)
    sizes: list[list[int]] = []
    for start in range(0, 360, 10):
        add(table, 1, *range(start, start + 10))
        checkpoint.commit(Changes())
        sizes.append([segment.rows for segment in table._state.segments])
    assert sizes[:4] == [[10], [10, 10], [10, 10, 10], [40]]
    assert sizes[15] == [160], "four of forty, of ten each"
    assert sizes[31] == [160, 160]
    assert sizes[35] == [160, 160, 40]
    assert known(table, *range(400)) == list(range(360))
    assert sum(portions(checkpoint)) == 360, "what was merged is deleted with the same commit"


def test_a_merge_is_rolled_back_with_everything_else(checkpoint: SqliteCheckpoint) -> None:
    table = table_of(checkpoint)
    for number in range(3):
        add(table, 1, number)
        checkpoint.commit(Changes())
    add(table, 1, 3)
    with no_more_pages(checkpoint), pytest.raises(OSError, match="no space left"):
        checkpoint.commit(Changes(states={"big": b"x" * 500_000}))
    assert known(table, *range(9)) == [0, 1, 2, 3]
    checkpoint.rollback()
    assert known(table, *range(9)) == [0, 1, 2]
    add(table, 1, 7)
    checkpoint.commit(Changes())
    assert len(table._state.segments) == 1
    assert known(table, *range(9)) == [0, 1, 2, 7]


def test_the_filter_may_err_without_harm(checkpoint: SqliteCheckpoint) -> None:
    table = table_of(checkpoint)
    add(table, 1, *range(0, 100_000, 2))
    checkpoint.commit(Changes())
    for index in table._indexes.values():
        index.bloom._words.fill(2**64 - 1)  # says "perhaps" to everything
    assert known(table, 1, 3, 99_999, 2**63 - 1) == []
    assert known(table, 1, 4, 99_999) == [4]


def test_filters_go_with_their_rows(checkpoint: SqliteCheckpoint) -> None:
    table = table_of(checkpoint)
    add(table, 1, *range(50_000))
    checkpoint.commit(Changes())
    assert 125_000 < checkpoint.joins.filter_bytes < 180_000
    table.drop_before(2)
    checkpoint.commit(Changes())
    assert checkpoint.joins.filter_bytes == 0
    assert portions(checkpoint) == []


def test_labels_of_all_generations_lie_in_one_segment(checkpoint: SqliteCheckpoint) -> None:
    # the reason for segments in the order of arrival: a commit appends, it does not dirty sixteen trees
    table = table_of(checkpoint)
    for generation in range(16):
        add(table, generation, 100 + generation)
    checkpoint.commit(Changes())
    assert portions(checkpoint) == [1]
    assert table.drop_before(8) == 8
    assert known(table, *range(100, 116)) == list(range(108, 116))
    assert table.drop_before(17) == 8
    checkpoint.commit(Changes())
    assert portions(checkpoint) == []


def test_a_changed_row_is_found_when_it_is_read(checkpoint: SqliteCheckpoint) -> None:
    table = table_of(checkpoint)
    add(table, 1, 3)
    checkpoint.commit(Changes())
    checkpoint._connection.execute(
        "UPDATE join_chunks SET data = substr(data, 1, 8) || zeroblob(length(data) - 8)"
    )
    with pytest.raises(DamagedStateError, match="checksum"):
        known(table, 3)
