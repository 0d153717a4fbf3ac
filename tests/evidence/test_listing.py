"""The list rule against brute force, and the law that its budget rests on."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.evidence.listing import listed

VALUES = st.lists(
    st.floats(0, 1e6) | st.sampled_from([0.0, 1.0, 50.0, 100.0, 200.0]), min_size=1, max_size=40
)


def brute(values: list[float], panes: float) -> int:
    """k* by the definition, trying every k."""
    ordered = sorted(values, reverse=True)
    return max((k for k in range(1, len(values) + 1) if ordered[k - 1] >= panes * len(values) / k), default=0)


def logs(values: list[float]) -> np.ndarray:
    return np.array([math.log(v) if v else -math.inf for v in values])


@given(VALUES, st.sampled_from([1.5, 10.0, 99.7]))
def test_the_list_is_that_of_the_definition(values: list[float], panes: float) -> None:
    near = [
        k
        for k, v in enumerate(sorted(values, reverse=True), 1)
        if v and abs(v * k / (panes * len(values)) - 1) < 1e-9
    ]
    found = listed(logs(values), math.log(panes))
    assert len(found) == brute(values, panes) or near
    assert sorted((values[i] for i in found), reverse=True) == sorted(values, reverse=True)[: len(found)]


@given(VALUES, st.sampled_from([1.5, 10.0]))
def test_a_list_removes_at_least_the_panes_of_one_alert_from_the_mean(
    values: list[float], panes: float
) -> None:
    found = listed(logs(values), math.log(panes))
    if len(found):
        assert sum(values[i] for i in found) / len(values) >= panes * (1 - 1e-9)


def test_streams_that_fire_or_have_nothing_count_but_are_never_listed() -> None:
    found = listed(np.array([-np.inf, math.log(500.0), -np.inf]), math.log(100.0))
    assert found.tolist() == [1]
    assert listed(np.array([-np.inf, math.log(299.0), -np.inf]), math.log(100.0)).tolist() == []


def test_many_together_need_less_each() -> None:
    """Ten of ten at A each; alone one would need ten times as much."""
    assert len(listed(np.full(10, math.log(100.0)), math.log(100.0))) == 10
    assert len(listed(np.array([math.log(100.0)] + [0.0] * 9), math.log(100.0))) == 0


def test_nothing_is_listed_of_nothing() -> None:
    assert len(listed(np.empty(0), 1.0)) == 0
