"""Bets on shares: what a pane says, and a bank of them against fifty digits."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.evidence.bank import Bank
from driftwatch.evidence.baseline import Baseline, Spread
from driftwatch.evidence.groups import Group
from driftwatch.evidence.indicators import Indicator, ShareMap, Watch
from driftwatch.evidence.odds import BOTH, HOPELESS
from driftwatch.evidence.recursion import FLOOR
from driftwatch.evidence.shares import ShareObserver
from tests.evidence.exact import Bet, mean_evidence

WATCH = Watch("x", Group.INPUTS, (0, 4), (Indicator("low", ((0, 1),)), Indicator("half", ((0, 2),))))
SHARES = ShareMap([WATCH])


def observer(
    hits: tuple[int, int] = (3_000, 5_000),
    events: int = 10_000,
    factor: float = 1.5,
    columns: np.ndarray | None = None,
) -> ShareObserver:
    spread = Spread(
        np.full((1, 1), 100.0), np.full((1, 1), factor), np.full((1, 1), 0.02), np.ones((1, 1), bool)
    )
    none = np.zeros(1, bool)
    baseline = Baseline(SHARES.starts, SHARES.of, 1, none, np.array([[hits]]), np.array([[[events]]]), spread)
    return ShareObserver(SHARES, baseline, (Group.INPUTS,), columns)


PANES = st.lists(st.lists(st.integers(0, 30), min_size=4, max_size=4), min_size=1, max_size=15)


@given(PANES)
def test_a_streams_evidence_is_the_mean_of_its_bets_in_fifty_digits(panes: list[list[int]]) -> None:
    watched = observer()
    up, down = watched.baseline.bounds()
    bets = [
        (sign, j, Bet(Decimal(float(up[0, j] if sign > 0 else 1 - down[0, j])), step))
        for sign in (1, -1) for j in (0, 1) for step in ("0.2", "0.5", "1.0")
    ]  # fmt: skip
    bank = Bank(watched)
    assert bank.bets.tolist() == [[12]]
    for number, pane in enumerate(panes):
        bank.tick(np.array([pane]), number, 0)
        n = sum(pane)
        phi = max(1.0, min(float(n), 1 + 1.5 * 0.5 * max(1.0, n / 100)))
        for sign, j, bet in bets:
            hits = (pane[0], pane[0] + pane[1])[j]
            bet.see(hits if sign > 0 else n - hits, n, Decimal(phi))
    told = [b for _, _, b in bets]
    exact = float(mean_evidence(told)) if any(b.log is not None for b in told) else FLOOR
    assert bank.log_evidence[0, 0] == pytest.approx(max(exact, FLOOR), abs=1e-6) or exact < -20


def test_a_bet_beyond_all_shares_is_not_made_and_not_counted() -> None:
    watched = observer(hits=(5, 9_990))
    assert watched.kept[:, 0].tolist() == [
        [True, False], [True, False], [True, False], [False, True], [False, True], [False, True],
    ]  # fmt: skip
    assert watched.bets.tolist() == [[6]]
    penalties = list(map(np.copy, watched.observe(np.array([[1, 2, 3, 4]]), 0).penalties))
    assert penalties[0][0, 1] < HOPELESS / 2


def test_rows_without_events_are_left_out() -> None:
    found = observer().observe(np.zeros((1, 4), np.int64), 0)
    assert len(found.rows) == 0


def test_columns_may_be_picked_from_a_wider_matrix() -> None:
    matrix = np.array([[9, 1, 9, 2, 3, 4]])
    picked = observer(columns=np.array([1, 3, 4, 5])).observe(matrix, 0)
    plain = observer().observe(np.array([[1, 2, 3, 4]]), 0)
    assert np.array_equal(picked.hits, plain.hits)


def test_a_comparison_states_shares_and_errors() -> None:
    found = observer().compare(np.array([[40, 20, 20, 20]]))
    assert found.now[0].tolist() == [0.4, 0.6]
    assert found.past[0].tolist() == [0.3, 0.5]
    assert found.change[0] == pytest.approx([0.1, 0.1])
    assert found.events[0].tolist() == [100.0, 100.0]
    assert found.error[0, 0] == pytest.approx(np.sqrt(0.3 * 0.7 * 1.75 / 100))
    assert found.reference[0].tolist() == [10_000.0, 10_000.0]
    assert (found.tolerance > 0.02).all()


def test_slots_have_slopes_of_their_own() -> None:
    spread = observer().baseline.spread
    hits = np.array([[[1_000, 5_000]]] * 12 + [[[5_000, 7_000]]] * 12)
    sizes = np.full((24, 1, 1), 10_000)
    baseline = Baseline(SHARES.starts, SHARES.of, 24, np.ones(1, bool), hits, sizes, spread)
    watched = ShareObserver(SHARES, baseline, (Group.INPUTS,))
    pane = np.array([[30, 20, 25, 25]])
    first, second = (list(map(np.copy, watched.observe(pane, h * 3_600_000).penalties)) for h in (0, 13))
    assert first[0][0, 0] > second[0][0, 0], "the same pane is a surprise at night only"
    assert len(first) == len(BOTH)
