"""Labels move the counters of each class's own score as the layout documents them."""

from __future__ import annotations

from bisect import bisect_left
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.events.classes import Stream
from driftwatch.summaries import performance
from driftwatch.summaries.class_scores import ClassScoreCounter
from driftwatch.summaries.layout import CLASS_CALIBRATION, CLASS_DECIDED_LABEL, CLASS_SCORE_LABEL
from driftwatch.summaries.performance import LabelCounter, Labelled
from tests.summaries.layouts import multiclass, one_vs_rest, plain_cell
from tests.summaries.test_performance import joint_of

LAYOUT = one_vs_rest()
NAN, INF = float("nan"), float("inf")

numbers = st.one_of(
    st.floats(0, 1), st.sampled_from([0.0, 1.0, 0.1, 0.25, 0.5, 0.75, -3.0, 2.0, 1e300, NAN, INF])
)
labels = st.sampled_from([0.0, 1.0, 2.0, 3.0, NAN])


def labelled(
    scores: list[tuple[float, float]] | None, of: list[float], decided: list[int] | None = None
) -> Labelled:
    n = len(of)
    codes = np.zeros(n, np.int32) if decided is None else np.array(decided, np.int32)
    own = None if scores is None else np.array(scores, np.float64).reshape(n, 2)
    return Labelled(np.full(n, NAN), codes, np.array(of), np.zeros(n, np.int64), own)


def counted(what: Labelled) -> dict[str, np.ndarray]:
    counter = LabelCounter(LAYOUT)
    matrix = counter.count(what, joint_of(len(what)))
    return {b.name: matrix[0, b.start : b.stop].reshape(b.shape) for b in counter.part.blocks}


def test_each_class_is_met_with_whether_it_is_the_label() -> None:
    # classes: cat 0, dog 1, cow 2, any other 3; scores of dog, then of cat
    found = counted(labelled([(0.2, 0.6), (0.8, 0.1), (0.3, 0.4), (NAN, INF)], [0.0, 1.0, 3.0, 1.0]))
    assert found[CLASS_SCORE_LABEL].tolist() == [
        [[1, 0], [1, 0], [0, 1]],
        [[2, 0], [0, 1], [0, 0]],
    ]
    dog, cat = found[CLASS_CALIBRATION]
    assert dog[0].tolist() == [0, 1, 1, 0, 0, 0, 0, 1, 0, 0]
    assert cat[1].tolist() == [0, 0, 0, 0, 0, 1, 0, 0, 0, 0]
    assert cat[2].sum() == 600_000 + 100_000 + 400_000


def test_what_is_no_probability_has_a_cell_but_no_calibration() -> None:
    found = counted(labelled([(-3.0, 2.0)], [1.0]))
    assert found[CLASS_SCORE_LABEL].sum() == 2
    assert not found[CLASS_CALIBRATION].any()


def test_labels_of_unknown_scores_count_in_every_other_block_alone() -> None:
    found = counted(labelled(None, [1.0, 0.0]))
    assert found["confusion"].sum() == 2
    assert not found[CLASS_SCORE_LABEL].any()
    assert len(ClassScoreCounter(multiclass(), np.empty(0))) == 0


def test_the_classes_bound_how_many_labels_are_counted_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(performance, "AT_ONCE", 6)  # 6 * 21 // (21 + 2 * 8) = 3
    what = labelled([(k / 20, 1 - k / 20) for k in range(20)], [k % 4 for k in range(20)])
    sizes: list[int] = []
    take = Labelled.take

    def taken(self: Labelled, events: np.ndarray) -> Labelled:
        sizes.append(len(events))
        return take(self, events)

    monkeypatch.setattr(Labelled, "take", taken)
    found = counted(what)
    assert max(sizes) == 3
    assert found[CLASS_SCORE_LABEL].sum() == 40


@given(st.lists(st.tuples(numbers, numbers, st.integers(-1, 3), labels), max_size=30))
def test_it_is_the_plain_recount(events: list[tuple[float, float, int, float]]) -> None:
    part = LAYOUT.part(Stream.PREDICTIONS)
    assert part is not None
    met, decided = np.zeros((2, 2, 3, 2), np.int64)
    sums = np.zeros((2, 6, 10), np.int64)
    for (*scores, says, label), k in product(events, range(2)):
        p, code = scores[k], (1, 0)[k]
        if label != label or p != p or abs(p) == INF:
            continue
        y = int(label == code)
        cell = plain_cell(part.field(part.scored[k]), p)
        met[k, cell, y] += 1
        decided[k, cell, y] += says == code
        if 0 <= p <= 1:
            cell = bisect_left([i / 10 for i in range(1, 10)], p)
            whole = round(p * 1_000_000)
            loss = round((1 - 2 * p) ** 2 * p * (1 - p) * 1_000_000)
            sums[k, :, cell] += (1, y, whole, round(p * p * 1_000_000), whole * y, loss)
    codes = [says for *_, says, _ in events]
    found = counted(labelled([(dog, cat) for dog, cat, *_ in events], [label for *_, label in events], codes))
    assert (found[CLASS_DECIDED_LABEL] == decided).all()
    assert (found[CLASS_SCORE_LABEL] == met).all()
    assert (found[CLASS_CALIBRATION] == sums).all()
