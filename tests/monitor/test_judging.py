"""A window that ended is read once: statistics, label coverage, rules and their states."""

from __future__ import annotations

import random
from collections import Counter

import numpy as np
import pytest

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
    assert all(end >= labels.end_ms for _, end in version.predicted), (
        "what earlier ones were compared with is forgotten"
    )


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


def test_after_a_restart_readings_and_verdicts_are_those_of_the_last_pane() -> None:
    rules = [*SPEC.rules, SPEC.rules[0].model_copy(update={"name": "few", "when": "label_coverage < 0.9"})]
    also = SPEC.statistics.model_copy(update={"also": ["accuracy_post_stratified", "unlabelled_share"]})
    core = Core(spec=SPEC.model_copy(update={"rules": rules, "statistics": also}))
    core.monitor.assign({P0: (0, 9), L0: (0, 9)})
    for minute in range(40):
        read(core, range(minute, minute + 1))
        core.commit()
    before = core.monitor.snapshot(1).models["m"].versions["1"]
    assert not before.restored
    core.load()
    after = core.monitor.snapshot(1).models["m"].versions["1"]
    assert after.restored
    assert (after.judged_ms, after.verdict) == (before.judged_ms, before.verdict)
    assert before.rules
    assert {r.rule for r in before.rules if (r.verdicts > 0).any()} >= {"few"}, "something is loud"
    kept = {(rule.stream, rule.window, rule.rule): rule for rule in after.rules}
    for rule in before.rules:
        again = kept.pop((rule.stream, rule.window, rule.rule))
        np.testing.assert_array_equal(again.verdicts, rule.verdicts, rule.rule)
        assert (again.fields, again.when, again.statistic) == (rule.fields, rule.when, rule.statistic)
    assert not kept
    for key, reading in before.readings.items():
        again = after.readings[key]
        assert again.end_ms == reading.end_ms
        for name, estimate in reading.estimates.items():
            np.testing.assert_array_equal(again.estimates[name].value, estimate.value, name)
    core.monitor.assign({P0: (0, 9), L0: (0, 9)})
    read(core, range(40, 42))
    core.commit()
    assert not core.monitor.snapshot(2).models["m"].versions["1"].restored


def test_after_a_restart_a_rule_that_is_new_says_nothing_before_it_has_judged() -> None:
    core = begun()
    read(core, range(20))
    core.commit()
    core.spec = SPEC.model_copy(update={"rules": [SPEC.rules[0].model_copy(update={"when": "psi > 0.1"})]})
    core.load()
    version = core.monitor.snapshot(1).models["m"].versions["1"]
    assert version.readings
    assert version.rules == ()


def test_post_stratified_accuracy_meets_all_predictions_of_its_time_also_over_a_restart() -> None:
    statistics = SPEC.statistics.model_copy(update={"also": ["accuracy_post_stratified", "unlabelled_share"]})
    core = Core(spec=SPEC.model_copy(update={"statistics": statistics, "rules": []}))
    core.monitor.assign({P0: (0, 9), L0: (0, 9)})
    for minute in range(25):
        read(core, range(minute, minute + 1))
        core.commit()
        if minute == 12:
            core.load()
            core.monitor.assign({P0: (0, 9), L0: (0, 9)})
    version = core.monitor.models["m"].versions.live["1"]
    reading = version.readings[L, "10m"]
    part = version.layout.part(L)
    assert part is not None
    score = next(f for f in version.layout.parts[0].fields if f.name == "score")
    # In plain Python: every prediction of the window, every second one with a label, decided at 0.5.
    minutes = range((reading.start_ms - START) // MINUTE, (reading.end_ms - START) // MINUTE)
    predicted: Counter[tuple[int, int]] = Counter()
    right: dict[tuple[int, int], list[bool]] = {}
    for minute in minutes:
        for k, record in enumerate(ids(random.Random(minute), 30)):
            cell = int(np.searchsorted(score.edges, record["score"]))
            stratum = (score.groups[cell], int(record["score"] >= 0.5))
            predicted[stratum] += 1
            if k % 2 == 0:
                right.setdefault(stratum, []).append(stratum[1] == record["y"])
    total = sum(n for stratum, n in predicted.items() if stratum in right)
    expected = sum(predicted[s] / total * np.mean(said) for s, said in right.items())
    found = reading.estimates["accuracy_post_stratified"]
    assert found.value[0, 0] == pytest.approx(expected, abs=1e-12)
    bare = 1 - total / sum(predicted.values())
    assert reading.estimates["unlabelled_share"].value[0, 0] == pytest.approx(bare, abs=1e-12)
    assert all(end >= reading.end_ms for window, end in version.strata if window == "10m")


def test_what_is_remembered_by_stratum_is_bounded_p7(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("driftwatch.monitor.judging.STRATA_BYTES", 1_000)
    statistics = SPEC.statistics.model_copy(update={"also": ["unlabelled_share"]})
    core = Core(spec=SPEC.model_copy(update={"statistics": statistics, "rules": []}))
    core.monitor.assign({P0: (0, 9), L0: (0, 9)})
    for minute in range(30):
        read(core, range(minute, minute + 1), labels=False)
        core.commit()
    version = core.monitor.models["m"].versions.live["1"]
    assert 0 < sum(len(packed[-1]) for packed in version.strata.values()) <= 1_000
    assert max(end for _, end in version.strata) == max(end for _, end in version.predicted), (
        "the oldest went"
    )


def test_a_rule_on_label_coverage_survives_a_window_of_which_no_prediction_is_remembered() -> None:
    rule = SPEC.rules[0].model_copy(update={"name": "coverage", "when": "label_coverage < 0.1"})
    core = Core(spec=SPEC.model_copy(update={"rules": [rule]}))
    core.monitor.assign({P0: (0, 9), L0: (0, 9)})
    read(core, range(4))
    core.commit()
    core.monitor.models["m"].versions.live["1"].predicted.clear()
    core.commit(finish=True)
    reading = core.monitor.models["m"].versions.live["1"].readings[L, "10m"]
    assert (
        np.isnan(reading.estimates["label_coverage"].value[0, 0])
        or reading.estimates["label_coverage"].count[0, 0]
    )
