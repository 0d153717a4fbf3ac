"""What every checkpoint promises: after any commits, rollbacks and restarts it holds the last commit, exactly."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import ClassVar

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from driftwatch.alerts.notifications import Notification, OutboxRow
from driftwatch.events.classes import Stream
from driftwatch.events.joins import LABEL_ROW
from driftwatch.events.records import Partition
from driftwatch.monitor.changes import Changes, Journaled, JournalRow, PaneKey, Saved
from tests.contracts.stores import STORES, Store

NAMES = st.sampled_from(["a", "b", "partitions", "é\x00 '\"", ""])
BLOBS = st.one_of(st.none(), st.binary(max_size=40))
MATRICES = arrays.arrays(
    np.int64,
    st.tuples(st.integers(1, 3), st.integers(1, 4)),
    elements=st.one_of(st.integers(0, 300), st.integers(-(2**63), 2**63 - 1)),
)
PANES = st.builds(
    PaneKey,
    model=st.sampled_from(["m", "n"]),
    version=st.sampled_from(["1", "2"]),
    stream=st.sampled_from(Stream),
    layout=st.just("0123456789abcdef"),
    width_ms=st.just(60_000),
    start_ms=st.sampled_from([-60_000, 0, 2**40]),
)
PARTITIONS = st.builds(Partition, st.sampled_from(["p", "q"]), st.integers(0, 2))
OFFSETS = st.integers(0, 2**62)
JOURNAL = st.builds(
    JournalRow,
    kind=st.sampled_from(["start", "close"]),
    offsets=st.dictionaries(PARTITIONS, OFFSETS, max_size=3),
    details=st.dictionaries(
        st.text(max_size=3), st.one_of(st.integers(-9, 9), st.text(max_size=3), st.none())
    ),
)
CHANGES = st.builds(
    Changes,
    offsets=st.dictionaries(PARTITIONS, OFFSETS, max_size=4),
    panes=st.dictionaries(PANES, st.one_of(st.none(), MATRICES), max_size=3),
    chunks=st.dictionaries(NAMES, BLOBS, max_size=3),
    states=st.dictionaries(NAMES, BLOBS, max_size=3),
    references=st.dictionaries(NAMES, st.binary(max_size=20), max_size=2),
    journal=st.lists(JOURNAL, max_size=3),
)


class CheckpointMachine(RuleBasedStateMachine):
    """The model is a Saved and a journal, changed as the words of the port say."""

    store_class: ClassVar[type]

    @initialize()
    def begin(self) -> None:
        self.store: Store = self.store_class()
        self.model = Saved(0, {}, {}, {}, {}, {})
        self.journal: list[tuple[int, JournalRow]] = []
        self.joined = self.joined_committed = 0

    def teardown(self) -> None:
        if hasattr(self, "store"):
            self.store.remove()

    @rule(changes=CHANGES)
    def commit(self, changes: Changes) -> None:
        sequence = self.store.checkpoint.commit(copy.deepcopy(changes))
        model = self.model
        assert sequence == model.sequence + 1
        self.model = Saved(
            sequence,
            {**model.offsets, **changes.offsets},
            _changed(model.panes, changes.panes),
            _changed(model.chunks, changes.chunks),
            _changed(model.states, changes.states),
            {**model.references, **changes.references},
        )
        self.journal += [(sequence, row) for row in changes.journal]
        self.joined_committed = self.joined

    @rule()
    def join(self) -> None:
        table = self.store.checkpoint.joins.table("m", "labels", LABEL_ROW)
        table.add(0, np.array([self.joined]), np.zeros(1, LABEL_ROW))
        self.joined += 1

    @rule()
    def rollback(self) -> None:
        self.store.checkpoint.rollback()
        self.joined = self.joined_committed
        self._joins()

    @rule()
    def restart(self) -> None:
        self.store.again()
        self.joined = self.joined_committed
        self._joins()

    @rule()
    def load(self) -> None:
        saved = self.store.checkpoint.load()
        self.joined = self.joined_committed
        self._joins()
        assert saved.sequence == self.model.sequence
        assert list(saved.offsets.items()) == list(self.model.offsets.items())
        assert saved.panes.keys() == self.model.panes.keys()
        for key, matrix in saved.panes.items():
            assert matrix.dtype == np.int64
            assert np.array_equal(matrix, self.model.panes[key])
            matrix[:] = 0  # what was handed out is the caller's
        assert saved.chunks == self.model.chunks
        assert saved.states == self.model.states
        assert saved.references == self.model.references

    @rule(after=st.integers(0, 5), limit=st.integers(1, 4))
    def read_journal(self, after: int, limit: int) -> None:
        numbered = [Journaled(number, *entry) for number, entry in enumerate(self.journal, 1)]
        assert self.store.checkpoint.journal(after, limit) == numbered[after : after + limit]  # type: ignore[attr-defined]

    def _joins(self) -> None:
        assert len(self.store.checkpoint.joins.table("m", "labels", LABEL_ROW)) == self.joined


def _changed(held: object, changed: object) -> dict:
    merged = {**held, **changed}  # type: ignore[dict-item]
    return {key: value for key, value in merged.items() if value is not None}


@pytest.mark.parametrize("name", STORES)
def test_after_any_calls_the_last_commit_is_loaded(name: str) -> None:
    machine = type("Machine", (CheckpointMachine,), {"store_class": STORES[name]})
    machine.TestCase.settings = settings(max_examples=30, stateful_step_count=20)
    machine.TestCase("runTest").runTest()


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    made: Store = STORES[request.param]()
    yield made
    made.remove()


def test_a_new_store_is_empty_and_has_an_owner_and_a_key(store: Store) -> None:
    saved = store.checkpoint.load()
    assert saved == Saved(0, {}, {}, {}, {}, {})
    owner, key = store.checkpoint.owner, store.checkpoint.hash_key
    assert owner
    assert len(key) == 16
    again = store.again()
    assert (again.owner, again.hash_key) == (owner, key)


def test_a_matrix_changed_after_the_commit_changes_nothing(store: Store) -> None:
    key = PaneKey("m", "1", Stream.LABELS, "l", 1, 0)
    matrix = np.array([[1, 2]])
    store.checkpoint.commit(Changes(panes={key: matrix}))
    matrix[:] = 9
    assert store.checkpoint.load().panes[key].tolist() == [[1, 2]]


def test_a_notification_and_its_rows_are_kept_once(store: Store) -> None:
    notifications = [
        Notification(f"msg_{i}", "alert.firing", "subject", i, "m", "1", "drift", {"x": [1]})  # type: ignore[arg-type]
        for i in range(3)
    ]
    rows = [OutboxRow("msg_0", name, "alert.firing", "subject", 0, b"{}") for name in ("a", "b")]
    for _ in range(2):
        store.checkpoint.commit(Changes(notifications=notifications, outbox=rows))
    assert [n.id for n in store.checkpoint.notifications(2)] == ["msg_2", "msg_1"]  # type: ignore[attr-defined]
    assert store.checkpoint.notifications(9)[0] == notifications[2]  # type: ignore[attr-defined]
    assert store.outbox().lengths() == {"a": 1, "b": 1}
