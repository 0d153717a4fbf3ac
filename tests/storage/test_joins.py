"""The join tables of a checkpoint over restarts; what they all promise is in contracts/test_joins_contract.py."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from driftwatch.errors import DamagedStateError, StateError
from driftwatch.events.joins import LABEL_ROW, PREDICTION_ROW, class_score_row
from driftwatch.monitor.changes import Changes
from driftwatch.storage.join_table import SqliteJoinTable
from driftwatch.storage.sqlite import SqliteCheckpoint, open_checkpoint


def table_of(checkpoint: SqliteCheckpoint) -> SqliteJoinTable:
    return checkpoint.joins.table("m", "labels", LABEL_ROW)


def add(table: SqliteJoinTable, generation: int, *ids: int) -> None:
    table.add(generation, np.array(ids), np.zeros(len(ids), table.dtype))


def test_a_table_that_nobody_asks_for_is_read_and_kept(tmp_path: Path) -> None:
    for generation in range(2):
        checkpoint = open_checkpoint(tmp_path)
        checkpoint.load()
        add(checkpoint.joins.table("m", "predictions", PREDICTION_ROW), generation, 7)
        if not generation:
            add(table_of(checkpoint), 1, 3)
        checkpoint.commit(Changes())
        checkpoint.close()
    checkpoint = open_checkpoint(tmp_path)
    checkpoint.load()
    assert checkpoint.joins.filter_bytes > 0
    assert len(table_of(checkpoint)) == 1
    assert len(checkpoint.joins.table("m", "predictions", PREDICTION_ROW)) == 2
    checkpoint.close()


def test_rows_of_several_numbers_come_back_as_they_were(tmp_path: Path) -> None:
    """Also where the start reads them before anybody has named their type."""
    dtype = class_score_row(3)
    rows = np.zeros(2, dtype)
    rows["scores"] = [[0.25, np.nan, np.inf], [1e300, -0.0, 5e-324]]
    checkpoint = open_checkpoint(tmp_path)
    checkpoint.load()
    checkpoint.joins.table("m", "class_scores-x", dtype).add(0, np.array([7, 3]), rows)
    checkpoint.commit(Changes())
    checkpoint.close()
    checkpoint = open_checkpoint(tmp_path)
    checkpoint.load()
    assert checkpoint.joins.verify_rows() == 2
    _, found = checkpoint.joins.table("m", "class_scores-x", dtype).find(range(1), np.array([7, 3]))
    assert found.tobytes() == rows.tobytes()
    with pytest.raises(StateError, match="another type"):
        checkpoint.joins.table("m", "class_scores-x", class_score_row(2))
    checkpoint.close()


def test_two_tables_never_share_a_segment(tmp_path: Path) -> None:
    checkpoint = open_checkpoint(tmp_path)
    for generation in range(3):
        for model in ("a", "b"):
            table = checkpoint.joins.table(model, "labels", LABEL_ROW)
            add(table, generation, generation)
            table.find(range(3), np.array([generation]))
        if generation == 1:
            checkpoint.rollback()
        else:
            checkpoint.commit(Changes())
    for model in ("a", "b"):
        positions, _ = checkpoint.joins.table(model, "labels", LABEL_ROW).find(range(3), np.array([0, 1, 2]))
        assert positions.tolist() == [0, 2]
    checkpoint.close()


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM join_chunks",
        "UPDATE join_chunks SET data = x'04' || substr(data, 2)",
        "DROP TABLE join_chunks",
    ],
)
def test_missing_rows_are_found_by_the_next_process(tmp_path: Path, change: str) -> None:
    checkpoint = open_checkpoint(tmp_path)
    add(table_of(checkpoint), 1, 3)
    checkpoint.commit(Changes())
    checkpoint._connection.execute(change)
    checkpoint.close()
    with pytest.raises(DamagedStateError):
        open_checkpoint(tmp_path).load()


def test_rows_of_another_type_are_refused_after_a_restart(tmp_path: Path) -> None:
    checkpoint = open_checkpoint(tmp_path)
    add(table_of(checkpoint), 1, 3)
    checkpoint.commit(Changes())
    checkpoint.close()
    for loaded in (False, True):
        checkpoint = open_checkpoint(tmp_path)
        if loaded:
            checkpoint.load()
        with pytest.raises(StateError, match="another"):
            checkpoint.joins.table("m", "labels", np.dtype([("x", "<i8")]))
        checkpoint.close()
