"""The join tables in memory; what all join tables promise is in contracts/test_joins_contract.py."""

from __future__ import annotations

import numpy as np
import pytest

from driftwatch.events.joins import LABEL_ROW, JoinRows
from driftwatch.events.memory_joins import MemoryJoinTable, MemoryJoinTables


def rows(*offsets: int) -> JoinRows:
    made = np.zeros(len(offsets), LABEL_ROW)
    made["offset"] = offsets
    return made


def found(table: MemoryJoinTable, generations: range, *ids: int) -> list[tuple[int, int]]:
    positions, of = table.find(generations, np.array(ids))
    return list(zip(positions.tolist(), of["offset"].tolist(), strict=True))


def test_rows_of_many_portions_are_found_in_the_order_of_their_coming() -> None:
    table = MemoryJoinTable(LABEL_ROW)
    for portion in range(40):  # portions are merged as they grow; equal ids must keep their order
        table.add(portion % 3, np.array([portion % 5, 100 + portion]), rows(2 * portion, 2 * portion + 1))
    assert len(table) == 80
    for key in range(5):
        expected = sorted(((p % 3, 2 * p) for p in range(40) if p % 5 == key), key=lambda pair: pair[0])
        assert found(table, range(3), key) == [(0, offset) for _, offset in expected]
    assert found(table, range(3), 139, 100, 100) == [(0, 79), (1, 1), (2, 1)]


def test_portions_are_merged_so_that_few_are_searched() -> None:
    table = MemoryJoinTable(LABEL_ROW)
    for portion in range(500):
        table.add(0, np.array([portion]), rows(portion))
    assert len(table._now.runs[0]) <= 10
    assert found(table, range(1), *range(500)) == [(i, i) for i in range(500)]


def test_a_rollback_restores_what_was_dropped_and_forgets_what_was_added() -> None:
    tables = MemoryJoinTables()
    table = tables.table("m", "labels", LABEL_ROW)
    table.add(1, np.array([5, 6]), rows(0, 1))
    tables.commit()
    table.add(2, np.array([7]), rows(2))
    assert table.drop_above(5) == 2
    assert table.drop_before(2) == 1
    later = tables.table("m", "features", LABEL_ROW)
    later.add(0, np.array([1]), rows(0))
    tables.rollback()
    assert found(table, range(9), 5, 6, 7) == [(0, 0), (1, 1)]
    assert (len(table), len(later)) == (2, 0)
    table.add(1, np.array([8]), rows(3))  # the dropped generation is open again after the rollback
    assert len(table) == 3


def test_a_dropped_generation_stays_empty() -> None:
    table = MemoryJoinTable(LABEL_ROW)
    table.drop_before(3)
    table.add(2, np.array([1]), rows(0))
    table.add(3, np.array([1]), rows(1))
    assert found(table, range(9), 1) == [(0, 1)]


def test_a_table_refuses_another_type() -> None:
    tables = MemoryJoinTables()
    tables.table("m", "labels", LABEL_ROW)
    with pytest.raises(ValueError, match="another type"):
        tables.table("m", "labels", np.dtype([("x", "<i8")]))
