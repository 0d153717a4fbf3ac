"""What can be found and how soon, against simulated evidence and against its own inverse."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.evidence.odds import STEPS
from driftwatch.evidence.planning import Bets
from tests.simulations.label_worlds import error_stream

DOWN = tuple(-step for step in STEPS)


def bets(q0: float, effective: float, needed: float = 12.0, steps: tuple[float, ...] = STEPS) -> Bets:
    return Bets(np.array([q0]), steps, needed, np.array([effective]))


def test_a_tolerable_share_is_never_found() -> None:
    assert bets(0.3, 100).panes(np.array([0.3]))[0] == np.inf
    assert bets(0.3, 100).panes(np.array([0.1]))[0] == np.inf


def test_the_cap_is_the_floor_of_all_delays() -> None:
    assert bets(0.3, 1e6).panes(np.array([0.9]))[0] == pytest.approx(4.0, abs=0.02)


def test_twice_the_traffic_takes_about_half_the_panes() -> None:
    slow, fast = (bets(0.3, n).panes(np.array([0.4]))[0] for n in (10, 20))
    assert 1.5 * fast < slow < 2.1 * fast


@given(st.floats(0.02, 0.9), st.floats(1, 1_000), st.floats(5, 500))
def test_the_smallest_share_is_found_just_in_time(q0: float, effective: float, within: float) -> None:
    made = bets(q0, effective)
    share = made.smallest(within)
    if np.isnan(share[0]):
        assert made.panes(np.array([1.0]))[0] > within
    else:
        assert made.panes(share)[0] <= within
        assert share[0] > q0


@given(st.floats(0.1, 0.98), st.floats(1, 1_000))
def test_down_is_up_of_the_complement(q0: float, effective: float) -> None:
    down, up = bets(q0, effective, steps=DOWN), bets(1 - q0, effective)
    low, high = down.smallest(50.0), up.smallest(50.0)
    assert np.isnan(low[0]) == np.isnan(high[0])
    if not np.isnan(low[0]):
        assert low[0] == pytest.approx(1 - high[0], abs=1e-6)


def test_where_there_is_no_bet_nothing_is_found() -> None:
    made = bets(np.nan, 100)
    assert made.panes(np.array([0.9]))[0] == np.inf
    assert np.isnan(made.smallest(1e9)[0])


def test_a_plan_is_about_what_happens() -> None:
    """Errors 10 % to 20 %: q0 is about 0.1124; one stream of three bets, A = 10 000 panes of 10 events."""
    needed = float(np.log(10_000 * 3))
    planned = Bets(np.array([0.1124]), STEPS, needed, np.array([10 / 1.00675])).panes(np.array([0.2]))[0]
    simulated = np.median(error_stream(100, reference=1_000, before=50).delays) / 10
    assert planned == pytest.approx(simulated, rel=0.25)
