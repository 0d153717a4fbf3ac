"""Counting is the same by every way and equals counting one by one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.summaries import count as module
from driftwatch.summaries.cells import PartCoder
from driftwatch.summaries.count import add, add_panes, by_pane, count, count_panes
from driftwatch.summaries.layout import DECISION, SCORE, SCORE_DECISION, Block, Part
from driftwatch.summaries.rows import SliceCoder
from tests.summaries.layouts import categorical, numeric, part, recount, table

PART = part(numeric("x", 0.0, 1.0), categorical("c", "a", "b"), numeric("y", 5.0))
TABLE = table(country=("PT", "ES"), channel=("web", "app"))
events = st.tuples(
    st.sampled_from([-1.0, 0.0, 0.5, 1.0, 2.0, np.nan, np.inf]),
    st.sampled_from(["a", "b", "z", None]),
    st.sampled_from([4.0, 5.0, 6.0, np.nan]),
    st.sampled_from(["PT", "ES", "FR", None]),
    st.sampled_from(["web", "app", "fax", None]),
)


def coded(made):
    coder, slices = PartCoder(PART, ("x", "y"), ("c",)), SliceCoder(TABLE)
    columns = list(zip(*made, strict=True)) or [()] * 5
    numbers = np.array([columns[0], columns[2]], np.float64).T.reshape(-1, 2)
    codes, _ = slices.codes([list(columns[3]), list(columns[4])], len(made))
    return coder.cells(numbers, [list(columns[1])]), slices.joint(codes)


def plain(made) -> np.ndarray:
    return recount(PART, TABLE, [event[:3] for event in made], [event[3:] for event in made])


@given(st.lists(events, max_size=60))
@pytest.mark.parametrize("way", ["at_once", "combination", "dimension"])
def test_equals_counting_one_by_one(way: str, made) -> None:
    cells, joint = coded(made)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "AT_ONCE", 10**9 if way == "at_once" else -1)
        patch.setattr(module, "FOLD_COST", 0.0 if way == "combination" else 10**9)
        patch.setattr(module, "SUM_COST", 0.0)
        assert (count(PART, TABLE, cells, joint) == plain(made)).all()


def test_each_way_is_taken_where_it_is_cheaper() -> None:
    taken: list[str] = []
    few, many = [(0.5, "a", 1.0, "PT", "web")] * 10, [(0.5, "a", 1.0, "PT", "web")] * 20_000
    with pytest.MonkeyPatch.context() as patch:
        for way in ("_add_at_once", "_add_by_combination", "_add_by_dimension"):
            original = getattr(module, way)
            patch.setattr(
                module, way, lambda *a, way=way, original=original: (taken.append(way), original(*a))
            )
        for made in (few, many):
            cells, joint = coded(made)
            assert count(PART, TABLE, cells, joint).sum() == len(made) * 3 * 4
        patch.setattr(module, "FOLD_COST", 10**9)
        count(PART, TABLE, *coded(many))
    assert taken == ["_add_at_once", "_add_by_combination", "_add_by_dimension"]


@given(st.lists(st.tuples(events, st.integers(-3, 3)), max_size=40))
def test_panes_together_equal_each_pane_alone(made) -> None:
    cells, joint = coded([event for event, _ in made])
    panes = np.array([pane for _, pane in made], np.int64)
    found = count_panes(PART, TABLE, panes, cells, joint)
    assert sorted(found) == sorted(set(panes.tolist()))
    for pane, matrix in found.items():
        assert (matrix == plain([event for event, at in made if at == pane])).all()


def test_panes_that_exist_are_added_to_in_place() -> None:
    cells, joint = coded([(0.5, "a", 1.0, "PT", "web")])
    old = count(PART, TABLE, cells, joint)
    into = {7: old}
    add_panes(PART, TABLE, np.array([7]), cells, joint, into)
    assert into[7] is old
    assert old.sum() == 2 * 3 * 4


def test_one_pane_is_handed_on_without_sorting() -> None:
    cells, joint = coded([(0.5, "a", 1.0, "PT", "web")] * 3)
    ((pane, same, _),) = by_pane(np.array([4, 4, 4]), cells, joint)
    assert pane == 4
    assert same is cells
    assert list(by_pane(np.array([], np.int64), cells[:, :0], joint.take(np.array([], np.int64)))) == []


def test_a_matrix_that_is_not_contiguous_is_refused_not_forgotten() -> None:
    cells, joint = coded([(0.5, "a", 1.0, "PT", "web")])
    matrix = np.zeros((PART.columns, len(TABLE.rows)), np.int64).T
    with pytest.raises(AssertionError, match="contiguous"):
        add(PART, TABLE, matrix, cells, joint)


@pytest.mark.parametrize("n", [20, 30_000])
def test_score_and_decision_together_are_counted_in_every_row(n: int) -> None:
    random = np.random.default_rng(n)
    inputs = part(numeric(SCORE, 0.25, 0.5, 0.75), categorical(DECISION, "0", "1"))
    block = Block(SCORE_DECISION, inputs.columns, (5, 2))
    joint_part = Part(inputs.stream, inputs.fields, (block,), block.stop)
    scores, decisions = random.random(n), random.integers(0, 4, n).astype(np.int32)
    texts = [
        [str(x) for x in random.choice(["PT", "ES"], n)],
        [str(x) for x in random.choice(["web", "fax"], n)],
    ]
    slices = SliceCoder(TABLE)
    joint = slices.joint(slices.codes(texts, n)[0])
    cells = PartCoder(joint_part, [], []).cells(np.empty((n, 0)), [], scores, decisions)
    matrix = count(joint_part, TABLE, cells, joint)
    found = matrix[:, block.start : block.stop].reshape(-1, 5, 2)
    assert found.sum(axis=(1, 2)).tolist() == matrix[:, :6].sum(axis=1).tolist()
    of = (np.array(texts[0]) == "PT") & (decisions == 1) & (scores > 0.25) & (scores <= 0.5)
    assert found[TABLE.rows.index("country=PT"), 1, 1] == of.sum()
    assert found[0, 4].tolist() == [(decisions > 1).sum(), 0]
