"""The e-detector against 50 digits, against its definition as a sum over starting points, and its laws."""

from __future__ import annotations

import itertools
import math
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.evidence.odds import STEPS, UP, slopes
from driftwatch.evidence.recursion import CAP, FLOOR, UNIT, Evidence, advance
from tests.evidence.exact import Bet

PANES = st.lists(
    st.tuples(st.integers(0, 40), st.integers(0, 40)).map(lambda x: (min(x), max(x))), max_size=25
)


def run(panes: list[tuple[int, int]], q0: float, phi: float) -> Evidence:
    """One row, one indicator, bets up."""
    state = Evidence.empty(UP, 1, 1)
    for number, (hits, events) in enumerate(panes):
        see(state, number, hits, events, q0, phi)
    return state


def see(state: Evidence, number: int, hits: int, events: int, q0: float, phi: float) -> float:
    penalties = [np.array([[float(slopes(np.array(q0), step)) * events / phi]]) for step in UP]
    still = np.array([[events == 0]])
    return float(advance(state, UP, np.array([[hits / phi]]), penalties, number, still=still)[0, 0])


@given(PANES, st.sampled_from([0.02, 0.3, 0.9]), st.sampled_from([1.0, 1.75, 8.0]))
def test_evidence_is_that_of_fifty_digits(panes: list[tuple[int, int]], q0: float, phi: float) -> None:
    state = run(panes, q0, phi)
    for k, step in enumerate(STEPS):
        bet = Bet(Decimal(q0), str(step))
        for hits, events in panes:
            bet.see(hits, events, Decimal(phi))
        exact = FLOOR if bet.log is None else max(float(bet.log), FLOOR)
        assert state.log[k, 0, 0] == pytest.approx(exact, abs=2 * len(panes) * UNIT + 1e-12)


@given(PANES)
def test_evidence_is_the_sum_over_all_beginnings_of_the_product_of_ratios(
    panes: list[tuple[int, int]],
) -> None:
    """Shiryaev-Roberts by its definition: R_t = sum over k of the product of LR_k ... LR_t."""
    state, q0 = run(panes, 0.3, 1.0), 0.3
    told = [(h, n) for h, n in panes if n]
    for k, step in enumerate(STEPS):
        b = float(slopes(np.array(q0), step))
        ratios = [math.exp(min(CAP, step * h + b * n)) for h, n in told]
        total = sum(math.prod(ratios[start:]) for start in range(len(ratios)))
        assert state.log[k, 0, 0] == pytest.approx(max(FLOOR, math.log(total) if total else FLOOR), abs=1e-6)


@given(PANES)
def test_the_path_is_the_best_stretch_that_ends_now(panes: list[tuple[int, int]]) -> None:
    state = run(panes, 0.3, 1.0)
    for k, step in enumerate(STEPS):
        b = float(slopes(np.array(0.3), step))
        gains = [step * h + b * n if n else 0.0 for h, n in panes]
        sums = [sum(gains[start:]) for start in range(len(gains))]
        best = max([0.0, *sums])
        assert state.path[k, 0, 0] == pytest.approx(best, abs=1e-7)
        if best > 1e-6:
            assert sums[int(state.since[k, 0, 0])] == pytest.approx(best, abs=1e-7)


@pytest.mark.parametrize("q0", [0.1, 0.5, 0.97])
@pytest.mark.parametrize("step", STEPS)
def test_evidence_grows_by_at_most_one_per_pane_by_enumeration(q0: float, step: float) -> None:
    """E[R_t] = t exactly at the boundary without the cap, at most t with it: all paths of three panes of three events."""
    b = float(slopes(np.array(q0), step))
    mean = 0.0
    for path in itertools.product(range(4), repeat=3):
        chance = math.prod(math.comb(3, h) * q0**h * (1 - q0) ** (3 - h) for h in path)
        state = Evidence.empty((step,), 1, 1)
        for number, hits in enumerate(path):
            advance(state, (step,), np.array([[float(hits)]]), [np.array([[3 * b]])], number)
        mean += chance * float(np.exp(state.log[0, 0, 0]))
    capped = 3 * (step + b) > CAP
    assert mean <= 3 + 1e-8
    assert capped or mean == pytest.approx(3.0, abs=1e-8)


def test_no_single_pane_adds_more_than_the_cap() -> None:
    state = Evidence.empty(UP, 1, 1)
    total = see(state, 0, 10_000, 10_000, 0.1, 1.0)
    assert np.all(state.log == CAP)
    assert total == pytest.approx(3 * math.exp(CAP))


def test_an_empty_pane_changes_nothing() -> None:
    state = run([(5, 10)], 0.1, 1.0)
    before = state.log.copy(), state.path.copy(), state.since.copy()
    see(state, 7, 0, 0, 0.1, 1.0)
    for old, new in zip(before, (state.log, state.path, state.since), strict=True):
        assert np.array_equal(old, new)


def test_some_rows_alone_move_as_they_do_among_all() -> None:
    rng = np.random.default_rng(1)
    whole, parts = Evidence.empty(UP, 5, 4), Evidence.empty(UP, 5, 4)
    for number in range(30):
        hits, events = rng.uniform(0, 20, (5, 4)), 20.0
        penalty = np.full((5, 4), float(slopes(np.array(0.4), 0.5)) * events)
        advance(whole, UP, hits, [penalty] * 3, number)
        for rows in (np.array([0, 3]), np.array([1, 2, 4])):
            advance(parts, UP, hits[rows], [penalty[rows]] * 3, number, rows=rows)
    assert np.array_equal(whole.log, parts.log)
    assert np.array_equal(whole.path, parts.path)
    assert np.array_equal(whole.since, parts.since)


def test_logs_are_whole_units() -> None:
    state = run([(5, 10), (3, 11), (9, 9)], 0.2, 1.3)
    units = state.log / UNIT
    assert np.array_equal(units, np.rint(units))


def test_a_ceiling_clips() -> None:
    state = run([(10, 10)] * 9, 0.1, 1.0)
    penalties = [np.zeros((1, 1))] * 3
    advance(state, UP, np.array([[1.0]]), penalties, 9, ceiling=np.array([[4.0]]))
    assert np.all(state.log == 4.0)


def test_restart_forgets_only_what_it_is_told() -> None:
    state = Evidence.empty(UP, 2, 3)
    advance(state, UP, np.full((2, 3), 4.0), [np.zeros((2, 3))] * 3, 0)
    state.restart(np.array([1]), slice(0, 2))
    assert np.all(state.log[:, 1, :2] == FLOOR)
    assert np.all(state.log[:, 0] > 0)
    assert np.all(state.log[:, 1, 2] > 0)
    assert np.all(state.path[:, 1, :2] == 0)
