"""Values fall into the cell that the layout names, by every technique."""

from __future__ import annotations

from math import inf, nextafter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.events.classes import Stream
from driftwatch.events.columns import INVALID_TEXT
from driftwatch.summaries.cells import (
    CategoricalCoder,
    NumericCoder,
    PartCoder,
    slot_table,
)
from driftwatch.summaries.layout import DECISION, SCORE, SCORE_DECISION, Block, Field, FieldKind, Part
from tests.summaries.layouts import categorical, numeric, part, plain_cell

finite = st.floats(allow_nan=False, allow_infinity=False)
edge_sets = st.one_of(
    st.lists(finite, max_size=30, unique=True),
    st.lists(st.floats(0, 1), max_size=30, unique=True),
    st.lists(st.integers(-5, 5).map(float), max_size=11, unique=True),
)


@given(edge_sets, st.lists(st.floats(), max_size=50))
def test_each_value_falls_between_its_edges(edges: list[float], values: list[float]) -> None:
    edges = sorted({edge + 0.0 for edge in edges})
    field = numeric("x", *edges)
    around = [w for e in edges for w in (e, nextafter(e, -inf), nextafter(e, inf))]
    values = [*values, *around, 0.0, -0.0, np.nan, np.inf, -np.inf]
    found = NumericCoder(field).cells(np.array(values))
    assert found.tolist() == [plain_cell(field, float(value)) for value in values]


def test_an_atom_has_a_cell_of_its_own() -> None:
    coder = NumericCoder(numeric("x", np.nextafter(3.0, -np.inf), 3.0))
    just = [np.nextafter(3.0, -np.inf), 3.0, np.nextafter(3.0, np.inf)]
    assert coder.cells(np.array(just)).tolist() == [0, 1, 2]


def test_even_edges_need_one_comparison_and_a_small_table() -> None:
    found = slot_table(np.linspace(0, 1, 65))
    assert found is not None
    assert found.compares == 1
    assert len(found.first) == 256


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_heavy_tails_are_found_by_the_bits_of_the_float(sign: float) -> None:
    edges = np.unique(sign * np.exp(np.linspace(-20, 20, 65)))
    found = slot_table(edges)
    assert found is not None
    assert found.scale.factor == 0.0
    values = np.concatenate([edges, np.nextafter(edges, -np.inf), np.linspace(-1e9, 1e9, 1001)])
    assert (found.cells(values) == np.searchsorted(edges, values, side="left")).all()


def test_minus_zero_is_zero_by_the_bits_too() -> None:
    edges = np.concatenate([-np.exp(np.linspace(20, -20, 40)), [-0.0], np.exp(np.linspace(-20, 20, 40))])
    found = slot_table(edges)
    assert found is not None
    assert found.scale.factor == 0.0
    assert found.cells(np.array([0.0, -0.0, 5e-324])).tolist() == [40, 40, 41]


def test_edges_too_close_for_any_table_are_searched() -> None:
    dense = 1.0 + np.arange(40) * np.finfo(np.float64).eps
    edges = np.concatenate([[-1e300], dense, [1e300]])
    assert slot_table(edges) is None
    assert NumericCoder(numeric("x", *edges.tolist())).cells(dense).tolist() == list(range(1, 41))


def test_a_column_of_a_matrix_needs_no_copy_by_the_caller() -> None:
    matrix = np.arange(12.0).reshape(4, 3)
    assert NumericCoder(numeric("x", 4.0)).cells(matrix[:, 1]).tolist() == [0, 0, 1, 1]


def test_categories_others_missing_and_invalid() -> None:
    found = CategoricalCoder(categorical("c", "a", "b")).cells(
        ["b", "a", "z", None, INVALID_TEXT, "__other__"]
    )
    assert found.tolist() == [1, 0, 2, 3, 4, 2]


def test_a_part_takes_each_field_from_its_column() -> None:
    of = part(
        categorical("c", "a"),
        numeric("y", 0.0),
        numeric("x", 10.0),
        numeric(SCORE, 0.5),
        categorical("decision", "0", "1"),
    )
    coder = PartCoder(of, numeric=("x", "y"), textual=("other", "c"))
    found = coder.cells(
        np.array([[11.0, -1.0], [9.0, np.nan]]),
        [["u", "v"], ["a", "b"]],
        np.array([0.7, np.inf]),
        np.array([1, 4]),
    )
    assert found.dtype == np.int16
    assert found.tolist() == [[0, 1], [0, 2], [1, 0], [1, 3], [1, 4]]


def test_a_field_without_values_is_refused() -> None:
    coder = PartCoder(part(numeric("x", 1.0), numeric(SCORE, 0.5)), ("x",), ())
    with pytest.raises(ValueError, match="'score'"):
        coder.cells(np.zeros((2, 1)), [])


def test_very_many_cells_need_wider_integers() -> None:
    coder = PartCoder(part(numeric("x", *np.arange(40_000.0).tolist())), ("x",), ())
    found = coder.cells(np.array([[39_999.5]]), [])
    assert found.dtype == np.int32
    assert found.tolist() == [[40_000]]


def _joint_part(coarse: tuple[int, ...], groups: int, classes: tuple[str, ...]) -> Part:
    score = Field(SCORE, FieldKind.NUMERIC, 0, edges=(0.25, 0.5, 0.75), coarse=coarse)
    decision = Field(DECISION, FieldKind.CATEGORICAL, score.stop, categories=classes)
    size = 2 if classes == ("0", "1") else len(classes) + 1
    block = Block(SCORE_DECISION, decision.stop, (groups + 1, size))
    return Part(Stream.PREDICTIONS, (score, decision), (block,), block.stop)


@pytest.mark.parametrize(
    "of",
    [_joint_part((0, 1, 2, 3), 4, ("0", "1")), _joint_part((0, 0, 1, 1), 2, ("a", "b", "c"))],
    ids=["binary", "multiclass"],
)
@given(events=st.lists(st.tuples(st.sampled_from([0.1, 0.3, 0.6, 0.9, np.nan, np.inf]), st.integers(0, 4))))
def test_score_and_decision_together_by_one_event_after_the_other(
    of: Part, events: list[tuple[float, int]]
) -> None:
    scores, decisions = np.array([s for s, _ in events]), np.array([d for _, d in events], np.int32)
    decisions = np.minimum(decisions, of.fields[1].cells + 1)
    cells = PartCoder(of, [], []).cells(np.empty((len(events), 0)), [], scores, decisions)
    assert cells.shape == (3, len(events))
    block = of.blocks[0]
    groups, classes = block.shape[0] - 1, block.shape[1]
    for score, decision, place in zip(scores, decisions, cells[-1], strict=True):
        cell = plain_cell(of.fields[0], float(score))
        usable = cell < 4 and decision < classes
        group = of.fields[0].groups[cell] if usable and groups < 4 else cell
        assert place == (group * classes + decision if usable else groups * classes)
