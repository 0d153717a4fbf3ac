from __future__ import annotations

import numpy as np
import pytest

from driftwatch.verdicts.evaluate import judge
from driftwatch.verdicts.state import RuleState
from driftwatch.verdicts.verdict import CODE, VERDICTS, Verdict, loudest
from tests.verdicts.readings import reading, rule


@pytest.mark.parametrize(
    ("heard", "told"),
    [
        ([], Verdict.INSUFFICIENT),
        ([Verdict.INSUFFICIENT, Verdict.OK], Verdict.OK),
        ([Verdict.INSUFFICIENT, Verdict.LEARNING], Verdict.LEARNING),
        ([Verdict.OK, Verdict.WARNING, Verdict.INSUFFICIENT], Verdict.WARNING),
        (list(Verdict), Verdict.DRIFT),
    ],
)
def test_the_loudest_speaks(heard: list[Verdict], told: Verdict) -> None:
    assert loudest(heard) is told
    assert loudest(reversed(heard)) is told


def test_codes_are_positions() -> None:
    assert [VERDICTS[CODE[verdict]] for verdict in Verdict] == list(Verdict)


def test_a_judgements_verdict_is_its_loudest_member() -> None:
    of = rule("psi > 0.25", slices=["all"])
    _, calm = judge(of, reading(of, [[0.1, np.nan]] + [[9, 9]] * 2), RuleState())
    _, loud = judge(of, reading(of, [[0.1, 0.3]] + [[0, 0]] * 2), RuleState())
    _, nothing = judge(of, reading(of, [[np.nan, np.nan]] + [[9, 9]] * 2), RuleState())
    assert [j.verdict for j in (calm, loud, nothing)] == [Verdict.OK, Verdict.DRIFT, Verdict.INSUFFICIENT]
