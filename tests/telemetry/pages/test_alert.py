from dataclasses import replace

from msgspec.structs import replace as replaced

from driftwatch.alerts.alert import Alert, AlertState
from driftwatch.telemetry.pages.alert import alert_page, find, gone_page
from tests.telemetry.lender import lender
from tests.telemetry.markup import Seen

FIVE = ("What changed?", "Where?", "Since when?", "Does it hurt?", "What did driftwatch do?")


def alert(rule: str) -> Alert:
    return next(a for a in lender().model.alerts if a.rule == rule)


def answers(text: str) -> list[str]:
    """What stands under each of the five questions."""
    words = Seen(text).words
    starts = [words.index(question) for question in FIVE]
    assert starts == sorted(starts)
    ends = [*starts[1:], starts[-1] + 400]
    return [words[start:end] for start, end in zip(starts, ends, strict=True)]


def test_the_five_questions_are_answered_in_one_look() -> None:
    what, where, since, hurts, done = answers(
        alert_page(lender().model, alert("inputs moved"), lender().deliveries)
    )
    assert "income in country=PT: above 4276" in what
    assert "→" in what
    assert "debt_ratio in country=PT" in where
    assert "1 slice, 2 features" in where
    assert "1 Mar 2026, 05:30 UTC" in since
    assert "4 h 30 min ago by event time" in since
    assert "Yes" in hurts
    assert "accuracy in country=PT" in hurts
    assert "Told ml-oncall" in done
    assert "Acknowledged somebody takes care of it, taken care of by retrain job 17." in done


def test_a_resolved_alert_says_how_it_ended() -> None:
    calm = replaced(alert("inputs moved"), state=AlertState.RESOLVED, ended="recovered")
    since = answers(alert_page(lender().model, calm, lambda subject: ()))[2]
    assert "Lasted" in since
    assert "it has recovered" in since


def test_an_alert_of_a_version_that_has_gone_is_still_told() -> None:
    gone = replace(lender().model, versions={})
    text = alert_page(gone, alert("inputs moved"), lambda subject: ())
    assert "Its version is no longer watched" in Seen(text).words
    assert "Told nobody yet" in Seen(text).words


def test_an_alert_is_found_by_its_fingerprint() -> None:
    found = find(lender().snapshot, alert("accuracy fell").fingerprint)
    assert found is not None
    assert found[1].rule == "accuracy fell"
    assert find(lender().snapshot, "nope") is None
    assert "<script>" in Seen(gone_page("<script>")).words
