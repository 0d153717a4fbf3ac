"""A window that ended is read once: statistics, label coverage, rules and their states."""

from __future__ import annotations

import random

import numpy as np

from driftwatch.alerts.alert import Alert
from driftwatch.events.classes import Stream
from driftwatch.events.records import Partition
from driftwatch.monitor.judging import PREDICTED_MAX
from tests.monitor.drive import lines
from tests.monitor.test_counting import ids
from tests.monitor.world import MINUTE, SPEC, START, Core, batch

P, L = Stream.PREDICTIONS, Stream.LABELS
P0, L0 = Partition("p", 0), Partition("l", 0)


def read(core: Core, minutes: range, *, labels: bool = True, each: int = 30) -> None:
    """Per minute 30 predictions and, where wanted, labels for half of them, said at the same time."""
    records = [
        {**record, "id": f"{minute}-{k}", "ts": START + minute * MINUTE + k * 1_000}
        for minute in minutes
        for k, record in enumerate(ids(random.Random(minute), each))
    ]
    core.monitor.ingest(batch("p", 0, lines(records), core.monitor.offsets[P0]))
    if labels:
        core.monitor.ingest(batch("l", 0, lines(records[::2]), core.monitor.offsets[L0]))


def begun(*, labels: bool = True) -> Core:
    core = Core(SPEC)
    core.monitor.assign({P0: (0, 9), L0: (0, 9 if labels else 0)})
    return core


def test_label_coverage_compares_labels_with_the_predictions_of_the_same_window() -> None:
    core = begun()
    for minute in range(0, 30, 5):
        read(core, range(minute, minute + 5))
        core.commit()
        core.load()  # what was predicted is remembered over a restart
        core.monitor.assign({P0: (0, 9), L0: (0, 9)})
    core.commit(finish=True)
    version = core.monitor.models["m"].versions.live["1"]
    for window in ("10m", "30m"):
        inputs, labels = version.readings[P, window], version.readings[L, window]
        assert labels.end_ms == inputs.end_ms
        assert labels.events.tolist() != inputs.events.tolist()
        coverage = labels.estimates["label_coverage"]
        assert coverage.value[0, 0] == labels.events[0] / inputs.events[0] == 0.5
    assert all(end > labels.end_ms for _, end in version.predicted), "what was compared is forgotten"


def test_while_labels_stand_still_what_was_predicted_is_bounded_p7() -> None:
    core = begun(labels=False)
    for first in range(0, 1_200, 300):
        read(core, range(first, first + 300), labels=False, each=1)
        core.commit()
        while core.monitor.held:
            core.commit()
    version = core.monitor.models["m"].versions.live["1"]
    ends = [end for window, end in version.predicted if window == "10m"]
    assert len(ends) == PREDICTED_MAX
    assert max(ends) - min(ends) == (PREDICTED_MAX - 1) * MINUTE, "the newest ones stay"


def test_a_reading_says_what_it_is_of() -> None:
    core = begun()
    read(core, range(12))
    core.commit(finish=True)
    version = core.monitor.models["m"].versions.live["1"]
    reading = version.readings[P, "10m"]
    assert (reading.model, reading.version, reading.window) == ("m", "1", "10m")
    assert reading.end_ms - reading.start_ms == 10 * MINUTE
    assert reading.reference_hash == version.reference.hash
    assert len(reading.events) == len(version.layout.slices.rows)
    assert "psi" in reading.estimates
    assert "accuracy" in version.readings[L, "10m"].estimates


def test_every_rule_looks_at_every_window_of_its_stream_and_is_shown() -> None:
    core = begun()
    read(core, range(12))
    core.commit(finish=True)
    judging = core.monitor.models["m"].versions.judging["1"]
    assert set(judging.views) == {(P, w, "psi") for w in ("10m", "30m")} | {
        (L, w, "decay") for w in ("10m", "30m")
    }
    reading = core.monitor.models["m"].versions.live["1"].readings[L, "30m"]
    (view,) = judging.views_of(reading)
    assert (view.rule, view.stream, view.window, view.min_events) == ("decay", L, "30m", 20)
    assert view.when == "accuracy_decay.lower > 0.05 for 2 panes"


def _drift(core: Core) -> list[Alert]:
    """Alerts but those on the data itself: a constant and a missing field."""
    return [a for a in core.monitor.models["m"].decisions.alerts() if a.kind != "quality"]


def test_a_breach_is_held_over_a_restart() -> None:
    # `for 2 panes`: the first pane closes before the restart, the second one after it
    core = begun(labels=False)
    some = ids(random.Random(1), 2_000)
    drifted = [{**record, "ts": START + k * 200, "x": 9} for k, record in enumerate(some)]
    pending = []
    for first in range(0, 2_000, 100):
        core.monitor.ingest(batch("p", 0, lines(drifted[first : first + 100]), first))
        core.commit()
        core.load()
        core.monitor.assign({P0: (0, 9), L0: (0, 0)})
        pending.append([alert.state.value for alert in _drift(core)])
    assert ["pending"] in pending
    assert pending[-1] == ["firing"]
    core.commit(finish=True)
    (alert,) = _drift(core)
    assert alert.rule == "psi"
    assert np.isfinite(alert.findings[0].value)
    rules = [rule for rule in SPEC.rules if rule.name != "psi"]
    core.spec = SPEC.model_copy(update={"rules": rules})
    core.load()
    outcome = core.commit()
    assert [n.type.value for n in outcome.changes.notifications] == ["alert.resolved"], (
        "nobody would judge it any more (E9)"
    )
