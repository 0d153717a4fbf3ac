from __future__ import annotations

import pytest

from driftwatch.drift.spec import StatisticsSpec
from driftwatch.drift.statistic import Kind
from driftwatch.events.classes import Stream
from driftwatch.verdicts.rule import Rule, bind_all
from driftwatch.verdicts.spec import RuleSpec
from tests.verdicts.readings import layout, rule

ROWS = 5  # all, s=v0, s=v1, s=__other__, s=__unknown__


def _bind(when: str = "psi > 0.25", stream: Stream = Stream.PREDICTIONS, **more: object) -> Rule | None:
    spec = RuleSpec.model_validate({"name": "r", "when": when, **more})
    return Rule.bind(spec, layout(ROWS), stream, "1h")


def test_patterns_become_a_mask_of_slices_and_fields() -> None:
    found = _bind(slices=["all", "s=v*"], features=["a?e"])
    assert found is not None
    assert found.fields == ("age", "score")
    assert found.mask.tolist() == [[True, False]] * 3 + [[False, False]] * 2


def test_by_default_it_looks_at_all_traffic_and_every_field_with_score_and_decision() -> None:
    found = _bind()
    assert found is not None
    assert found.mask.tolist() == [[True, True]] + [[False, False]] * 4


def test_a_statistic_of_the_whole_model_needs_no_feature_pattern() -> None:
    found = _bind("accuracy < 0.8", Stream.LABELS, features=["age"])
    assert found is not None
    assert found.fields == ("",)
    assert found.mask[:, 0].tolist() == [True] + [False] * 4


@pytest.mark.parametrize(
    "more",
    [
        {"stream": Stream.LABELS},
        {"stream": Stream.FEATURES},
        {"windows": ["1d"]},
        {"features": ["weight"]},
        {"slices": ["country=*"]},
        {"when": "mae > 3", "stream": Stream.LABELS},
    ],
)
def test_nothing_to_look_at_is_no_rule(more: dict[str, object]) -> None:
    assert _bind(**more) is None  # type: ignore[arg-type]


def test_rules_are_bound_in_their_order_where_they_have_something_to_look_at() -> None:
    specs = [
        RuleSpec(name=n, when=w)
        for n, w in (("a", "psi > 1"), ("b", "accuracy < 1"), ("c", "missing_share > 0.1"))
    ]
    assert [r.name for r in bind_all(specs, layout(), Stream.PREDICTIONS, "1h")] == ["a", "c"]
    assert [r.name for r in bind_all(specs, layout(), Stream.LABELS, "1h")] == ["b"]


def test_the_minimum_of_events_comes_from_the_rule_or_the_model() -> None:
    spec = RuleSpec(name="r", when="psi > 0.25")
    bound = Rule.bind(spec, layout(), Stream.PREDICTIONS, "1h", StatisticsSpec(min_events=7))
    assert bound is not None
    assert bound.min_events == 7
    assert rule("psi > 0.25", min_events=3).min_events == 3


def test_only_labels_ask_for_a_retraining_unless_the_rule_says_so() -> None:
    assert not rule("psi > 0.25").retrain
    assert rule("psi > 0.25", retrain=True).retrain
    assert rule("accuracy_decay.lower > 0.02", Stream.LABELS).retrain
    assert not rule("accuracy_decay > 0.02", Stream.LABELS, retrain=False).retrain
    assert not rule("label_coverage < 0.2", Stream.LABELS).retrain


def test_the_kind_follows_what_it_looks_at() -> None:
    assert rule("psi > 0.25").kind is Kind.INPUT
    assert rule("psi > 0.25", features=["score"]).kind is Kind.SCORE
    assert rule("missing_share > 0.25", features=["score"]).kind is Kind.QUALITY
    assert rule("accuracy < 0.5", Stream.LABELS).kind is Kind.PERFORMANCE


def test_the_fingerprint_changes_with_what_gives_a_state_its_meaning_and_with_nothing_else() -> None:
    one = rule("psi > 0.25")
    same = (rule("psi > 0.25", severity="warning"), rule("psi > 0.25", clear=0.25, clear_for=9, retrain=True))
    other = (
        rule("psi > 0.3"), rule("psi > 0.25", clear=0.1), rule("psi > 0.25", slices=["all"]),
        rule("psi > 0.25", features=["age"]), rule("psi > 0.25", rows=5),
    )  # fmt: skip
    assert {each.fingerprint for each in same} == {one.fingerprint}
    assert len({each.fingerprint for each in (one, *other)}) == 6
