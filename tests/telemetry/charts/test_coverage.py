from driftwatch.telemetry.answers import Cohort
from driftwatch.telemetry.charts.coverage import DAYS, coverage, told
from tests.telemetry.markup import Seen


def day(number: int, labels: int, predictions: int = 100, expected: float | None = None) -> Cohort:
    share = labels / predictions if predictions else None
    return Cohort(
        "m", "1", f"2026-03-{number:02d}T00:00:00Z", predictions, labels, share, {}, "", None, expected
    )


def test_a_bar_per_day_the_oldest_first_with_what_is_still_expected() -> None:
    drawn = coverage("labels", [day(2, 20, expected=80), day(1, 90)])
    assert drawn.index("2026-03-01: 90 labels") < drawn.index("2026-03-02: 20 labels")
    assert Seen(drawn).classes.count("expected") == 2
    assert "03-01" in Seen(drawn).words


def test_a_day_without_predictions_says_so() -> None:
    assert told(day(1, 0, predictions=0)) == "2026-03-01: 0 labels for 0 predictions (nothing known)"


def test_only_the_last_days_are_drawn() -> None:
    drawn = coverage("labels", [day(1 + i % 28, 1) for i in range(60)])
    assert Seen(drawn).classes.count("now") == DAYS
