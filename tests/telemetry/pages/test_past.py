from driftwatch.telemetry.pages import past, sight
from tests.telemetry.lender import CALM_HOURS, HOUR_MS, START_MS, lender
from tests.telemetry.markup import Seen


def test_verdicts_and_alerts_have_a_lane_each() -> None:
    model = lender().model
    seen = Seen(past.verdict_lanes(model, sight.newest_ms(model)))
    assert "version 1" in seen.words
    assert "accuracy fell" in seen.words
    assert {"v-ok", "v-drift", "v-warning", "v-pending"} <= set(seen.classes)


def test_an_alert_lives_from_its_first_breach_on() -> None:
    model = lender().model
    (lane,) = past.alert_lanes(model.decisions, sight.newest_ms(model), "1", "inputs moved")
    assert [span.word for span in lane.spans] == ["pending", "drift"]
    begin = (lane.spans[0].start_ms - START_MS) / HOUR_MS
    assert CALM_HOURS < begin < CALM_HOURS + 1
    assert lane.spans[-1].end_ms == sight.newest_ms(model)


def test_performance_is_drawn_with_its_interval_and_reference() -> None:
    found = sight.look(lender().model)
    assert found is not None
    drawn = past.trends(found)
    assert len(drawn) == past.TRENDS_MAX
    first = Seen(drawn[0])
    assert first.labels[0].startswith("Accuracy: now 0.")
    assert "reference 0.8" in first.labels[0]
    assert "by chance alone" in Seen(drawn[2]).labels[0]


def test_a_model_without_a_past_has_no_picture() -> None:
    from tests.telemetry import pictures

    model = pictures.model_view(pictures.version_view(pictures.reading(pictures.layout())))
    assert "No pane has closed" in past.verdict_lanes(model, 1)
    assert Seen(past.verdict_strip(model, "v1")).labels == []
    found = sight.look(model)
    assert found is not None
    assert past.trends(found) == []
