"""The life of streams in a bank: told or still, firing, calm, forgotten."""

from __future__ import annotations

import numpy as np

from driftwatch.evidence.bank import CALM_PANES, Bank
from driftwatch.evidence.baseline import Baseline, Spread
from driftwatch.evidence.groups import Group
from driftwatch.evidence.indicators import Indicator, ShareMap, Watch
from driftwatch.evidence.recursion import FLOOR
from driftwatch.evidence.shares import ShareObserver

SHARES = ShareMap(
    [
        Watch("a", Group.INPUTS, (0, 2), (Indicator("a", ((0, 1),)),)),
        Watch("b", Group.INPUTS, (2, 4), (Indicator("b", ((2, 3),)),)),
    ]
)
CALM = [30, 70, 30, 70]
LOUD = [90, 10, 30, 70]


def bank(rows: int = 2) -> Bank:
    shape = (rows, 2)
    spread = Spread(np.full(shape, 100.0), np.ones(shape), np.full(shape, 0.02), np.ones(shape, bool))
    hits, sizes = np.full((1, *shape), 30_000), np.full((1, *shape), 100_000)
    baseline = Baseline(SHARES.starts, SHARES.of, 1, np.zeros(2, bool), hits, sizes, spread)
    return Bank(ShareObserver(SHARES, baseline, (Group.INPUTS, Group.INPUTS)))


def see(made: Bank, *panes: tuple[list[int], list[int]]) -> list[tuple[int, int]]:
    over: list[tuple[int, int]] = []
    for matrix in panes:
        over += made.tick(np.array(matrix), int(made.seen.max()) + 1, 0)
    return over


def test_each_stream_moves_by_its_own_counts() -> None:
    made = bank()
    see(made, *[(LOUD, CALM)] * 5)
    assert made.log_evidence[0, 0] > 5
    assert (made.log_evidence[[0, 1, 1], [1, 0, 1]] < 1).all()


def test_a_stream_without_events_keeps_its_evidence_while_its_neighbour_moves() -> None:
    made = bank()
    see(made, *[(LOUD, LOUD)] * 3)
    before = made.log_evidence.copy()
    see(made, ([0, 0, 30, 70], [0, 0, 0, 0]))
    assert made.log_evidence[0, 0] == before[0, 0]
    assert made.log_evidence[1].tolist() == before[1].tolist()
    assert made.log_evidence[0, 1] != before[0, 1]
    assert made.seen.tolist() == [[2, 3], [2, 2]]


def test_a_firing_stream_claims_nothing_and_is_clipped_at_its_limit() -> None:
    made = bank()
    see(made, *[(LOUD, CALM)] * 5)
    made.fire(0, 0, 9.0)
    assert made.claims[0, 0] == -np.inf
    assert np.isfinite(made.claims[0, 1])
    see(made, *[(LOUD, CALM)] * 20)
    assert made.evidence.log[:, 0, 0].max() == 9.0
    assert made.evidence.log[:, 1, 0].max() < 9.0


def test_it_is_resolved_after_twelve_calm_panes_with_data() -> None:
    made = bank()
    see(made, *[(LOUD, CALM)] * 5)
    made.fire(0, 0, 9.0)
    calm = 0
    for _ in range(60):
        over = see(made, (CALM, CALM))
        calm += made.log_evidence[0, 0] <= 4.5
        see(made, ([0, 0, 30, 70], CALM))  # panes without data do not count
        if over:
            break
    assert over == [(0, 0)]
    assert calm == CALM_PANES
    assert not made.firing.on.any()
    assert (made.evidence.log[:, 0, 0] == FLOOR).all()


def test_calm_panes_count_only_in_a_row() -> None:
    made = bank()
    see(made, *[(LOUD, CALM)] * 5)
    made.fire(0, 0, 9.0)
    for _ in range(6):
        assert see(made, *[(CALM, CALM)] * 8, *[(LOUD, CALM)] * 4) == []


def test_forgetting_restarts_the_silent_and_names_those_that_fired() -> None:
    made = bank()
    see(made, *[(LOUD, LOUD)] * 5)
    made.fire(1, 0, 9.0)
    see(made, *[(CALM, [0, 0, 0, 0])] * 3)
    assert made.forget(before=5) == [(1, 0)]
    assert (made.evidence.log[:, 1] == FLOOR).all()
    assert made.seen.tolist() == [[7, 7], [-1, -1]]
    assert made.log_evidence[0, 1] > made.log_evidence[1, 1]
    assert made.forget(before=5) == []


def test_refresh_derives_the_same_again() -> None:
    made = bank()
    see(made, *[(LOUD, CALM)] * 5)
    linear, logs = made.evidence.linear.copy(), made.log_evidence.copy()
    made.refresh()
    assert np.array_equal(made.evidence.linear, linear)
    assert np.array_equal(made.log_evidence, logs)
