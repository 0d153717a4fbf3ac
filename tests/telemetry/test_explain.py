from dataclasses import replace

import numpy as np
import pytest

from driftwatch.telemetry.explain import explain, explain_model, why
from driftwatch.verdicts.condition import Condition
from driftwatch.verdicts.verdict import CODE, Verdict
from tests.telemetry import pictures

READING = pictures.reading(pictures.layout())
VIEW = pictures.rule_view(READING)
VERSION = pictures.version_view(READING)


def test_an_explanation_has_the_demand_its_limit_and_all_verdicts() -> None:
    told = explain("credit", VERSION, VIEW, 20)
    assert (told.rule, told.when, told.statistic, told.number, told.limit) == (
        "inputs",
        "psi > 0.01",
        "psi",
        "value",
        0.01,
    )
    assert told.verdict == "drift"
    assert told.verdicts == {"ok": len(READING.events) - 2, "drift": 1, "insufficient": 1}
    assert (told.stream, told.window, told.end) == ("predictions", "1h", "2023-11-14T22:00:00Z")


def test_the_loudest_member_stands_first_and_the_list_is_cut() -> None:
    told = explain("credit", VERSION, VIEW, 2)
    assert told.members[0].slice == "all"
    assert len(told.members) == 2
    everything = explain("credit", VERSION, VIEW, 100).members
    assert everything[-1].verdict == "insufficient"
    values = [member.value for member in everything if member.verdict == "ok"]
    assert values == sorted(values, reverse=True)


def test_a_rule_on_a_limit_compares_that_limit() -> None:
    view = replace(
        pictures.rule_view(READING, "ks_statistic.lower > 0.5 for 3 panes"), statistic="ks_statistic"
    )
    told = explain("credit", VERSION, view, 20)
    assert (told.number, told.limit) == ("lower", 0.5)
    lower = READING.estimates["ks_statistic"].lower[0, 0]
    assert f"ks_statistic.lower {lower:.6g}" in told.members[0].why


def test_below_is_ordered_from_below() -> None:
    view = replace(VIEW, when="psi < 0.5", verdicts=np.full_like(VIEW.verdicts, CODE[Verdict.OK]))
    values = [m.value for m in explain("credit", VERSION, view, 100).members if m.value is not None]
    assert values == sorted(values)


def test_before_the_first_reading_there_are_no_members() -> None:
    told = explain("credit", replace(VERSION, readings={}), VIEW, 20)
    assert (told.members, told.end) == ([], "")


def test_rules_can_be_chosen() -> None:
    model = pictures.model_view(VERSION)
    assert [told.rule for told in explain_model(model, 5)] == ["inputs"]
    assert list(explain_model(model, 5, "other")) == []


@pytest.mark.parametrize(
    ("verdict", "number", "count", "when", "text"),
    [
        (Verdict.DRIFT, 0.31, 500, "psi > 0.25", "psi 0.31 > 0.25 over 500 events"),
        (Verdict.OK, 0.1, 500, "psi > 0.25", "psi 0.1 ≤ 0.25 over 500 events"),
        (Verdict.OK, 0.9, 500, "accuracy < 0.8", "accuracy 0.9 ≥ 0.8 over 500 events"),
        (
            Verdict.OK,
            0.31,
            500,
            "psi > 0.25 for 3 panes",
            "psi 0.31 > 0.25 over 500 events, not yet for 3 panes in a row",
        ),
        (
            Verdict.DRIFT,
            0.1,
            500,
            "psi > 0.25",
            "psi 0.1 ≤ 0.25 over 500 events, but it has not been clear for long enough yet",
        ),
        (Verdict.INSUFFICIENT, 0.9, 40, "psi > 0.25", "40 events are fewer than the 100 demanded"),
        (Verdict.INSUFFICIENT, None, 400, "psi > 0.25", "400 events do not give this number"),
        (Verdict.LEARNING, None, 0, "psi > 0.25", "the reference is still being learned"),
    ],
)
def test_the_sentence(verdict: Verdict, number: float | None, count: int, when: str, text: str) -> None:
    condition = Condition.parse(when)
    view = replace(VIEW, when=when, statistic=condition.statistic.name)
    assert why(verdict, number, count, view, condition) == text
