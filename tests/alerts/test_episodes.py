"""Retraining episodes: when one asks, when it waits and why, and how it ends."""

from __future__ import annotations

import msgspec
import pytest

from driftwatch.alerts.alert import EpisodeState
from driftwatch.alerts.episodes import (
    ENDED_MAX,
    REPLACED_MAX,
    Episodes,
    EpisodeStep,
    Situation,
    UnknownEpisodeError,
    acknowledge,
    advance,
    new_version,
)
from driftwatch.alerts.group import Alerts, end
from driftwatch.alerts.group import advance as advance_alerts
from driftwatch.alerts.lifecycle import AlertCause, IllegalTransitionError
from driftwatch.alerts.spec import RetrainingSpec
from driftwatch.alerts.trail import Trail
from driftwatch.drift.statistic import Kind
from driftwatch.events.records import Partition
from driftwatch.verdicts.verdict import Judgement
from tests.alerts.judging import ABOUT, DAY, HOUR, finding, judgement

SPEC = RetrainingSpec()
NO_TRAIL = Trail()


class Model:
    """One model under test: alerts and episodes are advanced as the monitor does it, and saved in between."""

    def __init__(self, spec: RetrainingSpec = SPEC) -> None:
        self.spec = spec
        self.alerts = Alerts()
        self.episodes = Episodes()
        self.moves: list[tuple[str | None, str, str, int]] = []
        self.sent: list[str] = []

    def step(self, time_ms: int, *judgements: Judgement, trail: Trail = NO_TRAIL) -> EpisodeStep:
        self.alerts = advance_alerts(self.alerts, judgements, ABOUT).alerts
        now = Situation("credit", time_ms, self.alerts, ("1", "2"), trail, {"1h": HOUR})
        return self.take(advance(self.episodes, now, self.spec, ABOUT))

    def new_version(self, version: str, time_ms: int) -> EpisodeStep:
        return self.take(new_version(self.episodes, "credit", version, self.alerts, time_ms, ABOUT))

    def take(self, step: EpisodeStep) -> EpisodeStep:
        self.episodes = msgspec.msgpack.decode(msgspec.msgpack.encode(step.episodes), type=Episodes)
        assert self.episodes == step.episodes
        self.moves += [(t.old and t.old.value, t.new.value, t.reason, t.time_ms) for t in step.transitions]
        self.sent += [n.type.value for n in step.notifications]
        return step

    @property
    def state(self) -> tuple[str, str]:
        episode = self.episodes.of("credit")[0]
        return episode.state.value, episode.reason


def inputs(time_ms: int, *, on: bool = True, version: str = "1") -> Judgement:
    return judgement(time_ms, (finding(since_ms=time_ms),) if on else (), version=version)


def hurt(time_ms: int, *, on: bool = True, version: str = "1") -> Judgement:
    f = finding("", value=0.1, rule="decay", limit=0.02, since_ms=time_ms)
    kind = Kind.PERFORMANCE
    return judgement(time_ms, (f,) if on else (), rule="decay", kind=kind, retrain=True, version=version)


def broken(time_ms: int) -> Judgement:
    f = finding(rule="missing", value=0.9)
    return judgement(time_ms, (f,), rule="missing", kind=Kind.QUALITY)


def lost(time_ms: int, *, on: bool = True, pending: bool = False) -> Judgement:
    """The field that drifts in `inputs` is missing."""
    found = (finding(rule="missing_share", value=0.9),) if on else ()
    firing, waiting = ((), found) if pending else (found, ())
    return judgement(time_ms, firing, waiting, rule="missing_share", kind=Kind.QUALITY)


