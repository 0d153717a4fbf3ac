from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.drift.catalogue import STATISTICS, read
from driftwatch.drift.decay_split import rows_of_split, split, unlabelled
from driftwatch.drift.gather import Sides
from driftwatch.drift.reading import Pair
from driftwatch.drift.shares import Share
from driftwatch.summaries.layout import Task
from driftwatch.summaries.slices import SliceTable
from tests.drift import counting as c

SIDE = st.lists(st.tuples(st.integers(0, 400), st.floats(0, 1)), min_size=4, max_size=4)


def _confusion(labels: int, right: float) -> np.ndarray:
    good = round(labels * right)
    return np.array([good, labels - good, 0, 0])


def _pair(reference: list[tuple[int, float]], current: list[tuple[int, float]]) -> Pair:
    """Row 0 and one row per slice; the last two slices are `__other__` and `__unknown__`."""
    part = c.labels_part(confusion=(2, 2))
    sides = []
    for side in (reference, current):
        rows = [_confusion(*of) for of in side]
        sides.append(np.stack([np.sum(rows, axis=0), *rows]))
    return c.pair_of(part, *sides, layout=c.layout(Task.BINARY, part, rows=5))


def _parts(pair: Pair) -> tuple[float, float]:
    found = read(pair)
    return tuple(float(found[f"accuracy_decay_{name}"].value[0, 0]) for name in ("within", "mix"))


@given(SIDE, SIDE)
def test_the_parts_sum_to_the_decay(reference: list, current: list) -> None:
    pair = _pair(reference, current)
    within, mix = _parts(pair)
    decay = float(read(pair)["accuracy_decay"].value[0, 0])
    if np.isfinite(decay):
        assert within + mix == pytest.approx(decay, abs=1e-12)
    else:
        assert np.isnan([within, mix]).all()


def test_worse_slices_are_within_and_other_traffic_is_mix() -> None:
    good, bad = (800, 0.95), (200, 0.7)
    assert _parts(
        _pair([good, bad, (0, 0), (0, 0)], [(80, 0.85), (20, 0.6), (0, 0), (0, 0)])
    ) == pytest.approx((0.1, 0))
    assert _parts(
        _pair([good, bad, (0, 0), (0, 0)], [(20, 0.95), (80, 0.7), (0, 0), (0, 0)])
    ) == pytest.approx((0, 0.15))


def test_a_slice_without_current_labels_adds_nothing_to_within_and_is_named() -> None:
    pair = _pair([(800, 0.95), (200, 0.7), (0, 0), (0, 0)], [(100, 0.95), (0, 0), (0, 0), (0, 0)])
    assert _parts(pair)[0] == pytest.approx(0)
    assert unlabelled(Sides.of(pair)) == ("s=v1",)
    assert unlabelled(Sides.of(_pair([(5, 1.0)] * 4, [(5, 1.0)] * 4))) == ()


def test_only_all_traffic_is_split_and_only_by_the_first_slicing() -> None:
    pair = _pair([(100, 0.9)] * 4, [(100, 0.9)] * 4)
    found = read(pair)["accuracy_decay_within"]
    assert np.isfinite(found.value[0, 0])
    assert np.isnan(found.value[1:]).all()
    assert rows_of_split(SliceTable((), (), ())) == slice(0, 0)
    part = c.labels_part(confusion=(2, 2))
    alone = c.pair_of(part, _confusion(50, 0.9), _confusion(50, 0.9))
    assert "accuracy_decay_mix" not in read(alone)
    assert np.isnan(STATISTICS["accuracy_decay_mix"].compute(Sides.of(alone)).value).all()


@pytest.mark.slow
def test_the_intervals_cover_the_truth() -> None:
    rng = np.random.default_rng(3)
    w, v = np.array([0.5, 0.3, 0.2]), np.array([0.3, 0.3, 0.4])
    a, b = np.array([0.95, 0.9, 0.7]), np.array([0.93, 0.85, 0.7])
    truth = {"within": np.sum(w * (a - b)), "mix": np.sum((w - v) * b)}
    hits = {"within": 0, "mix": 0}
    for _ in range(2_000):
        past, now = (
            Share(rng.binomial(n, accuracy), n)
            for n, accuracy in ((rng.multinomial(3_000, w), a), (rng.multinomial(600, v), b))
        )
        for name, interval in split(past, now, 0.95)._asdict().items():
            hits[name] += int(interval.lower[0] <= truth[name] <= interval.upper[0])
    assert all(0.935 < hit / 2_000 < 0.975 for hit in hits.values()), hits
