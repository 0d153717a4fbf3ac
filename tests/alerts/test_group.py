"""Judgements become one alert per version and rule: grouping, merging, hysteresis, ends, and restarts."""

from __future__ import annotations

from itertools import pairwise

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.alerts.alert import AlertState
from driftwatch.alerts.group import RESOLVED_MAX, Alerts, Step, advance, end, reconfigure
from driftwatch.alerts.lifecycle import AlertCause
from driftwatch.alerts.notifications import NotificationType, fingerprint
from driftwatch.verdicts.verdict import Judgement
from tests.alerts.judging import ABOUT, HOUR, MINUTE, finding, judgement

NAME = fingerprint("credit", "1", "psi")


def steps(*groups: list[Judgement], start: Alerts | None = None) -> list[Step]:
    """One step per group; the state is saved and loaded between any two (F39: also over restarts)."""
    alerts, done = start or Alerts(), list[Step]()
    for group in groups:
        step = advance(alerts, group, ABOUT)
        alerts = msgspec.msgpack.decode(msgspec.msgpack.encode(step.alerts), type=Alerts)
        assert alerts == step.alerts
        done.append(step)
    return done


def told(done: list[Step]) -> list[tuple[str, int]]:
    return [(n.type.value, n.time_ms) for step in done for n in step.notifications]


def moves(done: list[Step]) -> list[tuple[str, str, str]]:
    return [(t.old.value, t.new.value, t.reason) for step in done for t in step.transitions]


def test_one_life_from_breach_to_recovery() -> None:
    # pane      1        2       3       4
    #        pending  firing   firing  clear
    f = finding(since_ms=1)
    done = steps([judgement(1, (), (f,))], [judgement(2, (f,))], [judgement(3, (f,))], [judgement(4)])
    assert moves(done) == [
        ("inactive", "pending", "breached"),
        ("pending", "firing", "held"),
        ("firing", "resolved", "recovered"),
    ]
    assert told(done) == [("alert.firing", 2), ("alert.resolved", 4)]
    alert = done[-1].alerts.of("credit")[0]
    assert (alert.state, alert.ended, alert.started_ms, alert.since_ms) == (
        AlertState.RESOLVED,
        "recovered",
        1,
        4,
    )
    assert alert.findings == (f,)  # a resolved one still says what it was


def test_without_hold_time_it_fires_in_one_step() -> None:
    done = steps([judgement(1, (finding(),))])
    assert moves(done) == [("inactive", "pending", "breached"), ("pending", "firing", "held")]
    assert told(done) == [("alert.firing", 1)]


def test_a_breach_that_does_not_hold_tells_nobody_and_leaves_nothing() -> None:
    done = steps([judgement(1, (), (finding(),))], [judgement(2)])
    assert told(done) == []
    assert done[-1].alerts == Alerts()


def test_calm_rules_leave_no_state() -> None:
    assert steps([judgement(1), judgement(1, rule="ks")])[-1].alerts == Alerts()


def test_members_that_come_and_go_change_findings_and_tell_nobody() -> None:
    age, income = finding("age", value=0.3), finding("income", value=0.9)
    done = steps([judgement(1, (age,))], [judgement(2, (income, age))], [judgement(3, (income,))])
    assert told(done) == [("alert.firing", 1)]
    assert [step.alerts.of("credit")[0].findings for step in done] == [(age,), (income, age), (income,)]


def test_resolved_only_when_every_window_is_clear() -> None:
    # the day window is read once while the hour window is read often
    hour, day = finding(window="1h"), finding(window="1d", value=0.7)
    done = steps(
        [judgement(1, (hour,)), judgement(1, (day,), window="1d")],
        [judgement(2)],
        [judgement(3)],
        [judgement(4), judgement(4, window="1d")],
    )
    assert told(done) == [("alert.firing", 1), ("alert.resolved", 4)]
    assert done[0].alerts.of("credit")[0].findings == (day, hour)  # the louder window first
    assert done[1].alerts.of("credit")[0].findings == (day,)


def test_not_clear_and_not_firing_stays_as_it_is() -> None:
    """A pending member of another window keeps a firing alert alive."""
    done = steps([judgement(1, (finding(),))], [judgement(2, (), (finding("income"),))], [judgement(3)])
    assert told(done) == [("alert.firing", 1), ("alert.resolved", 3)]


def test_versions_and_rules_have_alerts_of_their_own() -> None:
    done = steps([judgement(1, (finding(),)), judgement(1, (finding(),), version="2")])
    done += steps([judgement(1, (finding(rule="ks"),), rule="ks")], start=done[-1].alerts)
    alerts = done[-1].alerts.firing("credit")
    assert sorted((a.version, a.rule) for a in alerts) == [("1", "ks"), ("1", "psi"), ("2", "psi")]
    assert len({a.fingerprint for a in alerts}) == 3
    assert done[-1].alerts.of("another") == ()


def test_a_second_life_has_new_ids_and_the_same_fingerprint() -> None:
    f = finding()
    done = steps([judgement(1, (f,))], [judgement(2)], [judgement(3, (f,))], [judgement(4)])
    sent = [n for step in done for n in step.notifications]
    assert len({n.id for n in sent}) == 4
    assert {n.subject for n in sent} == {NAME}
    assert moves(done)[3] == ("resolved", "pending", "breached")
    assert done[2].alerts.of("credit")[0].started_ms == 3


def test_five_thousand_members_at_once_are_one_alert_and_none_is_lost() -> None:
    members = tuple(finding(f"f{i}", f"country={i % 50}", 5_000.0 - i) for i in range(5_000))
    done = steps([judgement(1, members)])
    assert told(done) == [("alert.firing", 1)]
    assert done[0].alerts.of("credit")[0].findings == members
    data = done[0].notifications[0].data
    assert data["findings_total"] == 5_000
    assert data["findings_omitted"] == 5_000 - len(data["findings"])
    assert data["findings"][0]["field"] == "f0"
    assert len(msgspec.json.encode(data)) <= 20_000


