"""Cells of numeric fields have equal mass, atoms apart, deciles among their edges, whatever the values."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.references.numeric import cell_edges, coarse_cells, numeric_field
from driftwatch.references.schemes import exact_edges
from driftwatch.references.spec import CellsSpec

finite = st.floats(allow_nan=False, allow_infinity=False)
samples = st.one_of(
    st.lists(finite, max_size=80),
    st.lists(st.integers(-3, 3).map(float), max_size=80),
    st.lists(st.floats(0, 1), max_size=200),
)


def counts_of(field, values) -> list[int]:
    return np.bincount(np.searchsorted(field.edges, values), minlength=field.cells).tolist()


def test_continuous_values_get_cells_of_equal_mass_and_empty_outer_ones() -> None:
    values = np.random.default_rng(1).normal(size=6_400)
    field = numeric_field("x", 10, values, CellsSpec())
    counts = counts_of(field, values)
    assert field.start == 10
    assert field.cells == 64 + 2
    assert counts[0] == counts[-1] == 0
    assert min(counts[1:-1]) >= 6_400 // 70
    assert max(counts[1:-1]) <= 6_400 // 60 + 1
    assert not any(field.atoms)
    assert math.isclose(field.mean, values.mean())
    assert math.isclose(field.deviation, values.std())


@pytest.mark.parametrize("cells", [10, 16, 64, 100])
def test_deciles_are_edges_and_psi_cells_are_the_deciles(cells: int) -> None:
    values = np.arange(1.0, 1_001.0)
    field = numeric_field("x", 0, values, CellsSpec(cells=cells))
    assert {100.0 * i for i in range(1, 11)} <= set(field.edges)
    coarse = np.bincount(np.array(field.coarse), weights=counts_of(field, values))
    assert coarse.tolist() == [100.0] * 10


def test_scores_have_their_tails_as_edges() -> None:
    values = np.arange(1.0, 10_001.0)
    with_tails = numeric_field("score", 0, values, CellsSpec(), tails=True)
    without = numeric_field("x", 0, values, CellsSpec())
    assert set(with_tails.edges) - set(without.edges) == {100.0, 9_900.0}


def test_few_cells_are_simply_even() -> None:
    edges = cell_edges(np.arange(1.0, 101.0), 4)
    assert edges.tolist() == [np.nextafter(1.0, 0), 25.0, 50.0, 75.0, 100.0]


def test_values_with_the_mass_of_a_cell_are_atoms() -> None:
    values = np.concatenate([np.zeros(500), np.full(300, 7.0), np.linspace(10, 20, 200)])
    field = numeric_field("x", 0, values, CellsSpec(cells=16))
    counts = counts_of(field, values)
    assert [count for count, atom in zip(counts, field.atoms, strict=True) if atom] == [500, 300]
    for value in (0.0, 7.0):
        place = field.edges.index(value)
        assert field.edges[place - 1] == np.nextafter(value, -np.inf)
        assert field.centres[place] == value
    assert counts[0] == 0


def test_the_outer_cells_are_what_the_reference_never_had() -> None:
    field = numeric_field("x", 0, np.array([3.0, 5.0, 9.0]), CellsSpec())
    assert (field.low, field.high) == (3.0, 9.0)
    assert field.edges[0] == np.nextafter(3.0, 0)
    assert field.edges[-1] == 9.0


@given(samples, st.integers(4, 20), st.booleans(), st.booleans())
def test_any_values_give_a_sound_field_whatever_their_order(
    values, cells: int, exact: bool, tails: bool
) -> None:
    spec = CellsSpec(cells=cells, exact=exact, coarse=5)
    array = np.array(values, np.float64)
    field = numeric_field("x", 0, array, spec, tails=tails)
    assert numeric_field("x", 0, array[::-1], spec, tails=tails) == field
    assert list(field.edges) == sorted(set(field.edges))
    assert len(field.coarse) == len(field.atoms) == len(field.centres) == field.cells
    assert field.coarse[0] == 0
    assert set(np.diff(field.coarse).tolist()) <= {0, 1}
    assert max(field.coarse) < 5
    assert all(math.isfinite(x) for x in (*field.edges, *field.centres, field.mean, field.deviation))
    bounds = (-math.inf, *field.edges, math.inf)
    for centre, low, high in zip(field.centres, bounds[:-1], bounds[1:], strict=True):
        assert low <= centre <= high or not values
    if values:
        counts = counts_of(field, array)
        assert sum(counts) == len(values)
        assert counts[-1] == 0
        for value in set(values):
            if not exact and values.count(value) * cells >= len(values):
                cell = int(np.searchsorted(field.edges, value))
                assert counts[cell] == values.count(value)


@given(st.lists(finite, min_size=1, max_size=40))
def test_exact_cells_separate_every_value_from_every_gap(values) -> None:
    field = numeric_field("x", 0, np.array(values), CellsSpec(exact=True))
    cells = np.searchsorted(field.edges, np.array(values)).tolist()
    assert len(set(cells)) == len({v + 0.0 for v in values})
    assert exact_edges(np.unique(np.array(values) + 0.0)).tolist() == list(field.edges)


def test_empty_cells_join_a_neighbour() -> None:
    assert coarse_cells(np.array([0, 30, 0, 70, 0]), 10) == (0, 0, 0, 1, 1)
    assert coarse_cells(np.array([0, 0]), 10) == (0, 0)


def test_minus_zero_is_zero() -> None:
    assert numeric_field("x", 0, np.array([-0.0, 1.0]), CellsSpec()) == numeric_field(
        "x", 0, np.array([0.0, 1.0]), CellsSpec()
    )
