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


def tables(checkpoint: SqliteCheckpoint) -> int:
    names = "SELECT count(*) FROM sqlite_master WHERE name GLOB 'join_[0-9]*'"
    return checkpoint._connection.execute(names).fetchone()[0]


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
        known(table, 1)
    assert len(table) == 1
    assert known(table, 1, 2) == [1]
    add(table, 1, 2)
    checkpoint.commit(Changes())
    assert known(table, 1, 2) == [1, 2]


def test_forgotten_segments_are_deleted_in_portions(
    checkpoint: SqliteCheckpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    # E12: no commit deletes everything at once; what is forgotten is invisible from the first moment
    monkeypatch.setattr(module, "SWEPT_ROWS", 15)
    table = table_of(checkpoint)
    for generation in range(6):
        add(table, generation, *range(10 * generation, 10 * generation + 10))
        checkpoint.commit(Changes())
    assert tables(checkpoint) == 6
    assert table.drop_before(5) == 50
    assert known(table, *range(60)) == list(range(50, 60))
    for left in (4, 2, 1, 1):
        checkpoint.commit(Changes())
        assert tables(checkpoint) == left
    assert len(table) == 10


def test_halving_deletes_one_segment_per_commit(checkpoint: SqliteCheckpoint) -> None:
    table = table_of(checkpoint)
    for generation in range(3):
        add(table, generation, *range(10 * generation, 10 * generation + 10))
        checkpoint.commit(Changes())
    assert table.drop_above(4) == 25
    assert known(table, *range(30)) == [0, 1, 2, 3, 4]
    held = [10, 10, 10]
    for emptied in range(3):
        checkpoint.commit(Changes())
        held[emptied] = 5 if not emptied else 0
        counts = [
            checkpoint._connection.execute(f"SELECT count(*) FROM join_{i}").fetchone()[0] for i in (1, 2, 3)
        ]
        assert counts == held
        assert known(table, *range(30)) == [0, 1, 2, 3, 4]


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


def test_a_full_segment_is_closed_and_its_filter_shrinks(
    checkpoint: SqliteCheckpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SEGMENT_ROWS", 1_000)
    table = table_of(checkpoint)
    for start in range(0, 5_000, 1_000):
        add(table, 1, *range(start, start + 1_000))
        known(table, 0)
    assert tables(checkpoint) == 5
    assert known(table, 0, 999, 1_000, 4_999, 5_000) == [0, 999, 1_000, 4_999]
    assert checkpoint.joins.filter_bytes < 5 * 2_500 + 40_000
    checkpoint.commit(Changes())
    table.drop_before(2)
    checkpoint.commit(Changes())
    assert checkpoint.joins.filter_bytes == 0


def test_labels_of_all_generations_lie_in_one_table(checkpoint: SqliteCheckpoint) -> None:
    # the reason for segments in the order of arrival: a commit dirties one small tree, not sixteen large ones
    table = table_of(checkpoint)
    add(table, 16, 0)
    checkpoint.commit(Changes())
    for generation in range(16):
        add(table, generation, 100 + generation)
    checkpoint.commit(Changes())
    assert tables(checkpoint) == 1
    assert table.drop_before(8) == 8
    assert known(table, 0, *range(100, 116)) == [0, *range(108, 116)]
    assert table.drop_before(17) == 9
    checkpoint.commit(Changes())
    assert tables(checkpoint) == 0


def test_a_changed_row_is_found_when_it_is_read(checkpoint: SqliteCheckpoint) -> None:
    table = table_of(checkpoint)
    add(table, 1, 3)
    checkpoint.commit(Changes())
    checkpoint._connection.execute("UPDATE join_1 SET data = zeroblob(length(data))")
    with pytest.raises(DamagedStateError, match="checksum"):
        known(table, 3)
