"""Cells by other rules: each scheme's definition, on any values."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from driftwatch.references.numeric import numeric_field
from driftwatch.references.schemes import distinct, from_numpy, numpy_edges, scheme_edges
from driftwatch.references.spec import CellsSpec, FieldCellsSpec
from driftwatch.summaries.layout import Scheme

finite = st.floats(allow_nan=False, allow_infinity=False)
samples = st.one_of(
    st.lists(finite, min_size=1, max_size=60), st.lists(st.integers(-3, 3).map(float), min_size=1)
)
RNG = np.random.default_rng(5)


def field_of(values, **cut):
    return numeric_field("x", 0, np.array(values, float), CellsSpec(fields={"x": FieldCellsSpec(**cut)}))


@given(samples, st.integers(2, 30), st.sampled_from(["sturges", "doane"]))
def test_numpys_bins_hold_the_same_values(values: list[float], cells: int, rule: str) -> None:
    array = np.sort(np.array(values))
    for bins in (cells, rule):
        edges = numpy_edges(array, bins)
        found = np.bincount(np.searchsorted(from_numpy(edges), array), minlength=len(edges) + 1)
        assert found.sum() == len(array)
        if len(np.unique(edges)) == len(edges) == len(from_numpy(edges)):
            assert found[1:-1].tolist() == np.histogram(array, edges)[0].tolist()


def test_equal_width_cells_cover_the_range_and_keep_what_is_outside_apart() -> None:
    field = field_of(np.arange(101), scheme=Scheme.WIDTH, cells=4)
    assert np.allclose(field.edges, [0, 25, 50, 75, 100])
    counts = np.bincount(np.searchsorted(field.edges, np.arange(-5.0, 111.0)), minlength=field.cells)
    assert counts.tolist() == [5, 25, 25, 25, 26, 10]
    assert field.coarse == tuple(range(6))
    assert field.scheme is Scheme.WIDTH


def test_given_edges_are_the_edges() -> None:
    field = field_of([20, 30, 90], edges=[18, 25, 40])
    assert field.edges == (18, 25, 40)
    assert field.coarse == (0, 1, 2, 3)
    assert field.centres == (18, 20, 30, 90)
    assert field_of([], edges=[1, 2]).edges == (1, 2)


def test_deciles_are_numpys_linear_ones_without_repetition() -> None:
    values = RNG.normal(size=999)
    assert field_of(values, scheme="deciles").edges == tuple(np.quantile(values, np.arange(1, 10) / 10))
    assert field_of([1] * 51 + [2] * 50, scheme="deciles").edges == (1, 2)


def test_too_many_values_for_exact_cells_are_cut_by_quantiles() -> None:
    values = np.arange(100.0)
    spec = CellsSpec(exact=True, exact_max=99)
    assert numeric_field("x", 0, values, spec).scheme is Scheme.QUANTILE
    assert numeric_field("x", 0, values[1:], spec).scheme is Scheme.EXACT
    assert [distinct(np.array(x, float)) for x in ([], [1], [1, 1, 2])] == [0, 1, 2]


def test_without_values_there_are_no_edges() -> None:
    for scheme in (Scheme.EXACT, Scheme.WIDTH, Scheme.DECILES, Scheme.DOANE):
        assert len(scheme_edges(np.empty(0), FieldCellsSpec(scheme=scheme), 8)) == 0


@pytest.mark.parametrize("scheme", [Scheme.WIDTH, Scheme.DOANE, Scheme.DECILES])
@given(values=samples)
@example(
    values=[0.0] * 20 + [1e300, 1.7e308, -8.988465674311579e307, -8.98846567431158e307, -8.98846567431158e307]
)
def test_any_values_give_a_sound_field(scheme: Scheme, values: list[float]) -> None:
    field = field_of(values, scheme=scheme)
    assert list(field.edges) == sorted(set(field.edges))
    assert len(field.coarse) == len(field.atoms) == len(field.centres) == field.cells
    assert np.isfinite([*field.edges, *field.centres]).all()


def test_values_of_the_whole_float_range_are_told_apart() -> None:
    assert distinct(np.array([-1.7e308, 8e297, 8e297, 1.7e308])) == 3  # their differences overflow