@given(st.lists(st.tuples(st.booleans(), st.booleans()), max_size=200), st.integers(1, 5))
def test_oscillation_tells_at_most_twice_per_hysteresis_period(
    panes: list[tuple[bool, bool]], clear_for: int
) -> None:
    """F39: two members swing freely; each clears only after `clear_for` calm panes, as the verdicts do it."""
    calm = {"age": clear_for, "income": clear_for}
    groups: list[list[Judgement]] = []
    for i, breaks in enumerate(panes):
        for name, breach in zip(calm, breaks, strict=True):
            calm[name] = 0 if breach else calm[name] + 1
        members = tuple(finding(name) for name, panes_calm in calm.items() if panes_calm < clear_for)
        groups.append([judgement((i + 1) * MINUTE, members)])
    sent = told(steps(*groups))
    assert [kind for kind, _ in sent] == ["alert.firing", "alert.resolved"] * (len(sent) // 2) + [
        "alert.firing"
    ] * (len(sent) % 2)
    firing = [time_ms for kind, time_ms in sent if kind == "alert.firing"]
    assert all(b - a > clear_for * MINUTE for a, b in pairwise(firing))


def test_a_thousand_panes_around_the_limit_in_one_long_hysteresis_are_one_message() -> None:
    groups = [[judgement((i + 1) * MINUTE, (finding(),))] for i in range(1_000)]
    assert told(steps(*groups)) == [("alert.firing", MINUTE)]


def test_the_end_of_a_version_resolves_with_its_reason_and_touches_no_other() -> None:
    start = steps(
        [judgement(1, (finding(),)), judgement(1, (finding(),), version="2")],
        [judgement(2, (), (finding(rule="ks"),), rule="ks")],
    )[-1].alerts
    done = end(start, "credit", "1", AlertCause.VERSION_ENDED, 9, ABOUT)
    assert sorted(moves([done])) == [
        ("firing", "resolved", "version_ended"),
        ("pending", "inactive", "version_ended"),
    ]
    assert told([done]) == [("alert.resolved", 9)]
    assert done.notifications[0].data["alert"]["ended"] == "version_ended"
    assert [alert.version for alert in done.alerts.firing("credit")] == ["2"]
    assert end(done.alerts, "credit", "1", AlertCause.VERSION_ENDED, 10, ABOUT).transitions == ()


def test_after_an_end_the_windows_begin_anew() -> None:
    start = steps([judgement(1, (finding(),)), judgement(1, (finding(),), window="1d")])[-1].alerts
    ended = end(start, "credit", "1", AlertCause.RECONFIGURED, 2, ABOUT).alerts
    done = steps([judgement(3, (finding(),))], [judgement(4)], start=ended)
    assert told(done) == [("alert.firing", 3), ("alert.resolved", 4)]


def test_a_reload_ends_alerts_of_rules_that_are_gone() -> None:
    start = steps([judgement(1, (finding(),)), judgement(1, (finding(rule="ks"),), rule="ks")])[-1].alerts
    done = reconfigure(start, "credit", {"ks": ["1h"]}, 2, ABOUT)
    assert moves([done]) == [("firing", "resolved", "reconfigured")]
    assert [alert.rule for alert in done.alerts.firing("credit")] == ["ks"]
    assert reconfigure(start, "another", {}, 2, ABOUT).alerts == start


def test_a_window_that_is_gone_no_longer_holds_an_alert() -> None:
    start = steps([judgement(1, (finding(),)), judgement(1, (finding(),), window="1d")])[-1].alerts
    kept = reconfigure(start, "credit", {"psi": ["1h"]}, 2, ABOUT)
    assert kept.transitions == ()
    assert told(steps([judgement(3)], start=kept.alerts)) == [("alert.resolved", 3)]


def test_time_of_an_alert_never_goes_back() -> None:
    """Windows of different streams may be read with different ends; a life stays in order."""
    done = steps([judgement(5, (finding(),))], [judgement(4)])
    assert told(done) == [("alert.firing", 5), ("alert.resolved", 5)]


def test_resolved_alerts_are_forgotten_when_there_are_too_many() -> None:
    firing = [judgement(1, (finding(),), version=str(i)) for i in range(RESOLVED_MAX + 3)]
    calm = [judgement(2 + i, version=str(i)) for i in range(RESOLVED_MAX + 3)]
    done = steps(firing, *[[j] for j in calm])
    kept = done[-1].alerts.of("credit")
    assert len(kept) == RESOLVED_MAX
    assert {alert.version for alert in kept}.isdisjoint({"0", "1", "2"})
    assert moves(done[-1:])[-1] == ("resolved", "inactive", "forgotten")


def test_a_step_changes_nothing_of_what_it_was_given() -> None:
    start = steps([judgement(1, (finding(),))])[-1].alerts
    before = msgspec.msgpack.encode(start)
    advance(start, [judgement(2)], ABOUT)
    end(start, "credit", "1", AlertCause.VERSION_ENDED, 2, ABOUT)
    reconfigure(start, "credit", {}, 2, ABOUT)
    assert msgspec.msgpack.encode(start) == before


def test_the_same_judgements_give_the_same_bytes() -> None:
    groups = [[judgement(HOUR, (finding(), finding("b")))], [judgement(2 * HOUR)]]
    first, second = steps(*groups), steps(*groups)
    assert [msgspec.msgpack.encode(s.notifications) for s in first] == [
        msgspec.msgpack.encode(s.notifications) for s in second
    ]
    assert first[0].notifications[0].type is NotificationType.ALERT_FIRING
