from msgspec.structs import replace

from driftwatch.alerts.alert import EpisodeState
from driftwatch.alerts.outbox import Delivery
from driftwatch.telemetry.pages import told
from tests.telemetry import pictures
from tests.telemetry.markup import Seen


def test_an_episode_says_why_and_who_takes_care_of_it() -> None:
    asked = replace(pictures.episode(), reason="hurts")
    assert "labels say that it hurts" in Seen(told.episodes([asked])).words
    assert "nobody yet" in Seen(told.episodes([asked])).words
    cared = replace(asked, state=EpisodeState.ACKNOWLEDGED, acknowledged_by="job <17>")
    assert "job <17>" in Seen(told.episodes([cared])).words
    assert "No drift" in told.episodes([])


def test_a_delivery_says_how_often_it_was_tried_and_when_next() -> None:
    waits = Delivery(
        "m", "oncall", "alert.firing", "fp", 0, "pending", 3, "timeout", 1_772_360_400.0, 1_772_360_000.0
    )
    seen = Seen(told.deliveries([waits]))
    assert "3, the last: timeout; next 1 Mar 2026, 10:20 UTC" in seen.words
    assert "/alerts/fp" in seen.links
    done = replace(waits, state="delivered", type="retrain.requested", attempts=1, reason="delivered")
    assert "Retraining requested oncall ✓ Delivered 1 " in Seen(told.deliveries([done])).words
    assert "Nothing was sent" in told.deliveries([])


def test_decisions_are_newest_first() -> None:
    snapshot = pictures.with_evidence(pictures.snapshot())
    found = snapshot.models["credit"].decisions
    assert Seen(told.decisions(found)).words.count("it stayed over its limit") == 2
    accepted = replace(found[0], new="abcdef0123456789", rule="reference", reason="accepted by me")
    assert "reference abcdef012345 accepted by me" in Seen(told.decisions([accepted])).words
