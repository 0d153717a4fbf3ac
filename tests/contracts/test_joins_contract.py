"""What every join table promises, whatever holds it: a machine of random calls against a plain list of rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, NamedTuple

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from driftwatch.events.joins import LABEL_ROW, PREDICTION_ROW, JoinTable
from driftwatch.monitor.changes import Changes
from driftwatch.storage import join_table as sqlite_joins
from driftwatch.storage import segments as sqlite_segments
from tests.contracts.stores import STORES, Store

IDS = st.one_of(st.integers(0, 12), st.integers(2**62, 2**63 - 1), st.just(2**63 - 1))
GENERATIONS = st.integers(-2, 6)


class Row(NamedTuple):
    generation: int
    id: int
    number: int


class JoinMachine(RuleBasedStateMachine):
    """Adds, drops, commits, rollbacks and restarts in any order leave what a plain list would hold."""

    store_class: ClassVar[type]

    @initialize()
    def begin(self) -> None:
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(sqlite_joins, "SEGMENT_ROWS", 20)
        self.patch.setattr(sqlite_joins, "FRESH_ROWS", 5)
        self.patch.setattr(sqlite_joins, "MERGED_AT_ONCE", 2)
        self.patch.setattr(sqlite_segments, "CHUNK_BYTES", 100)
        self.patch.setattr(sqlite_segments, "PORTION_CHUNKS", 2)
        self.patch.setattr(sqlite_joins, "SWEPT_ROWS", 1)
        self.store: Store = self.store_class()
        self.table = self._table()
        self.number = 0
        self.rows: list[Row] = []
        self.floor = -(10**9)
        self.committed: tuple[list[Row], int] = ([], self.floor)

    def teardown(self) -> None:
        if hasattr(self, "store"):
            self.store.remove()
            self.patch.undo()

    @rule(generation=GENERATIONS, ids=st.lists(IDS, max_size=8))
    def add(self, generation: int, ids: list[int]) -> None:
        rows = np.zeros(len(ids), LABEL_ROW)
        rows["offset"] = range(self.number, self.number + len(ids))
        self.table.add(generation, np.array(ids, np.int64), rows)
        rows["offset"] = -1  # the caller may use its arrays again
        if generation >= self.floor:
            self.rows += [Row(generation, key, self.number + i) for i, key in enumerate(ids)]
        self.number += len(ids)

    @rule(start=GENERATIONS, length=st.integers(0, 9), ids=st.lists(IDS, max_size=12))
    def find(self, start: int, length: int, ids: list[int]) -> None:
        positions, rows = self.table.find(range(start, start + length), np.array(ids, np.int64))
        expected = [
            (position, row.number)
            for position, key in enumerate(ids)
            for row in sorted(self.rows, key=lambda row: row.generation)
            if row.id == key and start <= row.generation < start + length
        ]
        assert rows.dtype == LABEL_ROW
        assert list(zip(positions.tolist(), rows["offset"].tolist(), strict=True)) == expected

    @rule(generation=GENERATIONS)
    def drop_before(self, generation: int) -> None:
        kept = [row for row in self.rows if row.generation >= generation]
        assert self.table.drop_before(generation) == len(self.rows) - len(kept)
        self.rows, self.floor = kept, max(self.floor, generation)

    @rule(limit=IDS)
    def drop_above(self, limit: int) -> None:
        kept = [row for row in self.rows if row.id <= limit]
        assert self.table.drop_above(limit) == len(self.rows) - len(kept)
        self.rows = kept

    @rule()
    def commit(self) -> None:
        self.store.checkpoint.commit(Changes())
        self.committed = (list(self.rows), self.floor)

    @rule()
    def rollback(self) -> None:
        self.store.checkpoint.rollback()
        self.rows, self.floor = list(self.committed[0]), self.committed[1]

    @rule()
    def restart(self) -> None:
        self.store.again()
        self.table = self._table()
        self.rows, self.floor = list(self.committed[0]), self.committed[1]

    @precondition(lambda self: hasattr(self, "table"))
    @invariant()
    def length(self) -> None:
        assert len(self.table) == len(self.rows)

    def _table(self) -> JoinTable:
        return self.store.checkpoint.joins.table("model", "labels", LABEL_ROW)


@pytest.mark.parametrize("name", STORES)
def test_random_calls_leave_what_a_plain_list_would_hold(name: str) -> None:
    machine = type("Machine", (JoinMachine,), {"store_class": STORES[name]})
    machine.TestCase.settings = settings(max_examples=60, stateful_step_count=30)
    machine.TestCase("runTest").runTest()


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    made: Store = STORES[request.param]()
    yield made
    made.remove()


def test_every_field_of_a_row_comes_back(store: Store) -> None:
    table = store.checkpoint.joins.table("model", "predictions", PREDICTION_ROW)
    rows = np.zeros(2, PREDICTION_ROW)
    rows["time_ms"], rows["offset"], rows["score"] = [1, -2], [2**62, 3], [0.25, np.nan]
    rows["payload"], rows["decision"], rows["partition"] = [2**32 - 1, 7], [-1, 5], [0, 2**31 - 1]
    rows["version"], rows["codes"] = [3, 4], [range(8), range(-8, 0)]
    table.add(5, np.array([9, 4]), rows)
    store.checkpoint.commit(Changes())
    table = store.again().joins.table("model", "predictions", PREDICTION_ROW)
    positions, found = table.find(range(5, 6), np.array([4, 9]))
    assert positions.tolist() == [0, 1]
    assert found.tobytes() == rows[[1, 0]].tobytes()
    assert table.dtype == PREDICTION_ROW


def test_models_and_kinds_have_tables_of_their_own(store: Store) -> None:
    joins = store.checkpoint.joins
    one = np.zeros(1, LABEL_ROW)
    joins.table("a", "labels", LABEL_ROW).add(0, np.array([1]), one)
    for model, kind in (("b", "labels"), ("a", "features")):
        assert not len(joins.table(model, kind, LABEL_ROW).find(range(1), np.array([1]))[0])
    assert len(joins.table("a", "labels", LABEL_ROW)) == 1


def test_a_table_is_the_same_at_every_call_and_keeps_its_type(store: Store) -> None:
    joins = store.checkpoint.joins
    assert joins.table("a", "labels", LABEL_ROW) is joins.table("a", "labels", LABEL_ROW)
    with pytest.raises(Exception, match="another type"):
        joins.table("a", "labels", PREDICTION_ROW)


def test_an_id_can_have_a_row_from_each_partition(store: Store) -> None:
    # E3: the same id in two partitions counts in both
    table = store.checkpoint.joins.table("model", "predictions", PREDICTION_ROW)
    for partition in range(3):
        row = np.zeros(1, PREDICTION_ROW)
        row["partition"] = partition
        table.add(1, np.array([77]), row)
        table.find(range(2), np.array([77]))
    positions, rows = table.find(range(2), np.array([5, 77, 77]))
    assert positions.tolist() == [1, 1, 1, 2, 2, 2]
    assert rows["partition"].tolist() == [0, 1, 2, 0, 1, 2]


def test_looking_for_nothing_finds_nothing(store: Store) -> None:
    table = store.checkpoint.joins.table("model", "labels", LABEL_ROW)
    positions, rows = table.find(range(5), np.empty(0, np.int64))
    assert (len(positions), len(rows), rows.dtype) == (0, 0, LABEL_ROW)
    table.add(1, np.empty(0, np.int64), np.empty(0, LABEL_ROW))
    assert len(table) == 0
