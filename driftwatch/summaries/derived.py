"""Derived fields: numbers made of several fields of an event by a map that was fitted once, when the reference was built."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LARGEST: Final = float(np.finfo(np.float64).max)
"""Stands for a derived value beyond the floats: its inputs were valid, so it is a number."""


class DerivedKind(StrEnum):
    """What is made of the fields."""

    MAHALANOBIS = "mahalanobis"
    PCA_RESIDUAL = "pca_residual"
    PROJECTIONS = "projections"


class Derived(msgspec.Struct, frozen=True):
    """K coordinates `t = axes (x - centre)` of J numeric fields x, and what becomes of them.

    `mahalanobis`: Σt², the squared Mahalanobis distance, as axesᵀ axes is the inverse covariance. `pca_residual`: √Σt²,
    the length of what the kept principal components leave over, as the axes are those that were not kept.
    `projections`: each t a field of its own.
    """

    name: str
    kind: DerivedKind
    inputs: tuple[str, ...]
    """Names of J numeric fields of the same part."""
    centre: tuple[float, ...]
    """J numbers."""
    axes: tuple[tuple[float, ...], ...]
    """K rows of J numbers."""

    @property
    def fields(self) -> tuple[str, ...]:
        """Names of the fields that it makes."""
        if self.kind is DerivedKind.PROJECTIONS:
            return tuple(f"{self.name}_{k}" for k in range(1, len(self.axes) + 1))
        return (self.name,)


class Deriver:
    """Computes the derived fields of one part from a decoder's columns; hold one per part and order of columns."""

    def __init__(self, derived: Sequence[Derived], numeric: Sequence[str]) -> None:
        """`numeric` names the decoder's columns. Raises ValueError where an input is not among them."""
        self.names = tuple(name for each in derived for name in each.fields)
        self._maps = [_Map(each, numeric) for each in derived]

    def extend(self, numbers: Floats) -> Floats:
        """float64[n, numeric + derived]: the decoder's columns, then those of `names`.

        A derived value is NaN (missing) where any of its inputs is missing or invalid.
        """
        if not self._maps:
            return numbers
        return np.concatenate([numbers, *(each.values(numbers) for each in self._maps)], axis=1)


class _Map:
    """One derived field as arrays, with the places of its inputs."""

    def __init__(self, derived: Derived, numeric: Sequence[str]) -> None:
        absent = [name for name in derived.inputs if name not in numeric]
        if absent:
            raise ValueError(
                f"the derived field {derived.name!r} is made of {absent[0]!r}, which is not read"
            )
        self._kind = derived.kind
        self._places = [numeric.index(name) for name in derived.inputs]
        self._centre, self._axes = np.array(derived.centre), np.array(derived.axes)  # C order

    def values(self, numbers: Floats) -> Floats:
        """float64[n, made] from the decoder's float64[n, numeric]."""
        x = numbers[:, self._places]
        t = coordinates(x, self._centre, self._axes)
        if self._kind is not DerivedKind.PROJECTIONS:
            t = sum_of_squares(t)
            t = np.sqrt(t) if self._kind is DerivedKind.PCA_RESIDUAL else t
        t = np.where(np.isfinite(t), t, LARGEST)
        t[~np.isfinite(x).all(axis=1)] = np.nan
        return t


def coordinates(x: Floats, centre: Floats, axes: Floats) -> Floats:
    """float64[n, K]: `axes (x - centre)` for each row of float64[n, J].

    Each number is one sum along J, which lies without gaps on both sides: its order depends on J alone. A BLAS product
    chooses the order by n too, and so does `einsum` along columns: an event alone would get other bits than in a batch (E13).
    """
    with np.errstate(over="ignore", invalid="ignore"):
        apart = np.subtract(x, centre, order="C")
        return np.einsum("nj,kj->nk", apart, axes, optimize=False)


def sum_of_squares(t: Floats) -> Floats:
    """float64[n, 1]: Σt² of each row of float64[n, K], added in the order of the columns."""
    total = np.zeros(len(t))
    with np.errstate(over="ignore", invalid="ignore"):
        for column in t.T:
            total += column * column
    return total[:, None]
