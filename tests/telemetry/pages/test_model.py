from dataclasses import replace

from driftwatch.telemetry.pages.model import model_page
from tests.telemetry.lender import lender
from tests.telemetry.markup import Seen

CARDS = (
    "Alerts", "Verdicts over time", "Evidence against the budget", "Performance", "Moved cells", "Slices and features",
    "Slices that perform worst", "Reliability", "Label coverage", "Broken data", "Retraining", "Notifications", "Decisions",
)  # fmt: skip


def test_everything_about_a_model_is_on_its_page() -> None:
    seen = Seen(model_page(lender().model, lender().deliveries))
    for card in CARDS:
        assert card in seen.words
    for said in (
        "Drift",
        "accuracy fell",
        "income in country=PT",
        "retrain job 17",
        "Acknowledged",
        "3, the last: timeout",
    ):
        assert said in seen.words, said
    assert len(seen.labels) == 14
    assert "script" not in seen.tags


def test_the_version_window_and_slice_that_are_shown_are_marked() -> None:
    text = model_page(lender().model, lender().deliveries, "1", "1h", "country=PT")
    assert text.count('aria-current="true"') == 3
    assert "Slice country=PT, window 1h." in Seen(text).words


def test_a_model_without_predictions_says_so() -> None:
    bare = replace(lender().model, versions={}, history=(), alerts=(), decisions=())
    assert "no prediction was read" in Seen(model_page(bare, lambda subject: ())).words
