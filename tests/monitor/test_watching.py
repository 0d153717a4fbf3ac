"""Evidence inside the core: it alerts like a rule, survives restarts to the last bit, and ends with its cause."""

from __future__ import annotations

import json
import random
import re
from dataclasses import dataclass, field, replace

import msgspec
import numpy as np
import pytest

from driftwatch.alerts.alert import Alert, AlertState
from driftwatch.alerts.lifecycle import AlertCause
from driftwatch.events.classes import Stream
from driftwatch.events.records import Partition
from driftwatch.evidence.budget import Budget
from driftwatch.monitor.monitor import Monitor
from driftwatch.monitor.prospects import prospects
from driftwatch.monitor.spec import ModelSpec
from driftwatch.monitor.watching import EVIDENCE, RULES, WatchState
from driftwatch.references.panes import no_panes
from driftwatch.verdicts.verdict import VERDICTS, Verdict
from tests.monitor.world import (
    KEY,
    MINUTE,
    REFERENCE,
    START,
    WRITTEN,
    Core,
    batch,
    label,
    plan,
    prediction,
    truth,
)

SPEC = ModelSpec.model_validate(WRITTEN | {"rules": []})
BUDGET = Budget.parse("1 per day")
PER_PANE = 60


@dataclass
class Watched(Core):
    """A core whose model has a budget and no rules."""

    budget: Budget | None = BUDGET
    spec: ModelSpec = field(default_factory=lambda: SPEC)
    sharers: int = 1

    def load(self) -> None:
        self.store.joins.rollback()
        planned = replace(plan(self.spec, self.ref), budget=self.budget, sharers=self.sharers)
        self.monitor = Monitor([planned], self.store.saved, self.store.joins, KEY)
        self.monitor.assign({Partition("p", 0): (0, 1), Partition("l", 0): (0, 1)})

    def alerts(self) -> dict[str, Alert]:
        return {alert.rule: alert for alert in self.monitor.models["m"].decisions.alerts()}

    def state(self, version: str = "1") -> bytes:
        return self.store.saved.states[f"m/evidence/{version}"]

    def views(self, version: str = "1") -> dict[str, object]:
        return {view.group: view for view in self.monitor.models["m"].watching.views[version]}


