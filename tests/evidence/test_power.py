"""What can be found and how soon, by stream and by goal."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from driftwatch.evidence.budget import Budget
from driftwatch.evidence.design import designs
from driftwatch.evidence.detector import Detector
from driftwatch.evidence.goals import Goal
from driftwatch.evidence.groups import Group
from driftwatch.evidence.power import Powers, Traffic
from driftwatch.evidence.spec import EvidenceSpec
from tests.evidence import models
from tests.evidence.models import PANE_MS

HOUR_MS = 3_600_000


@cache
def powers(panes: float = 200.0) -> Powers:
    made = Detector(designs(models.reference(), EvidenceSpec()), Budget.parse("1 per week"), PANE_MS)
    return Powers(
        made,
        models.reference().layout.slices.rows,
        {s: Traffic(total, panes) for s, total in models.reference().totals.items()},
    )


def test_every_stream_has_its_line_at_the_references_traffic() -> None:
    found = list(powers().all(0.05))
    assert len(found) == sum(len(pool.members) for pool in powers()._detector.pools.values())
    income = next(p for p in found if (p.group, p.field, p.slice) == (Group.INPUTS, "income", "all"))
    assert income.events == pytest.approx(100)
    assert income.tolerance == 0.02
    assert income.learned
    assert income.week < income.day < 0.2, "more time finds less"


def test_a_slice_sees_less_than_all_traffic() -> None:
    found = {
        p.slice: p
        for p in powers().all(0.05, ("all", "country=PT"))
        if (p.group, p.field) == (Group.INPUTS, "income")
    }
    assert set(found) == {"all", "country=PT"}
    assert found["country=PT"].day > found["all"].day


def test_a_change_within_the_tolerance_is_never_found() -> None:
    assert all(np.isinf(p.delay_ms) for p in powers().all(0.001))


def test_more_traffic_is_faster() -> None:
    goal = Goal.parse("income change of 15 % within 2h")
    assert powers(20.0).judge(goal).delay_ms < powers().judge(goal).delay_ms


@pytest.mark.parametrize(
    ("line", "underpowered"),
    [
        ("accuracy drop of 10 % within 1d", False),
        ("accuracy drop of 1 % within 1h", True),
        ("missing rise of 10 % within 6h", False),
        ("calibration gap of 30 % within 1d", False),
        ("income change of 30 % within 6h", False),
        ("income change of 30 % within 5m", True),
        ("income change of 30 % within 1d in country=FR", True),
        ("nothing change of 30 % within 1d", True),
    ],
)
def test_goals_are_judged(line: str, underpowered: bool) -> None:
    assert powers().judge(Goal.parse(line)).underpowered is underpowered