def test_the_whole_story() -> None:
    # 1 h inputs drift   2 h it hurts   3 h acknowledged   4 h new version
    model = Model()
    model.step(HOUR, inputs(HOUR))
    assert model.state == ("open", "no_labels")
    model.step(2 * HOUR, hurt(2 * HOUR))
    assert model.state == ("requested", "hurts")
    model.take(acknowledge(model.episodes, model.episodes.current["credit"].id, "ci-job-7", 3 * HOUR))
    assert model.state == ("acknowledged", "acknowledged")
    model.new_version("2", 4 * HOUR)
    assert model.state == ("ended", "new_version")
    assert model.moves == [
        (None, "open", "opened", HOUR),
        ("open", "open", "no_labels", HOUR),
        ("open", "requested", "hurts", 2 * HOUR),
        ("requested", "acknowledged", "acknowledged", 3 * HOUR),
        ("acknowledged", "ended", "new_version", 4 * HOUR),
    ]
    assert model.sent == ["retrain.requested", "retrain.ended"]
    ended = model.episodes.of("credit")[0]
    assert (ended.new_version, ended.acknowledged_by, len(ended.alerts)) == ("2", "ci-job-7", 2)
    assert (ended.opened_ms, ended.requested_ms, ended.since_ms) == (HOUR, 2 * HOUR, 4 * HOUR)


def test_one_request_however_long_it_drifts_and_whatever_joins() -> None:
    model = Model()
    for hour in range(1, 100):
        model.step(hour * HOUR, hurt(hour * HOUR), inputs(hour * HOUR, on=hour > 5))
    assert model.sent == ["retrain.requested"]


def test_the_request_names_the_drifted_data() -> None:
    trail = Trail().add(3 * HOUR, {Partition("p", 0): 300}).add(9 * HOUR, {Partition("p", 0): 900})
    model = Model()
    step = model.step(5 * HOUR, hurt(5 * HOUR), trail=trail)
    data = step.notifications[0].data
    # the window that broke the rule ended at 5 h and reaches 1 h back
    assert data["data"] == {
        "start": "1970-01-01T04:00:00.000Z",
        "end": "1970-01-01T05:00:00.000Z",
        "offsets": [{"topic": "p", "partition": 0, "start": 300, "end": 900}],
        "offsets_omitted": 0,
    }
    assert data["versions"]["live"] == ["1", "2"]


def test_broken_data_asks_for_nothing_until_it_is_well_again_f29() -> None:
    model = Model(RetrainingSpec(on_input_drift=True))
    # 1 h field lost, drifts, hurts   2 h still   3 h the field is back, it still hurts
    for hour in (1, 2):
        model.step(hour * HOUR, inputs(hour * HOUR), lost(hour * HOUR), hurt(hour * HOUR))
        assert model.state == ("open", "broken_data")
    assert model.sent == []
    model.step(3 * HOUR, lost(3 * HOUR, on=False), inputs(3 * HOUR, on=False), hurt(3 * HOUR))
    assert model.state == ("requested", "hurts")


def test_a_finding_of_data_quality_that_is_pending_holds_a_request_back_f29() -> None:
    model = Model(RetrainingSpec(on_input_drift=True))
    model.step(HOUR, inputs(HOUR), lost(HOUR, pending=True))
    assert model.state == ("open", "broken_data")
    model.step(2 * HOUR, inputs(2 * HOUR), lost(2 * HOUR, on=False))
    assert model.state == ("requested", "input_drift"), "it was nothing"


def test_only_inputs_ask_where_the_user_wants_it() -> None:
    model = Model(RetrainingSpec(on_input_drift=True))
    model.step(HOUR, inputs(HOUR))
    assert model.state == ("requested", "input_drift")


def test_broken_data_is_no_drift() -> None:
    """F29: an alert about data quality opens no episode, even where input drift may ask."""
    model = Model(RetrainingSpec(on_input_drift=True))
    model.step(HOUR, broken(HOUR))
    assert model.episodes == Episodes()


def test_no_episode_while_retraining_is_disabled() -> None:
    model = Model(RetrainingSpec(enabled=False))
    model.step(HOUR, hurt(HOUR))
    assert model.episodes == Episodes()


