"""Shares of the budgets: groups that are there divide all of it."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from driftwatch.evidence.groups import Family, Group, shares

GROUPS = st.sets(st.sampled_from(list(Group)), min_size=1)


def test_tickets_are_shared_40_40_20() -> None:
    found = shares([Group.INPUTS, Group.SCORES, Group.QUALITY])
    assert [found[g] for g in (Group.INPUTS, Group.SCORES, Group.QUALITY)] == [
        Fraction(2, 5), Fraction(2, 5), Fraction(1, 5),
    ]  # fmt: skip


def test_a_group_alone_has_its_whole_budget() -> None:
    assert shares([Group.PERFORMANCE]) == {Group.PERFORMANCE: 1}


@given(GROUPS)
def test_the_shares_of_a_family_sum_to_one(present: set[Group]) -> None:
    found = shares(present)
    assert found.keys() == present
    for family in Family:
        mine = [share for group, share in found.items() if group.family is family]
        assert sum(mine) == (1 if mine else 0)


def test_what_rests_on_labels_pages() -> None:
    assert {g for g in Group if g.family is Family.PAGE} == {
        Group.PERFORMANCE, Group.CALIBRATION, Group.MARKED,
    }  # fmt: skip
