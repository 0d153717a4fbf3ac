"""Plans as the checkpoint keeps them: read back they are the same plans, and every change has another hash."""

from __future__ import annotations

from dataclasses import replace

import pytest

from driftwatch.alerts.messages import About
from driftwatch.monitor.plan import Choice
from driftwatch.monitor.recorded import PLANS, plans_of, record, references_of
from tests.monitor.drive import spec
from tests.monitor.world import REFERENCE, SPEC, plan


def test_plans_come_back_as_they_were() -> None:
    plans = [
        plan(),
        replace(
            plan(spec(name="other", labels={"lateness": "90s"})),
            choices=(Choice("1.*", REFERENCE), Choice("*", learn_ms=7)),
        ),
    ]
    again = plans_of(record(plans).data, references_of(plans))
    assert [p.spec for p in again] == [p.spec for p in plans]
    assert [p.about for p in again] == [p.about for p in plans]
    assert [
        [(c.pattern, c.reference and c.reference.hash, c.learn_ms) for c in p.choices] for p in again
    ] == [
        [("*", REFERENCE.hash, None)],
        [("1.*", REFERENCE.hash, None), ("*", None, 7)],
    ]
    assert record(again) == record(plans)


@pytest.mark.parametrize(
    "changed",
    [
        plan(SPEC.model_copy(update={"join_within": 1})),
        replace(plan(), about=About("http://elsewhere")),
        replace(plan(), max_future_ms=1),
        replace(plan(), choices=(Choice("*", learn_ms=1),)),
    ],
)
def test_any_change_has_a_hash_of_its_own(changed: object) -> None:
    assert record([changed]).hash != record([plan()]).hash  # type: ignore[list-item]


def test_the_state_names_the_plans_in_force() -> None:
    recorded = record([plan()])
    assert recorded.states == {PLANS: recorded.hash.encode(), f"{PLANS}/{recorded.hash}": recorded.data}


def test_a_reference_that_is_not_there_is_an_error() -> None:
    with pytest.raises(KeyError):
        plans_of(record([plan()]).data, {})
