"""One savepoint a day of event time, the last ones kept, and the same again from the same states (E14)."""

from __future__ import annotations

import pytest

from driftwatch.events.records import Partition
from driftwatch.events.spec import DAY_MS
from driftwatch.monitor.changes import Entry, Saved
from driftwatch.monitor.savepoints import KEPT, PREFIX, Savepoint, Savepoints
from tests.monitor.test_monitor import stream_of
from tests.monitor.world import START, Core, batch

STATES = {"m/model": b"one", "m/decisions": b"two"}
POINT = Savepoint.of({Partition("b", 1): 7, Partition("a", 0): 3}, STATES)


def test_a_savepoint_is_the_same_after_the_checkpoint() -> None:
    again = Savepoint.decoded(POINT.encoded())
    assert again == POINT
    assert again.positions == {Partition("a", 0): 3, Partition("b", 1): 7}
    assert again.states == STATES


def test_one_is_due_on_each_day_on_which_something_was_decided() -> None:
    kept = Savepoints({})
    assert not kept.due(0), "nothing was decided yet"
    assert kept.due(5 * DAY_MS)
    kept.take(5 * DAY_MS, POINT)
    assert not kept.due(6 * DAY_MS - 1)
    assert kept.due(6 * DAY_MS)
    assert kept.due(40 * DAY_MS), "days on which nothing came have none"


@pytest.mark.parametrize("restarts", [False, True])
def test_only_the_last_ones_are_kept(restarts: bool) -> None:
    states: dict[str, bytes] = {}
    kept = Savepoints(states)
    for day in range(1, KEPT + 6):
        name, changes = kept.take(day * DAY_MS, POINT)
        assert changes[name] is not None
        for key, data in changes.items():
            if data is None:
                del states[key]
            else:
                states[key] = data
        if restarts:
            kept = Savepoints(states)
    assert states.keys() == {f"{PREFIX}{day}" for day in range(6, KEPT + 6)}


def test_a_commit_that_decides_on_a_new_day_keeps_every_state() -> None:
    core = Core()
    core.monitor.assign({Partition("p", 0): (0, 1), Partition("l", 0): (0, 1)})
    stream_of(core, 10**9, 10**9, 10 * 120)
    names = [name for name in core.store.saved.states if name.startswith(PREFIX)]
    assert names == [f"{PREFIX}{START // DAY_MS}"]
    kept = Savepoint.decoded(core.store.saved.states[names[0]])
    assert kept.states.keys() == {
        "plans", "partitions", "m/model", "m/decisions", "m/inspection", "m/history", *(n for n in core.store.saved.states if "/version/" in n)
    }  # fmt: skip
    assert kept.positions.keys() == {Partition("p", 0), Partition("l", 0)}


def test_the_journal_says_at_which_commit_it_was() -> None:
    core = Core()
    core.monitor.assign({Partition("p", 0): (0, 1), Partition("l", 0): (0, 0)})
    entries = []
    values = [b'{"id": "%d", "ts": %d, "v": "1", "score": 0.5, "x": 1, "kind": "a", "country": "PT"}'
              % (n, START + n * DAY_MS // 4) for n in range(12)]  # fmt: skip
    for n, value in enumerate(values):
        core.monitor.ingest(batch("p", 0, [value], n))
        entries += core.commit().changes.journal
    points = [row for row in entries if row.kind == Entry.SAVEPOINT]
    assert [row.details["name"] for row in points] == sorted({row.details["name"] for row in points})
    assert len(points) >= 3
    for row in points:
        found = core.store.saved.states[row.details["name"]]
        assert Savepoint.decoded(found).positions == row.offsets


def test_states_of_a_model_that_is_not_watched_any_more_go_with_it() -> None:
    core = Core()
    core.monitor.assign({Partition("p", 0): (0, 1), Partition("l", 0): (0, 1)})
    states = {**core.store.saved.states, "gone/model": b"x", f"{PREFIX}1": POINT.encoded(), "plans/h": b"p"}
    core.store.saved = Saved(0, {}, {}, {}, states, {})
    core.load()
    core.monitor.assign({Partition("p", 0): (0, 1), Partition("l", 0): (0, 1)})
    stream_of(core, 10**9, 10**9, 10 * 120)
    name = f"{PREFIX}{START // DAY_MS}"
    kept = Savepoint.decoded(core.store.saved.states[name]).states
    assert kept["gone/model"] == b"x"
    assert not [key for key in kept if key.startswith((PREFIX, "plans/"))]
