from __future__ import annotations

import msgspec
import numpy as np

from driftwatch.verdicts.evaluate import judge
from driftwatch.verdicts.state import MEMBER, RuleState, load, save
from tests.verdicts.readings import reading, rule


def test_loud_members_come_back_and_calm_ones_take_no_room() -> None:
    of = rule("psi > 0.25")
    members = load(of, RuleState())
    assert members.shape == (3, 2)
    assert save(of, members).rows == b""
    members[2, 1]["held"], members[2, 1]["value"] = 4, 0.5
    members[0, 0]["firing"] = 1
    state = save(of, members)
    assert len(state.rows) == 2 * (8 + MEMBER.itemsize)
    assert np.array_equal(load(of, state), members)


def test_it_survives_the_checkpoint() -> None:
    of = rule("psi > 0.25 for 2 panes")
    state, _ = judge(of, reading(of, [[0.3, 0.1], [0.0, 0.9], [0.2, 0.2]]), RuleState())
    packed = msgspec.msgpack.encode(state)
    assert msgspec.msgpack.decode(packed, type=RuleState) == state


def test_another_rules_state_is_not_taken_up() -> None:
    of, changed = rule("psi > 0.25 for 2 panes"), rule("psi > 0.2 for 2 panes")
    state, _ = judge(of, reading(of, [[0.3, 0.3]] * 3), RuleState())
    assert load(of, state)["held"].all()
    assert not load(changed, state)["held"].any()