@dataclass
class Traffic:
    """Records of one pane after another, for any core that wants them."""

    rng: random.Random = field(default_factory=lambda: random.Random(5))
    pane: int = 0
    number: int = 0
    predicted: list[bytes] = field(default_factory=list)
    labelled: list[bytes] = field(default_factory=list)

    def add(self, panes: int, *, drifted: bool = False, wrong: bool = False, version: str = "1") -> Traffic:
        for _ in range(panes):
            for place in range(PER_PANE):
                time = START + self.pane * MINUTE + place * (MINUTE // PER_PANE)
                made = prediction(self.number, time, self.rng, drifted=drifted, version=version)
                y = truth(json.loads(made)["score"], self.rng)
                self.predicted.append(made)
                self.labelled.append(label(self.number, time, 1 - y if wrong else y))
                self.number += 1
            self.pane += 1
        return self

    def into(self, core: Watched, rng: random.Random | None = None) -> None:
        """Everything that the core has not read; with `rng` in random portions, with commits and restarts between them."""
        logs = {Partition("p", 0): self.predicted, Partition("l", 0): self.labelled}
        while left := [p for p, values in logs.items() if core.monitor.offsets[p] < len(values)]:
            partition = min(left, key=lambda p: core.monitor.offsets[p]) if rng is None else rng.choice(left)
            first = core.monitor.offsets[partition]
            size = 40 if rng is None else rng.choice([7, 60, 200])
            core.monitor.ingest(batch(partition.topic, 0, logs[partition][first : first + size], first))
            if rng is None or rng.random() < 0.3:
                core.commit()
            if rng is not None and rng.random() < 0.2:
                core.load()
        core.commit()


def test_calm_traffic_says_ok_and_nothing_else() -> None:
    core = Watched()
    Traffic().add(20).into(core)
    assert core.alerts() == {}
    (version,) = core.monitor.snapshot(1).models["m"].versions.values()
    assert version.verdict is Verdict.OK
    assert {view.group for view in version.evidence} == {
        "inputs",
        "scores",
        "quality",
        "performance",
        "calibration",
    }


def test_what_can_be_found_is_told_of_the_running_version() -> None:
    spec = ModelSpec.model_validate(
        WRITTEN | {"rules": [], "evidence": {"must_detect": ["accuracy drop of 1 % within 1h"]}}
    )
    core = Watched(spec=spec)
    traffic = Traffic().add(10)
    traffic.into(core)
    found = core.monitor.snapshot(1).models["m"].versions["1"].prospects
    (before,) = prospects(replace(plan(spec, REFERENCE), budget=BUDGET))
    assert found == replace(before, pattern="1"), "what `explain` says before anything happens"
    assert [reach.underpowered for reach in found.goals] == [True]
    traffic.add(10, version="2").into(core)
    shared = core.monitor.snapshot(2).models["m"].versions["1"].prospects
    assert shared is not None
    assert shared.powers[0].day > found.powers[0].day, "two versions share the budget"


def test_once_a_window_is_full_what_can_be_found_is_told_at_the_live_traffic() -> None:
    core = Watched(
        spec=ModelSpec.model_validate(WRITTEN | {"rules": [], "windows": [{"size": "90m", "slide": "1m"}]})
    )
    traffic = Traffic().add(58)
    traffic.into(core)
    before = core.monitor.snapshot(1).models["m"].versions["1"].prospects
    assert before is not None
    assert before.seen_ms == 0, "less than an hour says little"
    traffic.add(70).into(core)
    after = core.monitor.snapshot(2).models["m"].versions["1"].prospects
    assert after is not None
    assert after.seen_ms >= 60 * MINUTE
    seen = {(p.group, p.field, p.slice): p for p in after.powers}
    for power in before.powers:
        now = seen[power.group, power.field, power.slice]
        assert now.events == pytest.approx(PER_PANE, rel=0.1)
        assert (now.day < power.day) == (now.events > power.events), "more traffic finds smaller changes"
    core.load()
    traffic.add(1).into(core)
    again = core.monitor.snapshot(3).models["m"].versions["1"].prospects
    assert again is not None
    assert again.seen_ms >= 60 * MINUTE, "a restart forgets no traffic"


def test_after_a_restart_the_evidence_of_the_last_pane_is_shown_and_nothing_stored_changes() -> None:
    core = Watched()
    traffic = Traffic().add(25).add(15, drifted=True)
    traffic.into(core)
    before, stored = core.monitor.snapshot(1).models["m"].versions["1"], core.state()
    core.load()
    after = core.monitor.snapshot(1).models["m"].versions["1"]
    assert [view.group for view in after.evidence] == [view.group for view in before.evidence]
    for was, now in zip(before.evidence, after.evidence, strict=True):
        np.testing.assert_array_equal(now.verdicts, was.verdicts)
        np.testing.assert_array_equal(now.logs, was.logs)
        assert (now.log_limit, now.end_ms, now.firing) == (was.log_limit, was.end_ms, was.firing)
    assert any(view.firing for view in after.evidence)
    assert after.verdict is before.verdict is not Verdict.INSUFFICIENT
    assert after.prospects is not None, "told by the traffic that the windows hold"
    core.commit()
    assert core.state() == stored


def test_after_a_restart_evidence_of_another_setting_is_not_shown() -> None:
    core = Watched()
    Traffic().add(10).into(core)
    stored = core.state()
    written = WRITTEN | {"rules": [], "evidence": {"tolerance": {"inputs": 0.2}}}
    core.spec = ModelSpec.model_validate(written)
    core.load()
    assert core.monitor.snapshot(1).models["m"].versions["1"].evidence == ()
    core.commit()
    assert core.state() == stored, "no pane closed: should the setting come back, it goes on"


def test_without_a_budget_nothing_is_told_of_what_can_be_found() -> None:
    core = Watched(budget=None)
    Traffic().add(10).into(core)
    assert core.monitor.snapshot(1).models["m"].versions["1"].prospects is None


def test_a_drifted_input_is_one_ticket_that_names_it() -> None:
    core = Watched()
    Traffic().add(10).add(15, drifted=True).into(core)
    alerts = core.alerts()
    assert set(alerts) == {"evidence inputs", "evidence quality"}, (
        "three deviations are out of the range, too"
    )
    alert = alerts["evidence inputs"]
    assert (alert.state, alert.severity, alert.kind, alert.retrain) == (
        AlertState.FIRING,
        "ticket",
        "input",
        False,
    )
    first = alert.findings[0]
    assert (first.slice, first.field, first.statistic, first.window) == ("all", "x", EVIDENCE, EVIDENCE)
    assert abs(first.since_ms - (START + 10 * MINUTE)) <= MINUTE
    assert " fell: " in first.cells[0] or " rose: " in first.cells[0]
    assert len(core.store.notifications) == 2


def test_wrong_labels_are_a_page_that_asks_for_a_retraining() -> None:
    core = Watched()
    Traffic().add(10).add(25, wrong=True).into(core)
    alert = core.alerts()["evidence performance"]
    assert (alert.severity, alert.retrain) == ("page", True)
    assert "accuracy" in alert.findings[0].cells[0]
    assert core.monitor.models["m"].decisions.episodes()[0].state == "requested"


def test_what_calibration_says_is_what_came_true_beside_what_the_scores_said() -> None:
    core = Watched()
    Traffic().add(10).add(25, wrong=True).into(core)
    findings = core.alerts()["evidence calibration"].findings
    said = {cell: f for f in findings for cell in f.cells[:1] if f.slice == "all"}
    pattern = r"where scores are (.+)–(.+), (.+) % came true; they said (.+) %, the reference (.+) %"
    (sentence,) = said
    low, high, true, mean, past = map(float, re.fullmatch(pattern, sentence).groups())  # type: ignore[union-attr]
    assert 100 * low <= mean <= 100 * high
    assert true / 100 - mean / 100 == pytest.approx(said[sentence].value, abs=2e-3)
    assert true == pytest.approx(100 - mean, abs=8), "the labels are turned round"
    assert past == pytest.approx(mean, abs=8)
    assert len(sentence) <= 80


def test_it_resolves_when_the_change_is_over() -> None:
    core = Watched()
    Traffic().add(10).add(15, drifted=True).add(60).into(core)
    alert = core.alerts()["evidence inputs"]
    assert (alert.state, alert.ended) == (AlertState.RESOLVED, AlertCause.RECOVERED)
    assert len(core.store.notifications) >= 3


@pytest.mark.parametrize("seed", range(3))
def test_crashes_at_random_moments_change_no_bit(seed: int) -> None:
    traffic = Traffic().add(6).add(10, drifted=True).add(4, wrong=True)
    straight, crashing = Watched(), Watched()
    traffic.into(straight)
    traffic.into(crashing, random.Random(seed))
    assert crashing.state() == straight.state()
    assert crashing.store.notifications == straight.store.notifications
    assert straight.store.notifications


WINDOWS = [{"size": "10m", "slide": "1m"}, {"size": "25m", "slide": "1m"}]
LONG = ModelSpec.model_validate(WRITTEN | {"rules": [], "windows": WINDOWS})
UNTIMED = replace(REFERENCE, panes={s: no_panes(MINUTE) for s in REFERENCE.panes}, start_ms=0, end_ms=0)


def note(core: Watched) -> str:
    told = core.monitor.snapshot(1).models["m"].versions["1"].prospects
    assert told is not None
    return told.notes[0]


def untimed() -> Watched:
    return Watched(spec=LONG, ref=UNTIMED)


def test_a_reference_without_times_learns_clumping_from_the_first_closed_panes() -> None:
    core, traffic = untimed(), Traffic().add(24)
    traffic.into(core)
    assert state(core).spreads == {}
    assert "until the first day" in note(core)
    traffic.add(20).into(core)
    found = state(core).spreads
    assert set(found) == {0, 1, 2, 3, 4}, "of predictions and of labels"
    fields = found[0].spread()
    assert fields.learned[0].all()
    assert 55 < fields.mean_size[0, 0] < 65
    assert (fields.tolerance >= 0.005).all()
    assert "clumping is learned" in note(core)
    traffic.add(5, drifted=True).into(core)
    assert state(core).spreads == found, "learned once"


def test_what_is_learned_survives_crashes_to_the_last_bit() -> None:
    traffic = Traffic().add(45).add(8, drifted=True)
    straight, crashing = untimed(), untimed()
    traffic.into(straight)
    traffic.into(crashing, random.Random(4))
    assert crashing.state() == straight.state()
    assert straight.alerts()["evidence inputs"].state is AlertState.FIRING


def test_an_alert_goes_on_while_clumping_is_learned() -> None:
    core = untimed()
    Traffic().add(10).add(40, drifted=True).into(core)
    assert state(core).spreads
    assert core.alerts()["evidence inputs"].state is AlertState.FIRING
    assert core.alerts()["evidence inputs"].started_ms < START + 25 * MINUTE
    assert not state(core).spreads[0].spread().learned[0, 0], "a change is not how traffic usually is"


def test_another_tolerance_learns_anew() -> None:
    core, traffic = untimed(), Traffic().add(40)
    traffic.into(core)
    assert state(core).spreads
    tolerance = {"tolerance": {"inputs": 0.4}}
    core.spec = ModelSpec.model_validate(WRITTEN | {"rules": [], "windows": WINDOWS, "evidence": tolerance})
    core.load()
    traffic.add(2).into(core)
    assert state(core).spreads == {}


def test_without_a_budget_or_when_switched_off_nothing_is_watched() -> None:
    off = ModelSpec.model_validate(WRITTEN | {"rules": [], "evidence": {"enabled": False}})
    for core in (Watched(budget=None), Watched(spec=off)):
        Traffic().add(10, drifted=True).into(core)
        assert core.alerts() == {}
        assert not [key for key in core.store.saved.states if "/evidence/" in key]


def test_models_and_versions_divide_the_budget_and_give_nothing_back() -> None:
    core = Watched(sharers=3)
    traffic = Traffic().add(8)
    traffic.into(core)
    assert state(core).evidence.sharers == 3
    traffic.add(8, version="2").into(core)
    traffic.add(1).into(core)
    assert state(core).evidence.sharers == 6
    core.load()
    traffic.add(1).into(core)
    assert state(core).evidence.sharers == 6


def state(core: Watched) -> WatchState:
    return msgspec.msgpack.decode(core.state(), type=WatchState)


def test_another_tolerance_starts_anew_and_ends_what_fired() -> None:
    core = Watched()
    traffic = Traffic().add(10, drifted=True)
    traffic.into(core)
    assert core.alerts()["evidence inputs"].state is AlertState.FIRING
    core.spec = ModelSpec.model_validate(WRITTEN | {"rules": [], "evidence": {"tolerance": {"inputs": 0.4}}})
    core.load()
    traffic.add(2).into(core)
    assert core.alerts()["evidence inputs"].state is AlertState.RESOLVED


def test_switching_evidence_off_ends_its_alerts() -> None:
    core = Watched()
    Traffic().add(10, drifted=True).into(core)
    core.budget = None
    core.load()
    assert core.alerts()["evidence inputs"].ended == AlertCause.RECONFIGURED


def test_a_version_that_ends_takes_its_evidence_along() -> None:
    core = Watched()
    traffic = Traffic().add(3)
    traffic.into(core)
    core.monitor.models["m"].watching.forget("1")
    assert core.monitor.models["m"].watching.states() == {}
    assert core.monitor.models["m"].watching.views == {}


def test_views_say_where_streams_are() -> None:
    core = Watched()
    Traffic().add(10).add(15, drifted=True).into(core)
    view = core.monitor.models["m"].watching.views["1"][0]
    assert (view.group, view.family, view.fields) == ("inputs", "ticket", ("x", "kind"))
    rows = REFERENCE.layout.slices.rows
    assert VERDICTS[view.verdicts[0, 0]] is Verdict.WARNING
    assert VERDICTS[view.verdicts[0, 1]] is Verdict.OK
    assert (view.verdicts[rows.index("country=__unknown__")] == -1).all()
    assert view.streams == 2 * 4
    assert view.log_limit > 5


def test_every_group_has_a_rule_name() -> None:
    assert set(RULES) >= {"evidence inputs", "evidence performance"}
    assert all(windows == [EVIDENCE] for windows in RULES.values())
    assert Stream.PREDICTIONS in REFERENCE.panes
