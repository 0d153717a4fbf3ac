"""Maps of embeddings: NumPy on the raw vectors agrees, a vector alone gets the bits that it gets in a batch."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driftwatch.summaries.cells import PartCoder
from driftwatch.summaries.derived import LARGEST, DerivedKind
from driftwatch.summaries.embedded import Embedded
from tests.summaries.layouts import numeric, part


def made(kind: DerivedKind, seed: int, axes: int, length: int) -> Embedded:
    random = np.random.default_rng(seed)
    directions = np.linalg.qr(random.standard_normal((length, axes)))[0].T
    return Embedded.of("d", kind, "f.v", random.standard_normal(length), directions)


def raw(of: Embedded) -> tuple[np.ndarray, np.ndarray]:
    """Centre and axes as they are stored."""
    centre, axes = (np.frombuffer(each, "<f8") for each in (of.centre, of.axes))
    return centre, axes.reshape(-1, of.length)


def test_the_three_kinds_are_numpys_on_raw_vectors() -> None:
    x = np.random.default_rng(1).standard_normal((200, 12)) * 3
    for kind in DerivedKind:
        of = made(kind, 2, 5, 12)
        centre, axes = raw(of)
        t = (x - centre) @ axes.T
        left = np.linalg.norm(x - centre - t @ axes, axis=1)
        expected = {
            "mahalanobis": (t * t).sum(axis=1)[:, None],
            "pca_residual": left[:, None],
            "projections": t,
        }
        assert of.reducer()(x) == pytest.approx(expected[kind], rel=1e-9)
    assert made(DerivedKind.PROJECTIONS, 2, 3, 12).fields == ("d_1", "d_2", "d_3")


@given(
    st.integers(0, 99),
    st.integers(1, 60),
    st.integers(1, 9),
    st.integers(9, 200),
    st.sampled_from(DerivedKind),
    st.data(),
)
@settings(max_examples=60, deadline=None)
def test_a_vector_alone_gets_the_bits_of_its_batch(
    seed: int, events: int, axes: int, length: int, kind: DerivedKind, data: st.DataObject
) -> None:
    reduce, x = (
        made(kind, seed, axes, length).reducer(),
        np.random.default_rng(seed).standard_normal((events, length)),
    )
    whole = reduce(x)
    start = data.draw(st.integers(0, events - 1))
    stop = data.draw(st.integers(start + 1, events))
    assert (reduce(x[start:stop]) == whole[start:stop]).all()


@pytest.mark.parametrize("kind", DerivedKind)
def test_finite_vectors_make_finite_numbers(kind: DerivedKind) -> None:
    found = made(kind, 1, 2, 4).reducer()(np.array([[1e308] * 4, [-1e308, 1e308, 1e308, 1e308]]))
    assert np.isfinite(found).all()
    assert (np.abs(found) == LARGEST).any() or kind is DerivedKind.PROJECTIONS


def test_a_part_takes_the_numbers_of_its_own_map() -> None:
    """Two versions have two maps of one embedding: each reads its own column, and none that is not there."""
    one, other = (made(DerivedKind.MAHALANOBIS, seed, 2, 4) for seed in (1, 2))
    assert one.columns != other.columns
    names = ("x", *other.columns, *one.columns)
    layout = part(numeric("x", 1.0), numeric("d", 0.5))
    numbers = np.array([[0.0, 9.0, 0.0], [2.0, 0.0, 9.0]])
    for of, expected in ((one, [0, 1]), (other, [1, 0])):
        coder = PartCoder(
            type(layout)(layout.stream, layout.fields, (), layout.columns, (), (of,)), names, ()
        )
        assert coder.cells(numbers, []).tolist() == [[0, 1], expected]
    with pytest.raises(ValueError, match="'d' is made of an embedding that is not reduced by its map"):
        PartCoder(type(layout)(layout.stream, layout.fields, (), layout.columns, (), (one,)), ("x", "d"), ())
