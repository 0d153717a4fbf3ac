from dataclasses import replace

from driftwatch.telemetry import views
from driftwatch.telemetry.board import Picture
from driftwatch.telemetry.counts import Counts
from tests.telemetry import pictures

PICTURE = Picture(pictures.snapshot(), pictures.health(), Counts())


def test_a_model_sums_its_classes_over_partitions_in_the_order_of_the_list() -> None:
    [model] = PICTURE.snapshot.models.values()
    summary = views.model_summary(model)
    assert summary.classes == {"predictions": {"accepted": 150, "waiting": 7, "invalid:not_json": 3}}
    assert list(summary.classes["predictions"]) == ["accepted", "waiting", "invalid:not_json"]
    assert summary.alerts == 1
    assert summary.verdict == "drift"
    assert summary.frontiers == {"labels": "", "predictions": "2023-11-14T22:00:00Z"}


def test_a_version_says_how_many_events_its_windows_hold() -> None:
    version = PICTURE.snapshot.models["credit"].versions["v1"]
    [window] = views.version_summary(version).windows
    [reading] = version.readings.values()
    assert (window.stream, window.window, window.events) == ("predictions", "1h", int(reading.events[0]))


def test_an_alert_keeps_all_numbers_of_its_findings() -> None:
    answer = views.alert_answer(pictures.alert())
    [finding] = answer.findings
    assert (finding.feature, finding.value, finding.limit, finding.count) == ("age", 0.31, 0.25, 1_234)
    assert answer.since == "2023-11-14T22:00:00Z"


def test_an_episode_keeps_its_state() -> None:
    answer = views.episode_answer(pictures.episode())
    assert (answer.id, answer.state, answer.alerts) == ("ep_1", "requested", ["0123456789abcdef"])


def test_the_status_joins_offsets_with_lags() -> None:
    status = views.status(PICTURE, 0.0)
    assert [(p.partition, p.offset, p.lag, p.idle) for p in status.partitions] == [
        (0, 107, 12, False),
        (1, 53, None, True),
    ]
    assert status.event_time_lag_s == {"credit": {"labels": 9.0, "predictions": 4.5}}
    assert [(e.endpoint, e.disabled, e.pending) for e in status.endpoints] == [
        ("retrain", "gone", 0),
        ("slack", "", 2),
    ]
    assert (status.ready, status.started, status.last_commit) == (True, "2023-11-14T22:13:20.000Z", "")


def test_readiness_carries_the_reasons() -> None:
    away = replace(PICTURE, health=replace(PICTURE.health, disconnected_at_s=0.0))
    ready = views.ready(away, 100.0)
    assert (ready.ready, list(ready.reasons)) == (False, ["disconnected"])
