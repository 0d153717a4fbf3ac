"""A changed configuration starts a new layout at a pane boundary; the old one drains, and nothing is counted twice (E9)."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest

from driftwatch.errors import StateError
from driftwatch.events.classes import RecordClass, Stream
from driftwatch.events.order import BEFORE_ALL
from driftwatch.events.records import Partition
from driftwatch.facts import AlertChanged
from driftwatch.monitor.changes import Entry
from driftwatch.monitor.versions import DRAINING_MAX
from driftwatch.references.reference import Reference
from driftwatch.windows.series import Series
from tests.monitor.drive import built, lines, spec
from tests.monitor.test_counting import ids
from tests.monitor.world import MINUTE, START, Core, batch, label

P, L = Partition("p", 0), Partition("l", 0)
BOUNDS = {P: (0, 9), L: (0, 9)}
SPEC = spec()


def reference(seed: int, of: Any = SPEC) -> Reference:
    records = [{**record, "y": k % 2} for k, record in enumerate(ids(random.Random(seed), 400))]
    return built(of, {Stream.PREDICTIONS: records})


OLD, NEW = reference(1), reference(2)


def feed(core: Core, first: int, last: int, *, labels: bool = True) -> None:
    """Predictions of the minutes [first, last), six a minute, and a label for each a minute later."""
    records = [
        {**record, "id": f"id-{n}", "ts": START + n * 10_000}
        for n, record in zip(
            range(first * 6, last * 6), ids(random.Random(first), (last - first) * 6), strict=True
        )
    ]
    core.monitor.ingest(batch("p", 0, lines(records), core.monitor.offsets[P]))
    if labels:
        some = [label(int(r["id"][3:]), r["ts"] + MINUTE, 1) for r in records]
        core.monitor.ingest(batch("l", 0, some, core.monitor.offsets[L]))


def commit(core: Core) -> None:
    """Until nothing is held, and what was taken last is committed too."""
    core.commit()
    while core.monitor.held:
        core.commit()
    core.commit()


def reloaded(core: Core, ref: Reference, of: Any = SPEC) -> None:
    core.spec, core.ref = of, ref
    core.load()
    core.monitor.assign(BOUNDS)


def counted(core: Core) -> dict[tuple[str, Stream], tuple[int, int, int]]:
    """(first pane, end of the last one, events) by layout and stream, over everything stored."""
    found: dict[tuple[str, Stream], tuple[int, int, int]] = {}
    for key, pane in core.store.saved.panes.items():
        layout = OLD.layout if key.layout == OLD.layout.hash else NEW.layout
        part = layout.part(key.stream)
        assert part is not None
        block = part.block("quality")
        events = int(
            pane[0, part.fields[0].start : part.fields[0].stop].sum()
            if block is None
            else pane[0, block.stop - 1]
        )
        if events:
            name = ("old" if key.layout == OLD.layout.hash else "new", key.stream)
            first, end, total = found.get(name, (10**18, 0, 0))
            found[name] = min(first, key.start_ms), max(end, key.start_ms + key.width_ms), total + events
    return found


def test_events_count_in_the_layout_of_their_time_and_labels_in_that_of_their_prediction() -> None:
    #  minute 0 ... 20 | reload | 20 ... 40; labels follow a minute later, those of minute 19 after the reload
    core = Core(SPEC, OLD)
    core.monitor.assign(BOUNDS)
    feed(core, 0, 20)
    commit(core)
    reloaded(core, NEW)
    feed(core, 20, 40)
    commit(core)
    core.commit(finish=True)
    found = counted(core)
    boundary = START + 20 * MINUTE
    assert found["old", Stream.PREDICTIONS] == (START, boundary, 120)
    assert found["new", Stream.PREDICTIONS] == (boundary, START + 40 * MINUTE, 120)
    assert found["old", Stream.LABELS][2] == found["new", Stream.LABELS][2] == 120
    assert found["old", Stream.LABELS][1] == boundary + MINUTE, "they lie in panes of their own time"
    assert core.classes() == {
        (Stream.PREDICTIONS, RecordClass.ACCEPTED): 240,
        (Stream.LABELS, RecordClass.ACCEPTED): 240,
    }


def test_what_comes_out_of_order_after_the_reload_still_counts_where_it_belongs() -> None:
    core = Core(SPEC, OLD)
    core.monitor.assign(BOUNDS)
    feed(core, 0, 20)
    commit(core)
    reloaded(core, NEW)
    feed(core, 20, 21)
    feed(core, 19, 20, labels=False)  # again: duplicates, whatever the layout
    late = [{**ids(random.Random(5), 1)[0], "id": "late", "ts": START + 19 * MINUTE + 500}]
    core.monitor.ingest(batch("p", 0, lines(late), core.monitor.offsets[P]))
    core.commit(finish=True)
    assert counted(core)["old", Stream.PREDICTIONS][2] == 121
    classes = core.classes()
    repeated = (RecordClass.DUPLICATE, RecordClass.DUPLICATE_CONFLICT)
    assert sum(classes.get((Stream.PREDICTIONS, why), 0) for why in repeated) == 6


def test_alerts_of_the_old_layout_end_reconfigured_and_the_journal_says_where_it_was() -> None:
    rules = [{"name": "all", "when": "psi > -1 for 1 panes", "min_events": 1}]
    of = spec(rules=rules, statistics={"min_events": 1})
    core = Core(of, OLD)
    core.monitor.assign(BOUNDS)
    feed(core, 0, 20)
    commit(core)
    model = core.monitor.models["m"]
    assert [alert.state for alert in model.decisions.alerts()] == ["firing"]
    offsets = dict(core.store.saved.offsets)
    reloaded(core, NEW, of)
    feed(core, 20, 21)
    outcome = core.commit()
    ended = [f for f in outcome.facts if isinstance(f, AlertChanged) and f.new == "resolved"]
    assert [fact.reason for fact in ended] == ["reconfigured"]
    (row,) = [row for row in outcome.changes.journal if row.kind == Entry.PLANS]
    assert dict(row.offsets) == offsets


def test_a_layout_is_forgotten_when_its_last_labels_are_decided() -> None:
    of = spec(windows=[{"size": "2m", "slide": "1m"}])
    core = Core(of, OLD)
    core.monitor.assign(BOUNDS)
    feed(core, 0, 20)
    commit(core)
    reloaded(core, NEW, of)
    for first in range(20, 120, 5):
        feed(core, first, first + 5)
        commit(core)
    versions = core.monitor.models["m"].versions
    assert [v.layout.hash for v in versions.all] == [NEW.layout.hash]
    assert {key.layout for key in core.store.saved.panes} == {NEW.layout.hash}
    assert len([name for name in core.store.saved.states if name.startswith("m/version/")]) == 1


def test_going_back_at_once_or_too_often_is_refused_with_a_way_out() -> None:
    core = Core(SPEC, OLD)
    core.monitor.assign(BOUNDS)
    feed(core, 0, 5)
    commit(core)
    reloaded(core, NEW)
    feed(core, 5, 10)
    commit(core)
    with pytest.raises(StateError, match="still drain"):
        reloaded(core, OLD)
    for number in range(DRAINING_MAX - 1):
        reloaded(core, reference(10 + number))
        feed(core, 10 + number, 11 + number)
        commit(core)
    with pytest.raises(StateError, match=f"{DRAINING_MAX} layouts still drain"):
        reloaded(core, reference(99))


def test_a_version_that_no_pattern_names_any_more_is_counted_to_its_end() -> None:
    core = Core(SPEC, OLD)
    core.monitor.assign(BOUNDS)
    feed(core, 0, 20)
    commit(core)
    choice = replace(core.monitor.models["m"].plan.choices[0], pattern="2")
    plans = [replace(model.plan, choices=(choice,)) for model in core.monitor.models.values()]
    core.store.joins.rollback()
    core.monitor = type(core.monitor)(plans, core.store.saved, core.store.joins, b"0123456789abcdef")
    core.monitor.assign(BOUNDS)
    feed(core, 20, 22)
    core.commit(finish=True)
    classes = core.classes()
    assert classes[Stream.PREDICTIONS, RecordClass.ACCEPTED] == 120
    assert classes[Stream.PREDICTIONS, RecordClass.UNKNOWN_VERSION] == 12
    assert classes[Stream.LABELS, RecordClass.ACCEPTED] == 120


def test_more_slice_columns_keep_the_places_of_those_counted_by() -> None:
    wider = spec(slices=["kind", "country"])
    core = Core(SPEC, OLD)
    core.monitor.assign(BOUNDS)
    feed(core, 0, 20, labels=False)
    commit(core)
    reloaded(core, reference(2, wider), wider)
    assert core.monitor.models["m"].values.columns == ("country", "kind")
    core.monitor.ingest(batch("l", 0, [label(n, START + n * 10_000 + MINUTE, 1) for n in range(120)], 0))
    core.commit(finish=True)
    assert core.classes()[Stream.LABELS, RecordClass.ACCEPTED] == 120
    part = OLD.layout.part(Stream.LABELS)
    assert part is not None
    block = part.block("quality")
    assert block is not None
    rows = dict.fromkeys(OLD.layout.slices.rows, 0)
    for key, pane in core.store.saved.panes.items():
        if key.stream is Stream.LABELS:
            for name, count in zip(rows, pane[:, block.stop - 1], strict=True):
                rows[name] += int(count)
    assert rows["country=__unknown__"] == 0, "join rows still say which country it was"
    assert rows["country=PT"] + rows["country=DE"] + rows["country=FR"] == 120


def test_a_feature_that_still_drains_cannot_be_dropped() -> None:
    core = Core(SPEC, OLD)
    core.monitor.assign(BOUNDS)
    feed(core, 0, 5)
    commit(core)
    fewer = spec(predictions={"features": ["x"]})
    with pytest.raises(StateError, match="kind can no longer be read"):
        reloaded(core, reference(3, fewer), fewer)


def test_a_layout_in_which_nothing_was_counted_leaves_its_place_to_the_next_e9() -> None:
    #  minute      0 ....... 5          an event of minute 4, within the lateness
    #  layout      OLD       | NEW, and at once a third one: the event counts in OLD alone
    third = reference(3)
    core = Core(SPEC, OLD)
    core.monitor.assign(BOUNDS)
    feed(core, 0, 5, labels=False)
    commit(core)
    reloaded(core, NEW)
    commit(core)
    reloaded(core, third)
    late = {**ids(random.Random(9), 1)[0], "id": "late", "ts": START + 4 * MINUTE}
    core.monitor.ingest(batch("p", 0, lines([late]), core.monitor.offsets[P]))
    commit(core)
    assert core.classes()[Stream.PREDICTIONS, RecordClass.ACCEPTED] == 31
    assert {key.layout for key in core.store.saved.panes} == {OLD.layout.hash}


def test_a_layout_that_holds_labels_alone_is_kept_until_they_have_left_every_window_e9() -> None:
    of = spec(windows=[{"size": "2m", "slide": "1m"}])
    core = Core(of, OLD)
    core.monitor.assign(BOUNDS)
    feed(core, 0, 5, labels=False)
    commit(core)
    version = core.monitor.models["m"].versions.live["1"]
    version.state.last_event_ms = BEFORE_ALL  # it ended since, and a label has brought it back
    for part in (Stream.PREDICTIONS, Stream.FEATURES):
        if part in version.series:
            version.series[part] = Series(
                version.series[part]._shape, core.monitor.models["m"].plan.windows, 0
            )
    version.series[Stream.LABELS].pane(START)[0, 0] = 1
    commit(core)
    reloaded(core, NEW, of)
    assert [(v.name, v.layout.hash) for v in core.monitor.models["m"].versions.drained] == [
        ("1", OLD.layout.hash)
    ]