def test_a_reload_that_disables_holds_an_open_episode() -> None:
    model = Model()
    model.step(HOUR, inputs(HOUR))
    model.spec = RetrainingSpec(enabled=False)
    model.step(2 * HOUR, hurt(2 * HOUR))
    assert model.state == ("open", "disabled")
    assert model.sent == []


def test_recovery_ends_it_and_an_unrequested_end_tells_nobody() -> None:
    model = Model()
    model.step(HOUR, inputs(HOUR))
    model.step(2 * HOUR, inputs(2 * HOUR, on=False))
    assert model.state == ("ended", "recovered")
    assert model.sent == []
    model.step(3 * HOUR, hurt(3 * HOUR))
    assert model.state == ("requested", "hurts")  # no cool-down after an episode without a request
    model.step(4 * HOUR, hurt(4 * HOUR, on=False))
    assert model.sent == ["retrain.requested", "retrain.ended"]


def test_cool_down_holds_the_next_request_and_then_lets_it_through() -> None:
    model = Model(RetrainingSpec.model_validate({"cool_down": "6h", "max_per_day": 9}))
    model.step(HOUR, hurt(HOUR))
    model.step(2 * HOUR, hurt(2 * HOUR, on=False))
    for hour in range(3, 8):
        model.step(hour * HOUR, hurt(hour * HOUR))
        assert model.state == ("open", "cool_down")
    model.step(8 * HOUR, hurt(8 * HOUR))
    assert model.state == ("requested", "hurts")
    assert [m[2] for m in model.moves].count("cool_down") == 1  # said once, not at every step


def test_daily_maximum_counts_days_of_event_time() -> None:
    model = Model(RetrainingSpec.model_validate({"cool_down": "1m", "max_per_day": 2}))
    for hour in (1, 3):
        model.step(hour * HOUR, hurt(hour * HOUR))
        model.step((hour + 1) * HOUR, hurt((hour + 1) * HOUR, on=False))
    model.step(6 * HOUR, hurt(6 * HOUR))
    assert model.state == ("open", "daily_maximum")
    model.step(DAY - 1, hurt(DAY - 1))
    assert model.state == ("open", "daily_maximum")
    model.step(DAY, hurt(DAY))
    assert model.state == ("requested", "hurts")
    assert model.sent.count("retrain.requested") == 3


def test_dry_run_decides_everything_and_sends_nothing() -> None:
    model = Model(RetrainingSpec(dry_run=True))
    model.step(HOUR, hurt(HOUR))
    model.step(2 * HOUR, hurt(2 * HOUR))
    assert model.state == ("open", "dry_run")
    assert model.episodes.current["credit"].requested_ms == HOUR
    model.step(3 * HOUR, hurt(3 * HOUR, on=False))
    model.step(4 * HOUR, hurt(4 * HOUR))
    assert model.state == ("open", "cool_down")  # the dry request counts as a real one
    assert model.sent == []


def test_switching_dry_run_off_lets_the_open_episode_ask() -> None:
    model = Model(RetrainingSpec(dry_run=True))
    model.step(HOUR, hurt(HOUR))
    model.spec = SPEC
    model.step(2 * HOUR, hurt(2 * HOUR))
    assert model.state == ("requested", "hurts")
    assert len(model.episodes.asked["credit"]) == 1


def test_a_replaced_version_asks_for_nothing_any_more() -> None:
    model = Model(RetrainingSpec.model_validate({"cool_down": "1m", "max_per_day": 9}))
    model.step(HOUR, hurt(HOUR))
    model.new_version("2", 2 * HOUR)
    model.step(3 * HOUR, hurt(3 * HOUR))  # version 1 still has some traffic, and still drifts
    assert model.state == ("ended", "new_version")
    model.step(4 * HOUR, hurt(4 * HOUR, version="2"))
    assert model.state == ("requested", "hurts")
    assert model.sent == ["retrain.requested", "retrain.ended", "retrain.requested"]


