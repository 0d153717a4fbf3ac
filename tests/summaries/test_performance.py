"""Labels move exactly the counters that the layout documents."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.events.classes import Stream
from driftwatch.summaries import performance
from driftwatch.summaries.layout import FIXED_POINT, RESIDUAL_EDGES, Layout, Task
from driftwatch.summaries.performance import RESIDUAL_MAX, LabelCounter, Labelled
from driftwatch.summaries.rows import SliceCoder
from driftwatch.summaries.slices import SliceTable
from tests.summaries.layouts import binary, layout, multiclass, numeric, part, regression, table

NO_SLICES = SliceTable((), (), ())


def joint_of(n: int):
    coder = SliceCoder(NO_SLICES)
    return coder.joint(coder.unknown(n))


def labelled(scores, decisions, labels, ages=None) -> Labelled:
    n = len(labels)
    ages_ms = np.zeros(n, np.int64) if ages is None else np.array(ages, np.int64)
    return Labelled(
        np.array(scores, np.float64), np.array(decisions, np.int32), np.array(labels, np.float64), ages_ms
    )


def counted(of, what: Labelled):
    counter = LabelCounter(of)
    matrix = counter.count(what, joint_of(len(what)))
    return {b.name: matrix[0, b.start : b.stop].reshape(b.shape) for b in counter.part.blocks}


def test_binary_confusion_score_cells_and_ages() -> None:
    # age edges 1 s and 2 s: (.., 1 s], (1 s, 2 s], later
    found = counted(
        binary(), labelled([0.9, 0.9, 0.2, 0.6], [1, 1, 0, 1], [1, 0, 0, 1], [0, 1_000, 1_001, 9_999])
    )
    assert found["confusion"].tolist() == [[1, 0], [1, 2]]
    assert found["score_label"].tolist() == [[1, 0], [0, 0], [0, 1], [1, 1]]
    assert found["ages"].tolist() == [[2, 1], [1, 0], [1, 0]]
    assert found["quality"].tolist() == [0, 0, 4]


def test_calibration_cells_are_open_below_and_closed_above() -> None:
    scores = [0.0, 0.1, np.nextafter(0.1, 1), 0.3, 0.7, 1.0]
    found = counted(binary(), labelled(scores, [0] * 6, [1, 0, 1, 0, 1, 1]))["calibration"]
    assert found[0].tolist() == [2, 1, 1, 0, 0, 0, 1, 0, 0, 1]
    assert found[1].tolist() == [1, 1, 0, 0, 0, 0, 1, 0, 0, 1]


def test_calibration_sums_are_fixed_point() -> None:
    p = 0.123_456_7
    found = counted(binary(), labelled([p, p], [0, 0], [1, 0]))["calibration"][:, 1]
    assert found.tolist() == [
        2,
        1,
        2 * 123_457,
        2 * 15_242,
        123_457,
        2 * round((1 - 2 * p) ** 2 * p * (1 - p) * 1e6),
    ]


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=50))
def test_calibration_sums_are_the_sums(made) -> None:
    p, y = np.array([a for a, _ in made]), np.array([float(b) for _, b in made])
    sums = counted(binary(), labelled(p, np.zeros(len(p)), y))["calibration"].sum(axis=1)
    expected = [p.sum(), (p * p).sum(), (p * y).sum(), ((1 - 2 * p) ** 2 * p * (1 - p)).sum()]
    assert sums[0] == len(p)
    assert sums[1] == y.sum()
    assert np.allclose(sums[2:] / FIXED_POINT, expected, rtol=0, atol=len(p) * 5e-7)


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans(), st.booleans()), min_size=1, max_size=50))
def test_sums_on_the_scores_own_cells_and_labels_by_stratum(made) -> None:
    p = np.array([score for score, _, _ in made])
    d, y = (np.array([row[place] for row in made], float) for place in (1, 2))
    found = counted(binary(), labelled(p, d, y))
    by_width, by_mass = found["calibration"].sum(axis=1), found["calibration_mass"]
    assert by_mass.sum(axis=1).tolist() == by_width.tolist()
    cell = np.searchsorted([0.25, 0.5, 0.75], p, side="left")
    for group in range(4):
        inside = cell == group
        assert by_mass[1, group] == y[inside].sum()
        for decision in (0, 1):
            of = inside & (d == decision)
            assert found["strata"][group, decision].tolist() == [of.sum(), (of & (d != y)).sum()]


def test_what_cannot_be_used_is_counted_as_such() -> None:
    # no decision; no score; a score that is no probability; both; both wrong
    found = counted(binary(), labelled([0.5, np.nan, 1.5, 1.5, np.inf], [-1, 1, 1, -1, -1], [1, 1, 1, 1, 1]))
    assert found["quality"].tolist() == [4, 1, 5]
    assert found["confusion"].sum() == 2
    assert found["score_label"].sum() == 3
    assert found["calibration"][0].sum() == 1
    assert found["ages"][:, 0].sum() == 2


def test_multiclass_calibrates_the_top_label() -> None:
    found = counted(multiclass(), labelled([0.9, 0.9, 0.4], [0, 1, 2], [0, 0, 2]))
    assert found["confusion"].tolist() == [[1, 0, 0], [1, 0, 0], [0, 0, 1]]
    assert found["calibration"][0].tolist() == [0, 0, 0, 1, 0, 0, 0, 0, 2, 0]
    assert found["calibration"][1].tolist() == [0, 0, 0, 1, 0, 0, 0, 0, 1, 0]
    assert found["ages"][0].tolist() == [3, 1]


def test_regression_residuals_in_units_of_the_scale() -> None:
    # scale 2: e = (3-1)/2 = 1 and (0-1)/2 = -0.5; |gap/label| = 2 and 1
    found = counted(regression(2.0), labelled([3.0, 0.0], [-1, -1], [1.0, 1.0]))
    assert found["residuals"].tolist() == [2, 500_000, 1_500_000, 1_250_000, 1_062_500, 3_000_000, 2]
    assert found["ages"][0].tolist() == [2, 1_500_000]
    cells = found["residual_cells"]
    assert [cells[RESIDUAL_EDGES.index(edge)] for edge in (1.0, -0.5)] == [1, 1]
    assert cells.sum() == 2
    assert found["quality"].tolist() == [0, 0, 2]


def test_regression_out_of_range_never_wraps() -> None:
    scores = [np.nan, 1e308, -1e308, RESIDUAL_MAX, np.nextafter(RESIDUAL_MAX, 99), 1.0]
    labels = [1.0, -1e308, 1e308, 0.0, 0.0, 1e-9]
    found = counted(regression(1.0), labelled(scores, [-1] * 6, labels))
    assert found["quality"].tolist() == [1, 4, 6]
    assert found["residuals"][[0, 6]].tolist() == [2, 0]
    assert (found["residuals"] >= 0).all()


def test_labels_count_in_the_rows_of_their_slices() -> None:
    slices = table(country=("PT", "ES"), channel=("web",))
    counter, coder = LabelCounter(binary(slices)), SliceCoder(slices)
    codes, _ = coder.codes([["PT", "ES", "XX"], ["web", None, "web"]], 3)
    matrix = counter.count(labelled([0.9] * 3, [1] * 3, [1, 0, 1]), coder.joint(codes))
    start = next(b.start for b in counter.part.blocks if b.name == "confusion")
    by_name = dict(zip(slices.rows, matrix[:, start : start + 4].tolist(), strict=True))
    assert by_name["all"] == [0, 0, 1, 2]
    assert by_name["country=PT"] == [0, 0, 0, 1]
    assert by_name["country=ES"] == [0, 0, 1, 0]
    assert by_name["country=__other__"] == [0, 0, 0, 1]
    assert by_name["channel=__unknown__"] == [0, 0, 1, 0]


def test_panes_apart_sum_to_all_together() -> None:
    counter = LabelCounter(binary())
    what = labelled([0.1, 0.6, 0.9], [0, 1, 1], [0, 0, 1])
    into: dict[int, np.ndarray] = {}
    counter.add_panes(np.array([5, 3, 5]), what, joint_of(3), into)
    assert sorted(into) == [3, 5]
    assert (into[3] + into[5] == counter.count(what, joint_of(3))).all()
    assert into[3][0, counter.part.columns - 1] == 1


def test_many_labels_are_counted_as_a_few_are(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(3)
    n = 50
    what = labelled(rng.random(n).tolist(), rng.integers(-1, 2, n).tolist(), rng.integers(0, 2, n).tolist())
    together = LabelCounter(binary()).count(what, joint_of(n))
    monkeypatch.setattr(performance, "AT_ONCE", 7)
    assert (LabelCounter(binary()).count(what, joint_of(n)) == together).all()


def test_no_labels_leave_the_matrix_as_it_was() -> None:
    counter = LabelCounter(binary())
    assert not counter.count(labelled([], [], []), joint_of(0)).any()


def test_a_layout_without_labels_is_refused() -> None:
    with pytest.raises(ValueError, match="counts no labels"):
        LabelCounter(layout(Task.BINARY, part(numeric("x", 1.0), stream=Stream.PREDICTIONS)))


@pytest.mark.parametrize("made", [binary(), multiclass()], ids=["binary", "multiclass"])
def test_calibration_by_age_adds_up_to_calibration(made: Layout) -> None:
    rng = np.random.default_rng(8)
    n = 300
    scores = np.where(rng.random(n) < 0.1, np.nan, rng.uniform(-0.1, 1.1, n))
    labels = np.where(rng.random(n) < 0.1, np.nan, rng.integers(0, 2, n).astype(float))
    decisions = rng.integers(-1, 2, n)
    ages_ms = rng.choice([0, 1_000, 1_001, 2_000, 2_001, 10**9], n)
    found = counted(made, Labelled(scores, decisions, labels, ages_ms))
    assert found["calibration_ages"].sum(axis=0).tolist() == found["calibration"][:3].tolist()
    young = counted(made, Labelled(*(x[ages_ms <= 1_000] for x in (scores, decisions, labels, ages_ms))))
    assert found["calibration_ages"][0].tolist() == young["calibration"][:3].tolist()
