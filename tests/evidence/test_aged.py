"""Labels against their own age: errors, calibration, a regression's errors; and what is left out."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.evidence.aged import AgedCounts, AgedObserver, learn_spread
from driftwatch.evidence.bank import Bank
from driftwatch.evidence.baseline import Spread
from driftwatch.evidence.groups import Group
from driftwatch.evidence.odds import BOTH, UP
from driftwatch.evidence.recursion import FLOOR
from tests.evidence.exact import log_ratio
from tests.simulations.label_worlds import as_errors, counter, flat, learned

SPREAD = Spread(np.full((1, 1), 50.0), np.full((1, 1), 1.0), np.full((1, 1), 0.01), np.ones((1, 1), bool))


def counts(events: list[float], hits: list[float], expected: list[float] | None = None) -> AgedCounts:
    """One row, one indicator, by age."""
    shape = (1, 1, len(events))
    return AgedCounts(
        *(np.array(v, float).reshape(shape) for v in (events, hits, expected or [0.0] * len(events)))
    )


def observer(
    reference: AgedCounts, group: Group = Group.PERFORMANCE, steps: tuple[float, ...] = UP
) -> AgedObserver:
    return AgedObserver(group, steps, counter(1, reference.events.shape[2]), reference, SPREAD)


@given(st.integers(0, 30), st.integers(0, 30), st.integers(0, 30), st.integers(0, 30))
def test_the_ratio_is_the_product_over_ages_in_fifty_digits(n0: int, n1: int, e0: int, e1: int) -> None:
    watched = observer(counts([10_000, 4_000], [500, 1_200]))
    e0, e1 = min(e0, n0), min(e1, n1)
    bank = Bank(watched)
    bank.tick(flat(counts([n0, n1], [e0, e1])), 0, 0)
    if n0 + n1 == 0:
        assert (bank.evidence.log == FLOOR).all()
        return
    bounds = [Decimal(float(q)) for q in watched.bounds()[0][0, 0]]
    for k, step in enumerate(("0.2", "0.5", "1.0")):
        parts = [
            log_ratio(e, n, q, step, Decimal(1)) if n else Decimal(0)
            for e, n, q in zip((e0, e1), (n0, n1), bounds, strict=True)
        ]
        if all(part < 3 for part in parts):  # the cap is on the sum
            assert bank.evidence.log[k, 0, 0] == pytest.approx(
                float(min(Decimal(3), max(sum(parts), Decimal(FLOOR)))), abs=1e-8
            )


def test_slower_labels_of_the_same_quality_are_no_evidence() -> None:
    """Quick labels 2 % wrong, slow ones 30 %: a day of slow ones alone says nothing."""
    reference = counts([100_000, 100_000], [2_000, 30_000])
    bank = Bank(observer(reference))
    for number in range(50):
        bank.tick(flat(counts([0, 100], [0, 30])), number, 0)
    assert bank.log_evidence[0, 0] < 2


def test_labels_of_an_age_that_the_reference_does_not_know_are_left_out() -> None:
    bank = Bank(observer(counts([10_000, 0], [500, 0])))
    for number in range(20):
        bank.tick(flat(counts([0, 100], [0, 100])), number, 0)
    assert (bank.seen == -1).all()
    assert (bank.evidence.log == FLOOR).all()


def test_without_any_reference_label_there_is_no_stream() -> None:
    assert observer(counts([0, 0], [0, 0])).bets.tolist() == [[0]]


def test_calibration_starts_from_the_references_own_gap() -> None:
    """Ten points too high in the reference: ten points too high now are no change."""
    reference = counts([100_000], [30_000], [40_000.0])
    watched = observer(reference, Group.CALIBRATION, BOTH)
    assert watched.bets.tolist() == [[6]]
    bank = Bank(watched)
    for number in range(60):
        bank.tick(flat(counts([100], [30], [40.0])), number, 0)
    assert bank.log_evidence[0, 0] < 2
    for number in range(60, 80):
        bank.tick(flat(counts([100], [45], [40.0])), number, 0)
    assert bank.log_evidence[0, 0] > 10


def test_calibration_follows_the_scores_of_the_pane() -> None:
    """More high scores and as many more ones are no change of calibration."""
    bank = Bank(observer(counts([100_000], [30_000], [30_000.0]), Group.CALIBRATION, BOTH))
    for number in range(60):
        bank.tick(flat(counts([100], [60], [60.0])), number, 0)
    assert bank.log_evidence[0, 0] < 2


def test_a_score_cell_without_labels_in_a_pane_keeps_its_evidence() -> None:
    two = AgedCounts(np.full((1, 2, 1), 9_000.0), np.full((1, 2, 1), 900.0), np.zeros((1, 2, 1)))
    bank = Bank(AgedObserver(Group.CALIBRATION, UP, counter(2, 1), two, SPREAD))
    shape = (1, 2, 1)
    pane = AgedCounts(
        np.array([50.0, 50.0]).reshape(shape), np.array([30.0, 30.0]).reshape(shape), np.zeros(shape)
    )
    bank.tick(flat(pane), 0, 0)
    before = bank.evidence.log[:, 0, 1].copy()
    gone = AgedCounts(
        np.array([50.0, 0.0]).reshape(shape), np.array([30.0, 0.0]).reshape(shape), np.zeros(shape)
    )
    bank.tick(flat(gone), 1, 0)
    assert np.array_equal(bank.evidence.log[:, 0, 1], before)
    assert (bank.evidence.log[:, 0, 0] > before).all()


def test_a_comparison_is_matched_by_age() -> None:
    found = observer(counts([10_000, 10_000], [500, 3_000])).compare(flat(counts([10, 90], [1, 45])))
    assert found.now[0, 0] == pytest.approx(0.46)
    assert found.past[0, 0] == pytest.approx((10 * 0.05 + 90 * 0.3) / 100)
    assert found.events[0, 0] == 100


def test_clumped_errors_are_learned() -> None:
    """Nightly files: all labels of a pane are right or wrong together in tens."""
    rng = np.random.default_rng(1)
    panes = [
        as_errors(np.stack([np.full((3, 1), 200), 10 * rng.binomial(20, 0.1, (3, 1))], axis=-1), by_age=True)
        for _ in range(400)
    ]
    found = learned(panes, 1, 1, Group.PERFORMANCE, UP, 0.01)
    assert found.spread.factor[:, 0] == pytest.approx([10.0] * 3, rel=0.2)
    assert found.spread.learned.all()


def test_a_spread_without_panes_is_assumed() -> None:
    reference = counts([10_000], [500])
    found = learn_spread(reference, counter(1, 1), [], 300_000, np.full((1, 1), 0.01))
    assert not found.learned.any()
    assert found.tolerance.tolist() == [[0.01]]
