import pytest

from driftwatch.alerts.alert import AlertState
from driftwatch.alerts.lifecycle import AlertCause, EpisodeCause
from driftwatch.drift.statistic import Kind
from driftwatch.telemetry.pages import words
from driftwatch.verdicts.verdict import Finding, Verdict
from tests.telemetry import pictures
from tests.telemetry.markup import Seen


def test_every_word_that_can_come_has_a_name_and_a_sign() -> None:
    for verdict in Verdict:
        shown = words.badge(verdict.value)
        assert Seen(shown).words
        assert 'aria-hidden="true"></span>' not in shown, "there is a sign, so that colour is never alone"
    assert all(cause.value in words.CAUSES for cause in (*AlertCause, *EpisodeCause))
    assert all(kind.value in words.KINDS for kind in Kind)


def test_a_firing_alert_says_how_loud_it_is() -> None:
    assert Seen(words.alert_badge(pictures.alert())).words.endswith("Firing, drift")
    assert Seen(words.alert_badge(pictures.alert(AlertState.RESOLVED))).words.endswith("Resolved")


@pytest.mark.parametrize(
    ("duration_ms", "text"),
    [
        (0, "0 s"),
        (-5, "0 s"),
        (59_000, "59 s"),
        (3_600_000, "1 h"),
        (8_400_000, "2 h 20 min"),
        (3_599_000, "1 h"),
        (90_061_000, "1 d 1 h"),
    ],
)
def test_durations_have_two_units_at_most(duration_ms: int, text: str) -> None:
    assert words.lasting(duration_ms) == text


def test_moments_are_utc_and_readable_by_machines() -> None:
    assert (
        words.when(1_772_323_200_000) == '<time datetime="2026-03-01T00:00:00Z">1 Mar 2026, 00:00 UTC</time>'
    )
    assert words.when(10**18) == f"{10**18}ms"
    assert words.wall(0.0) == "never"


def test_a_finding_is_told_with_what_it_rests_on() -> None:
    finding = Finding("r", "psi", "1h", "country=<b>", "income", 0.61, 0.61, 0.61, 0.25, 1_234, 0)
    assert words.measured(finding) == "PSI 0.61, limit 0.25, over 1,234 events"
    assert Seen(words.place(finding)).words == "income in country=<b>"
    decay = Finding("r", "accuracy_decay", "1h", "all", "", 0.1, 0.05, 0.15, 0.05, 10, 0)
    assert words.measured(decay) == "accuracy decay 0.1 (0.05 to 0.15), limit 0.05, over 10 events"
    assert Seen(words.place(decay)).words == "in all traffic"


def test_the_catalogue_explains_statistics() -> None:
    assert words.summary("psi")
    assert words.summary("evidence") == ""
