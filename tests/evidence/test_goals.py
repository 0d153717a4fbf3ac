"""What must be found, as people write it."""

from __future__ import annotations

import pytest

from driftwatch.evidence.goals import Goal
from driftwatch.evidence.groups import Group

DAY_MS = 86_400_000


@pytest.mark.parametrize(
    ("text", "goal"),
    [
        ("accuracy drop of 3 % within 1d", Goal("accuracy", 0.03, DAY_MS)),
        ("accuracy drop of 3% within 1d in country=PT", Goal("accuracy", 0.03, DAY_MS, "country=PT")),
        ("income change of 0.1 within 6h", Goal("income", 0.1, DAY_MS // 4)),
        ("missing rise of 2 % within 1h", Goal("missing", 0.02, DAY_MS // 24)),
        ("calibration gap of 5 % within 1d", Goal("calibration", 0.05, DAY_MS)),
    ],
)
def test_a_goal_is_read(text: str, goal: Goal) -> None:
    assert Goal.parse(text) == goal
    assert Goal.parse(str(goal)) == goal


@pytest.mark.parametrize(
    "text", ["", "accuracy", "accuracy drop of x % within 1d", "accuracy drop of 300 % within 1d", "accuracy drop of 3 % within soon"]
)  # fmt: skip
def test_what_is_no_goal_says_what_to_write(text: str) -> None:
    with pytest.raises(ValueError, match="write"):
        Goal.parse(text)


def test_who_can_find_it() -> None:
    assert Goal("accuracy", 0.03, 1).groups == (Group.PERFORMANCE,)
    assert Goal("calibration", 0.03, 1).groups == (Group.CALIBRATION,)
    assert Goal("missing", 0.03, 1).groups == (Group.QUALITY,)
    assert Group.MARKED in Goal("income", 0.03, 1).groups
