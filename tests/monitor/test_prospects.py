"""What a model's evidence can find, told before anything happens."""

from __future__ import annotations

from dataclasses import replace

from driftwatch.alerts.messages import About
from driftwatch.evidence.budget import Budget
from driftwatch.monitor.plan import Choice, ModelPlan
from driftwatch.monitor.prospects import prospects
from tests.evidence import models


def plan(*, timed: bool = True, **changes: object) -> ModelPlan:
    choices = (Choice("*", models.reference(timed=timed)), Choice("new-*", learn_ms=1))
    return ModelPlan(
        models.spec(**changes), choices, About("http://localhost"), 0, 0, Budget.parse("1 per week")
    )


def test_one_per_pattern_that_has_a_reference() -> None:
    (found,) = prospects(plan(evidence={"must_detect": ["accuracy drop of 20 % within 1d"]}))
    assert (found.model, found.pattern, found.pane_ms, found.watched) == ("credit", "*", 300_000, True)
    assert {power.slice for power in found.powers} == {"all"}
    assert [reach.underpowered for reach in found.goals] == [False]
    assert found.notes == ()
    assert found.streams > len(found.powers)


def test_a_reference_without_times_says_so() -> None:
    (found,) = prospects(plan(timed=False))
    assert "clumping is assumed" in found.notes[0]


def test_a_model_whose_evidence_does_not_alert_is_told_all_the_same() -> None:
    (found,) = prospects(replace(plan(), budget=None))
    assert not found.watched
    assert found.powers


def test_labels_of_their_own_topic_need_ages_in_the_reference() -> None:
    labels = {"topic": "labels", "id": "id", "label": "label"}
    predictions = {k: v for k, v in models.DECLARED["predictions"].items() if k != "label"}
    (found,) = prospects(plan(labels=labels, predictions=predictions))
    assert "errors and calibration are not compared" in found.notes[0]
