"""Reliability-diagram data against raw values, with intervals that cover."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from sklearn.calibration import calibration_curve

from driftwatch.drift.intervals import wilson
from driftwatch.drift.reading import Floats, Pair
from driftwatch.drift.reliability import MASS, WIDTH, Bar, bars, class_bars
from driftwatch.summaries.layout import Task
from tests.drift import counting as c

FIELD = c.cut(np.random.default_rng(1).random(4_000), "score")
GROUPS = max(FIELD.groups) + 1


def binary(scores: Floats, labels: Floats, past: tuple[Floats, Floats] | None = None) -> list[Bar]:
    part = c.labels_part(calibration=(6, 10), calibration_mass=(6, GROUPS))

    def counts(p: Floats, y: Floats) -> np.ndarray:
        return np.concatenate([c.calibration_block(p, y, 10).ravel(), c.mass_block(FIELD, p, y).ravel()])

    layout = c.layout(Task.BINARY, c.fields_part(FIELD), part)
    pair = c.pair_of(part, counts(*(past or (scores, labels))), counts(scores, labels), layout=layout)
    return made(pair)


def made(pair: Pair) -> list[Bar]:
    return list(bars(pair.layout, pair.part, pair.reference, pair.current, 0, 0.95))


def test_scikit_learns_curve_comes_out_of_the_counts() -> None:
    rng = np.random.default_rng(2)
    scores = rng.random(3_000)
    labels = (rng.random(3_000) < scores**2).astype(float)
    share, mean = calibration_curve(labels, scores, n_bins=10)
    found = [bar for bar in binary(scores, labels) if bar.cells == WIDTH]
    assert [bar.share for bar in found] == pytest.approx(share, abs=1e-12)
    assert [bar.score for bar in found] == pytest.approx(mean, abs=1e-6)
    assert [(bar.low, bar.high) for bar in found] == [(k / 10, (k + 1) / 10) for k in range(10)]
    interval = wilson(
        np.array([int(labels[(scores > 0.2) & (scores <= 0.3)].sum())]), np.array([found[2].labels]), 0.95
    )
    assert (found[2].lower, found[2].upper) == (interval.lower[0], interval.upper[0])


def test_cells_of_equal_mass_have_the_scores_ends_and_hold_everything() -> None:
    rng = np.random.default_rng(3)
    scores = rng.random(2_000)
    labels = (rng.random(2_000) < scores).astype(float)
    past = rng.random(500), np.zeros(500)
    found = [bar for bar in binary(scores, labels, past) if bar.cells == MASS]
    assert (found[0].low, found[-1].high) == (-np.inf, np.inf)
    assert all(a.high == b.low for a, b in itertools.pairwise(found))
    for bar in found:
        inside = (scores > bar.low) & (scores <= bar.high)
        assert bar.labels == inside.sum()
        assert bar.score == pytest.approx(scores[inside].mean(), abs=1e-6)
        assert bar.share == pytest.approx(labels[inside].mean(), abs=1e-12)
        assert bar.reference_labels == ((past[0] > bar.low) & (past[0] <= bar.high)).sum()
        assert bar.reference_share == 0.0


def test_an_empty_cell_has_no_numbers() -> None:
    bar = binary(np.array([0.95]), np.array([1.0]))[0]
    assert bar.labels == 0
    assert np.isnan(
        [bar.score, bar.share, bar.lower, bar.upper, bar.calibrated_lower, bar.calibrated_upper]
    ).all()


def test_multiclass_is_told_by_decided_class_within_the_cells_ends() -> None:
    rng = np.random.default_rng(4)
    scores, decided, labels = rng.random(3_000), rng.integers(0, 2, 3_000), rng.integers(0, 3, 3_000)
    part = c.labels_part(strata=(GROUPS, 3, 2))
    counts = c.strata_block(FIELD, scores, decided, labels, 3).ravel()
    layout = c.layout(Task.MULTICLASS, c.fields_part(FIELD), part, classes="ab_")
    found = made(c.pair_of(part, counts, counts, layout=layout))
    assert [bar.decision for bar in found] == ["a"] * GROUPS + ["b"] * GROUPS + ["_"] * GROUPS
    for bar in found:
        inside = (scores > bar.low) & (scores <= bar.high) & (decided == "ab_".index(bar.decision))
        assert bar.labels == inside.sum()
        assert np.isnan(bar.score)
        if bar.labels:
            assert bar.share == pytest.approx((labels == decided)[inside].mean())


@pytest.mark.slow
def test_both_intervals_cover_in_a_calibrated_world() -> None:
    """2 000 windows of 1 000 labels: Wilson's interval holds the truth, the calibrated band the observed share."""
    rng = np.random.default_rng(5)
    inside, band, total = 0, 0, 0
    for _ in range(2_000):
        scores = rng.random(1_000)
        labels = (rng.random(1_000) < scores).astype(float)
        block = c.calibration_block(scores, labels, 10)
        part = c.labels_part(calibration=(6, 10))
        layout = c.layout(Task.BINARY, c.fields_part(FIELD), part)
        for bar in made(c.pair_of(part, block.ravel(), block.ravel(), layout=layout)):
            total += 1
            inside += bar.lower <= bar.score <= bar.upper
            band += bar.calibrated_lower <= bar.share <= bar.calibrated_upper
    assert 0.94 <= inside / total <= 0.97
    assert 0.93 <= band / total <= 0.97


def test_every_class_has_a_diagram_of_its_own_score() -> None:
    rng = np.random.default_rng(6)
    now, past = c.scored(rng, 2_000, digits=7), c.scored(rng, 500, digits=7)
    pair = c.class_labels(now, past)
    found = list(class_bars(pair.layout, pair.part, pair.reference, pair.current, 0, 0.95))
    assert [bar.class_score for bar in found] == ["a"] * 10 + ["b"] * 10 + ["c"] * 10
    scores, _, labels = now
    for k, name in enumerate("abc"):
        mine = [bar for bar in found if bar.class_score == name and bar.labels]
        share, mean = calibration_curve(labels == k, scores[:, k], n_bins=10)
        assert [bar.share for bar in mine] == pytest.approx(share, abs=1e-12)
        assert [bar.score for bar in mine] == pytest.approx(mean, abs=1e-6)
        assert all(bar.lower <= bar.share <= bar.upper and not bar.decision for bar in mine)
        assert sum(bar.reference_labels for bar in found if bar.class_score == name) == 500
    assert not made(pair), "the decided class's diagram is another one"
    binary_part = c.labels_part(calibration=(6, 10))
    layout = c.layout(Task.BINARY, c.fields_part(FIELD), binary_part)
    none = np.zeros((1, binary_part.columns), int)
    assert list(class_bars(layout, binary_part, none, none, 0, 0.95)) == []
