from dataclasses import replace

from driftwatch.events.classes import Stream
from driftwatch.telemetry.pages import reasons, sight
from driftwatch.verdicts.verdict import Verdict
from tests.telemetry import pictures
from tests.telemetry.lender import lender
from tests.telemetry.markup import Seen


def said(model, version) -> str:
    return Seen(reasons.reason(model, version)).words


def test_the_loudest_firing_alert_is_the_reason() -> None:
    model = lender().model
    assert said(model, model.versions["1"]).startswith("accuracy fell: accuracy decay 0.3")


def test_without_alerts_the_reason_is_what_is_known() -> None:
    model = replace(
        pictures.model_view(pictures.version_view(pictures.reading(pictures.layout()))), alerts=()
    )
    version = model.versions["v1"]
    calm = replace(version, verdict=Verdict.OK, evidence=(pictures.evidence(),))
    assert said(model, calm) == "The strongest evidence of a change is at 133 % of its limit."
    assert said(model, replace(version, verdict=Verdict.OK)) == "All 1 rules hold."
    assert "Too little data" in said(model, replace(version, verdict=Verdict.INSUFFICIENT))
    assert said(model, replace(version, readings={})) == "No window has closed yet."
    assert "still being learned" in said(model, replace(version, verdict=Verdict.LEARNING))


def test_it_hurts_when_the_whole_interval_says_so() -> None:
    found = sight.look(lender().model)
    assert found is not None
    whole, portugal = reasons.hurt(found), reasons.hurt(found, "country=PT")
    assert (whole.word, whole.answer) == ("drift", "Yes")
    assert whole.told.startswith("accuracy 0.8")
    assert "in country=PT" in portugal.told


def test_without_labels_nobody_knows() -> None:
    model = pictures.model_view(pictures.version_view(pictures.reading(pictures.layout())))
    found = sight.look(model)
    assert found is not None
    assert reasons.hurt(found).answer == "Unknown"


def test_the_reference_is_what_is_now_and_what_was_lost() -> None:
    found = sight.look(lender().model)
    assert found is not None
    reading = found.version.readings[Stream.LABELS, "1h"]
    now, decay = (float(reading.estimates[name].value[0, 0]) for name in ("accuracy", "accuracy_decay"))
    assert reasons.level(reading, "accuracy", 0) == now + decay
    brier = float(reading.estimates["brier_score"].value[0, 0])
    before = reasons.level(reading, "brier_score", 0)
    assert before is not None
    assert before < brier, "for an error the reference lies below"
