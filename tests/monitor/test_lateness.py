"""More than 5 % late labels are told as data quality, with the setting to change (E5)."""

from __future__ import annotations

import random

from driftwatch.drift.statistic import Kind
from driftwatch.events.classes import RecordClass, Stream
from driftwatch.events.records import Partition
from driftwatch.facts import AlertChanged
from driftwatch.monitor.lateness import LATE_LABELS, LateState, Mark, counted, judge
from driftwatch.monitor.tally import Tally
from tests.monitor.world import MINUTE, START, Core, batch, label, plan, prediction

HOUR = 60 * MINUTE
PLAN = plan()


def test_marks_count_the_labels_whose_time_was_judged() -> None:
    tally = Tally()
    for why, count in (
        (RecordClass.LATE, 3),
        (RecordClass.ACCEPTED, 5),
        (RecordClass.WAITING, 2),
        (RecordClass.FUTURE, 11),
        (RecordClass.INVALID_TIME, 13),
    ):
        tally.add(Stream.LABELS, 0, why, count)
    tally.add(Stream.PREDICTIONS, 1, RecordClass.LATE, 17)
    assert counted(tally, 9) == Mark(9, 3, 10)


def test_too_few_say_nothing_and_a_share_that_may_be_chance_fires_nothing() -> None:
    assert judge(PLAN, LateState(), Mark(HOUR, 10, 10))[1] is None
    _, judgement = judge(PLAN, LateState(), Mark(HOUR, 2, 30))  # 6.7 %, from 1.8 % on
    assert judgement is not None
    assert judgement.clear


def test_it_fires_above_the_limit_and_names_the_setting_until_it_is_calm() -> None:
    state, judgement = judge(PLAN, LateState(), Mark(HOUR, 20, 100))
    assert judgement is not None
    (finding,) = judgement.firing
    assert (finding.value, finding.count, finding.since_ms) == (0.2, 100, HOUR)
    assert finding.cells == ("late labels are not counted: raise `labels.lateness`, now 3m",)
    assert (judgement.kind, judgement.verdict, judgement.retrain) == (Kind.QUALITY, "warning", False)
    assert (state.verdict, LateState().verdict) == ("warning", "insufficient")
    state, judgement = judge(PLAN, state, Mark(2 * HOUR, 20, 330))  # 6.1 %: not above for sure, not calm
    assert judgement is not None
    assert judgement.firing[0].since_ms == HOUR
    state, judgement = judge(PLAN, state, Mark(3 * HOUR, 20, 500))
    assert judgement is not None
    assert judgement.clear


def test_only_the_last_day_counts_and_marks_are_bounded() -> None:
    state = LateState()
    for quarter in range(1, 400):
        state, judgement = judge(
            PLAN, state, Mark(quarter * 15 * MINUTE, min(quarter, 100) * 10, quarter * 20)
        )
    assert judgement is not None
    assert judgement.clear, "the late ones are more than a day ago"
    assert len(state.marks) <= 98


def test_the_model_tells_it_as_an_alert_of_its_own() -> None:
    core, rng, facts = Core(), random.Random(5), []
    core.monitor.assign({Partition("p", 0): (0, 1), Partition("l", 0): (0, 1)})
    for minute in range(12):
        numbers = range(minute * 20, minute * 20 + 20)
        times = {n: START + n * 3_000 for n in numbers}
        core.monitor.ingest(batch("p", 0, [prediction(n, t, rng) for n, t in times.items()], minute * 20))
        late = [label(n, t - (9 * MINUTE if minute > 3 and n % 2 else 0), 1) for n, t in times.items()]
        core.monitor.ingest(batch("l", 0, late, minute * 20, list(times.values())))
        facts += core.commit().facts
        core.load()
    told = [f for f in facts if isinstance(f, AlertChanged) and f.rule == LATE_LABELS]
    assert [f.new for f in told] == ["pending", "firing"]
    (alert,) = [a for a in core.monitor.models["m"].decisions.alerts() if a.rule == LATE_LABELS]
    assert (alert.kind, alert.version, alert.state) == ("quality", "", "firing")
    assert all(alert.fingerprint not in e.alerts for e in core.monitor.models["m"].decisions.episodes())
    (version,) = core.monitor.models["m"].view().versions.values()
    assert version.verdict != "ok"
