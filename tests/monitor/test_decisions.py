"""Alerts and episodes of one model, step by step, in values that the checkpoint holds."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import numpy as np
import pytest

from driftwatch.alerts.alert import AlertState, EpisodeState
from driftwatch.alerts.lifecycle import IllegalTransitionError
from driftwatch.alerts.notifications import NotificationType
from driftwatch.drift.statistic import Kind
from driftwatch.events.classes import Stream
from driftwatch.events.records import Partition
from driftwatch.facts import AlertChanged, EpisodeChanged
from driftwatch.monitor.decisions import Decisions, DecisionState
from driftwatch.verdicts.spec import Severity
from driftwatch.verdicts.verdict import Finding, Judgement
from tests.monitor.drive import spec
from tests.monitor.test_plan import planned
from tests.monitor.world import MINUTE, SPEC, START

WINDOW = "6d22h40m"
RULES = [rule.model_dump() for rule in SPEC.rules]


def judgement(minute: int, *, firing: bool, rule: str = "decay", version: str = "1") -> Judgement:
    end_ms = START + minute * MINUTE
    finding = Finding(rule, "accuracy_decay", WINDOW, "all", "", 0.2, 0.1, 0.3, 0.05, 500, end_ms)
    return Judgement(
        rule=rule,
        statistic="accuracy_decay",
        model="m",
        version=version,
        stream=Stream.LABELS,
        window=WINDOW,
        end_ms=end_ms,
        fields=("",),
        verdicts=np.array([[2 if firing else 0]], np.int8),
        firing=(finding,) if firing else (),
        pending=(),
        clear=not firing,
        kind=Kind.PERFORMANCE,
        severity=Severity.DRIFT,
        retrain=True,
    )


def decisions(state: DecisionState | None = None, **changed: Any) -> Decisions:
    return Decisions(planned(spec(rules=RULES, **changed)), state or DecisionState())


def drifted() -> Decisions:
    made = decisions()
    made.mark(START, {Partition("p", 0): 5})
    made.step([judgement(1, firing=True)], {"1": "abc"}, START + MINUTE)
    return made


def again(made: Decisions, **changed: Any) -> Decisions:
    """As the next process finds it."""
    return decisions(
        msgspec.msgpack.decode(msgspec.msgpack.encode(made.state), type=DecisionState), **changed
    )


def test_a_firing_rule_is_an_alert_a_message_and_a_request() -> None:
    made = drifted()
    alerts = [(f.old, f.new) for f in made.facts if isinstance(f, AlertChanged)]
    assert alerts[-1] == (AlertState.PENDING, AlertState.FIRING)
    assert [f.new for f in made.facts if isinstance(f, EpisodeChanged)][-1] is EpisodeState.REQUESTED
    types = [notification.type for notification in made.notifications]
    assert types == [NotificationType.ALERT_FIRING, NotificationType.RETRAIN_REQUESTED]
    assert [alert.rule for alert in made.alerts()] == ["decay"]


def test_a_step_without_judgements_moves_time_and_never_back() -> None:
    made = decisions()
    made.step([], {"1": "abc"}, START)
    made.step([], {"1": "abc"}, START - MINUTE)
    assert made.state.time_ms == START, "labels end later than inputs that were decided before"
    assert (made.facts, made.notifications) == ([], [])


def test_an_acknowledgement_takes_the_current_episode_and_no_other() -> None:
    made = drifted()
    (episode,) = made.episodes()
    assert made.knows(episode.id)
    assert not made.knows("ep_other")
    made.acknowledge(episode.id, "on-call")
    (episode,) = made.episodes()
    assert (episode.state, episode.acknowledged_by) == (EpisodeState.ACKNOWLEDGED, "on-call")
    assert again(made).knows(episode.id)


def test_what_was_not_requested_cannot_be_acknowledged() -> None:
    made = decisions()
    input_only = replace(judgement(1, firing=True), retrain=False, kind=Kind.INPUT)
    made.step([input_only], {"1": "abc"}, START + MINUTE)
    (episode,) = made.episodes()
    with pytest.raises(IllegalTransitionError):
        made.acknowledge(episode.id, "me")


def test_an_established_version_ends_the_episode_and_an_ended_one_its_alerts() -> None:
    made = again(drifted())
    made.new_version("2", START + 9 * MINUTE)
    assert [(e.state, e.new_version) for e in made.episodes()] == [(EpisodeState.ENDED, "2")]
    assert [n.type for n in made.notifications] == [NotificationType.RETRAIN_ENDED]
    made.end_version("1")
    assert [alert.state for alert in made.alerts()] == [AlertState.RESOLVED]
    assert made.alerts()[0].ended == "version_ended"


def test_a_restart_decides_the_same_with_the_same_ids() -> None:
    whole, parts = drifted(), again(drifted())
    for made in (whole, parts):
        made.facts, made.notifications = [], []
        for minute in (2, 3, 4):
            made.step([judgement(minute, firing=minute < 4)], {"1": "abc"}, START + minute * MINUTE)
    assert [n.id for n in parts.notifications] == [n.id for n in whole.notifications]
    assert parts.facts == whole.facts
    assert msgspec.msgpack.encode(parts.state) == msgspec.msgpack.encode(whole.state)


def test_after_a_restart_alerts_of_rules_that_are_gone_end_e9() -> None:
    same = again(drifted())
    same.reconfigure()
    assert same.facts == [], "nothing was changed"
    assert same.alerts()[0].state is AlertState.FIRING
    gone = decisions(same.state)
    gone._plan = planned(spec(rules=RULES[:1]))
    gone.reconfigure()
    assert [(a.state, a.ended) for a in gone.alerts()] == [(AlertState.RESOLVED, "reconfigured")]
    assert [n.type for n in gone.notifications] == [NotificationType.ALERT_RESOLVED]
    gone.step([], {"1": "abc"}, START + 5 * MINUTE)
    assert gone.episodes()[0].state is EpisodeState.ENDED


def test_a_request_names_the_offsets_of_its_data() -> None:
    (request,) = [n for n in drifted().notifications if n.type is NotificationType.RETRAIN_REQUESTED]
    (offsets,) = request.data["data"]["offsets"]
    assert offsets == {"topic": "p", "partition": 0, "start": 0, "end": 5}, "the window began before any mark"
