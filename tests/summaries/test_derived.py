"""Derived values: NumPy and SciPy agree, an event alone gets the bits that it gets in a batch, and nothing is lost."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist

from driftwatch.summaries.derived import LARGEST, Derived, DerivedKind, Deriver, coordinates


def rows(seed: int, events: int, fields: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    return random.standard_normal((events, fields)) @ random.standard_normal((fields, fields)) + 3.0


def derived(kind: DerivedKind, x: np.ndarray, axes: np.ndarray, names: str = "abcdefgh") -> Derived:
    centre = tuple(x.mean(axis=0).tolist())
    return Derived("d", kind, tuple(names[: x.shape[1]]), centre, tuple(map(tuple, axes.tolist())))


def test_mahalanobis_is_scipys_squared() -> None:
    x = rows(1, 500, 4)
    inverse = np.linalg.inv(np.cov(x.T, bias=True))
    made = derived(DerivedKind.MAHALANOBIS, x, np.linalg.cholesky(inverse).T)
    values = Deriver([made], list("abcd")).extend(x)
    expected = cdist(x, x.mean(axis=0)[None], "mahalanobis", VI=inverse)[:, 0] ** 2
    assert (values[:, :4] == x).all()
    assert values[:, 4] == pytest.approx(expected, rel=1e-9)


def test_the_residual_is_what_the_kept_components_leave_over() -> None:
    x = rows(2, 300, 5)
    directions = np.linalg.eigh(np.cov(x.T, bias=True))[1].T
    left, kept = directions[:3], directions[3:]
    values = Deriver([derived(DerivedKind.PCA_RESIDUAL, x, left)], list("abcde")).extend(x)[:, 5]
    apart = x - x.mean(axis=0)
    assert values == pytest.approx(np.linalg.norm(apart - apart @ kept.T @ kept, axis=1), rel=1e-9)


def test_each_projection_is_a_field_of_its_own_whatever_the_order_of_columns() -> None:
    x, axes = rows(3, 50, 3), np.arange(6.0).reshape(2, 3)
    made = derived(DerivedKind.PROJECTIONS, x, axes)
    deriver = Deriver([made], ["c", "z", "a", "b"])
    assert deriver.names == made.fields == ("d_1", "d_2")
    shuffled = np.column_stack([x[:, 2], np.zeros(50), x[:, 0], x[:, 1]])
    assert deriver.extend(shuffled)[:, 4:] == pytest.approx((x - x.mean(axis=0)) @ axes.T)


@given(st.integers(0, 2**32), st.integers(1, 70), st.integers(1, 40), st.integers(1, 70), st.data())
@settings(max_examples=150, deadline=None)
def test_an_event_alone_gets_the_bits_of_its_batch(
    seed: int, events: int, fields: int, axes: int, data: st.DataObject
) -> None:
    random = np.random.default_rng(seed)
    x, along = random.standard_normal((events, fields)), random.standard_normal((axes, fields))
    centre = random.standard_normal(fields)
    whole = coordinates(x, centre, along)
    start = data.draw(st.integers(0, events - 1))
    stop = data.draw(st.integers(start + 1, events))
    order = data.draw(st.sampled_from("CF"))
    assert (coordinates(np.array(x[start:stop], order=order), centre, along) == whole[start:stop]).all()
    assert whole == pytest.approx((x - centre) @ along.T, abs=1e-9)


@pytest.mark.parametrize("kind", DerivedKind)
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_without_one_of_its_inputs_a_value_is_missing(kind: DerivedKind, bad: float) -> None:
    x = np.array([[1.0, 2.0], [bad, 2.0], [1.0, bad]])
    made = Derived("d", kind, ("a", "b"), (0.0, 0.0), ((1.0, 0.0), (0.0, 1.0)))
    values = Deriver([made], ["a", "b"]).extend(x)[:, 2:]
    assert np.isfinite(values[0]).all()
    assert np.isnan(values[1:]).all()


@pytest.mark.parametrize("kind", DerivedKind)
def test_valid_inputs_never_make_an_invalid_value(kind: DerivedKind) -> None:
    """The sums overflow, or are a difference of two infinities."""
    made = Derived("d", kind, ("a", "b"), (0.0, 0.0), ((1e10, 1e10), (1e10, -1e10)))
    values = Deriver([made], ["a", "b"]).extend(np.array([[1e307, 1e307], [1e307, -1e307]]))[:, 2:]
    assert (values[0] == LARGEST).any()
    assert np.isfinite(values).all()


def test_without_derived_fields_the_columns_stay_as_they_are() -> None:
    x = rows(4, 3, 2)
    assert Deriver([], ["a", "b"]).extend(x) is x


def test_an_input_that_is_not_read_is_named() -> None:
    made = Derived("d", DerivedKind.MAHALANOBIS, ("a", "b"), (0.0, 0.0), ((1.0, 0.0),))
    with pytest.raises(ValueError, match="'d' is made of 'b', which is not read"):
        Deriver([made], ["a"])