def test_a_replaced_version_that_comes_back_counts_again() -> None:
    model = Model(RetrainingSpec.model_validate({"cool_down": "1m", "max_per_day": 9}))
    model.step(HOUR, hurt(HOUR))
    model.new_version("2", 2 * HOUR)
    model.new_version("1", 3 * HOUR)
    model.step(4 * HOUR, hurt(4 * HOUR))
    assert model.state == ("requested", "hurts")


def test_a_version_that_drifts_itself_ends_nothing() -> None:
    model = Model()
    model.step(HOUR, hurt(HOUR), inputs(HOUR, version="2"))
    model.new_version("2", 2 * HOUR)
    model.new_version("1", 2 * HOUR)
    assert model.state == ("requested", "hurts")


def test_a_new_version_without_an_episode_changes_no_episode() -> None:
    model = Model()
    model.new_version("2", HOUR)
    model.step(2 * HOUR, hurt(2 * HOUR))
    assert model.state == ("requested", "hurts")


def test_the_end_of_the_version_ends_it_with_that_reason() -> None:
    model = Model()
    model.step(HOUR, hurt(HOUR))
    model.alerts = end(model.alerts, "credit", "1", AlertCause.VERSION_ENDED, 2 * HOUR, ABOUT).alerts
    model.step(2 * HOUR)
    assert model.state == ("ended", "version_ended")
    model.step(40 * HOUR, hurt(40 * HOUR, version="2"))
    model.alerts = end(model.alerts, "credit", "2", AlertCause.RECONFIGURED, 41 * HOUR, ABOUT).alerts
    model.step(41 * HOUR)
    assert model.state == ("ended", "reconfigured")


def test_acknowledging() -> None:
    model = Model()
    model.step(HOUR, inputs(HOUR))
    id_ = model.episodes.current["credit"].id
    with pytest.raises(IllegalTransitionError):  # nothing was requested yet
        acknowledge(model.episodes, id_, "me", 2 * HOUR)
    with pytest.raises(UnknownEpisodeError, match="ep_none"):
        acknowledge(model.episodes, "ep_none", "me", 2 * HOUR)
    model.step(2 * HOUR, hurt(2 * HOUR))
    once = acknowledge(model.episodes, id_, "me", 3 * HOUR).episodes
    twice = acknowledge(once, id_, "you", 4 * HOUR)
    assert twice.episodes == once
    assert twice.transitions == ()
    assert once.current["credit"].acknowledged_by == "me"
    assert model.episodes.current["credit"].state is EpisodeState.REQUESTED  # nothing given was changed


def test_models_do_not_touch_each_other() -> None:
    model = Model()
    model.step(HOUR, hurt(HOUR))
    other = Situation("other", HOUR, model.alerts)
    assert advance(model.episodes, other, SPEC, ABOUT).episodes == model.episodes


def test_memory_is_bounded() -> None:
    model = Model(RetrainingSpec.model_validate({"cool_down": "1m", "max_per_day": 99}))
    for i in range(60):
        model.step(2 * i * HOUR, hurt(2 * i * HOUR, version=str(i)))
        model.new_version(str(i + 1), 2 * i * HOUR + 1)
        model.step(2 * i * HOUR + 2, hurt(2 * i * HOUR + 2, on=False, version=str(i)))
    assert len(model.episodes.ended["credit"]) == ENDED_MAX
    assert len(model.episodes.replaced["credit"]) == REPLACED_MAX
    assert len(model.episodes.asked["credit"]) <= 12
    assert len({e.id for e in model.episodes.of("credit")}) == ENDED_MAX


def test_the_request_says_first_what_hurts() -> None:
    model = Model()
    model.step(HOUR, inputs(HOUR))
    step = model.step(2 * HOUR, hurt(2 * HOUR))
    assert [why["rule"] for why in step.notifications[0].data["why"]] == ["decay", "psi"]
