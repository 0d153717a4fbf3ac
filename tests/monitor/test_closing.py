"""Panes close in the order (pane end; inputs before performance), and what ends with them is read at once (E1)."""

from __future__ import annotations

import random
from typing import Any

from driftwatch.events.classes import Stream
from driftwatch.events.records import Partition
from driftwatch.facts import PaneClosed, VersionEstablished, WindowRead
from driftwatch.monitor.closing import ESTABLISHED
from driftwatch.monitor.monitor import Monitor
from tests.monitor.drive import lines
from tests.monitor.test_counting import ids, plain_world
from tests.monitor.world import KEY, MINUTE, SPEC, START, Core, batch, plan

BOUNDS = {Partition("p", 0): (0, 9), Partition("l", 0): (0, 9)}
P, L = Stream.PREDICTIONS, Stream.LABELS


def fed(core: Core, n: int = 400, **changed: Any) -> Core:
    """N predictions, one a second, and their labels at the same times."""
    core.monitor.assign(BOUNDS)
    records = [{**record, **changed} for record in ids(random.Random(1), n)]
    core.monitor.ingest(batch("p", 0, lines(records), core.monitor.offsets[Partition("p", 0)]))
    core.monitor.ingest(batch("l", 0, lines(records), core.monitor.offsets[Partition("l", 0)]))
    return core


def test_panes_close_by_their_ends_inputs_before_performance_versions_by_name() -> None:
    core = Core(SPEC)
    core.monitor.assign(BOUNDS)
    records = [{**record, "v": "ba"[k % 2]} for k, record in enumerate(ids(random.Random(1), 400))]
    core.monitor.ingest(batch("p", 0, lines(records)))
    core.monitor.ingest(batch("l", 0, lines(records)))
    facts = core.commit(finish=True).facts
    closed = [(f.end_ms, f.stream is L, f.version) for f in facts if isinstance(f, PaneClosed)]
    assert closed == sorted(closed)
    assert len(set(closed)) == len(closed)
    assert {stream for _, stream, _ in closed} == {False, True}
    assert {version for _, _, version in closed} == {"a", "b"}


def test_each_pane_is_told_with_its_events_and_each_window_when_it_ends() -> None:
    core = fed(Core(SPEC))
    facts = core.commit(finish=True).facts
    events = [f.events for f in facts if isinstance(f, PaneClosed) and f.stream is P][:7]
    assert events == [60] * 6 + [40]
    reads = [f for f in facts if isinstance(f, WindowRead) and f.stream is P]
    assert all(f.end_ms % (5 * MINUTE) == 0 for f in reads if f.window == "30m")
    ten = [f for f in reads if f.window == "10m"]
    assert [f.end_ms for f in ten] == [START + k * MINUTE for k in range(1, len(ten) + 1)]
    assert max(f.events for f in ten) == 400, "all of them lie in one window"


def test_a_hundred_events_in_one_pane_establish_a_version_and_no_fewer_e11() -> None:
    for n, established in ((ESTABLISHED - 1, False), (ESTABLISHED, True)):
        core = Core(SPEC)
        core.monitor.assign(BOUNDS)
        records = [{**record, "ts": START + k} for k, record in enumerate(ids(random.Random(1), n))]
        core.monitor.ingest(batch("p", 0, lines(records)))
        facts = core.commit(finish=True).facts
        assert [f.events for f in facts if isinstance(f, VersionEstablished)] == [n] * established
        assert core.monitor.models["m"].versions.live["1"].state.established == established


def test_a_hundred_events_in_two_panes_establish_nothing() -> None:
    core = fed(Core(SPEC), 119)
    assert not any(isinstance(f, VersionEstablished) for f in core.commit(finish=True).facts)


def test_a_version_is_established_once_also_over_a_restart() -> None:
    core = Core(SPEC)
    core.monitor.assign(BOUNDS)
    records = [{**record, "ts": START + k * 100} for k, record in enumerate(ids(random.Random(1), 6_000))]
    facts = []
    for first in range(0, 6_000, 1_000):
        core.monitor.ingest(batch("p", 0, lines(records[first : first + 1_000]), first))
        facts += core.commit().facts
        core.load()
        core.monitor.assign(BOUNDS)
    assert sum(isinstance(f, VersionEstablished) for f in facts) == 1


def test_readings_are_kept_only_where_asked_for() -> None:
    core = fed(Core(SPEC))
    assert core.commit(finish=True).readings == []
    kept = Core(SPEC)
    kept.monitor = Monitor([plan()], kept.store.saved, kept.store.joins, KEY, keep_readings=True)
    outcome = fed(kept).commit(finish=True)
    reads = [f for f in outcome.facts if isinstance(f, WindowRead)]
    assert [(r.window, r.end_ms, r.stream) for r, _ in outcome.readings] == [
        (f.window, f.end_ms, f.stream) for f in reads
    ]
    assert {rule.rule for _, rules in outcome.readings for rule in rules} == {"psi", "decay"}


def test_a_commit_that_closes_a_pane_is_a_journal_row() -> None:
    of, ref = plain_world()
    core = Core(of, ref)
    core.monitor.assign(BOUNDS)
    records = ids(random.Random(1), 60)
    core.monitor.ingest(batch("p", 0, lines(records)))
    begun = [row.kind for row in core.commit().changes.journal]
    assert begun == ["plans", "start", "start", "admit"]
    later = [{**records[0], "id": "later", "ts": START + 10 * MINUTE}]
    core.monitor.ingest(batch("p", 0, lines(later), 60))
    row, kept = core.commit().changes.journal
    assert (row.kind, row.details["model"], kept.kind) == ("close", "m", "savepoint")
    assert row.details["limits"][P] == START + 8 * MINUTE
    ends = [end_ms for _, _, _, end_ms, _, _ in row.details["panes"]]
    assert ends == [START + k * MINUTE for k in range(1, 9)]
    assert [pane != "" for *_, pane, _ in row.details["panes"]] == [True] + 7 * [False]
    assert dict(row.offsets) == {Partition("p", 0): 61, Partition("l", 0): 0}
