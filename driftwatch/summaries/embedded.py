"""Fields made of an embedding: a map of its vectors to few numbers, fitted once, when the reference was built."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from driftwatch.summaries.derived import LARGEST, DerivedKind, coordinates, sum_of_squares

Floats = NDArray[np.float64]

_STORED: Final = "<f8"


class Embedded(msgspec.Struct, frozen=True):
    """K coordinates `t = axes (x - centre)` of a vector x of `length` numbers, and what becomes of them.

    `mahalanobis`: Σt², as the axes are the main components, each divided by its standard deviation. `pca_residual`:
    √(|x − centre|² − Σt²), what the main components leave over, as the axes are these. `projections`: each t a field.
    Centre and axes are bytes, not tuples: there may be 262 144 numbers, and a layout is hashed often.
    """

    name: str
    kind: DerivedKind
    embedding: str
    """Dotted path of the list in the records of the part's stream."""
    length: int
    centre: bytes
    """float64[length], little-endian."""
    axes: bytes
    """float64[K, length], little-endian."""

    @classmethod
    def of(cls, name: str, kind: DerivedKind, embedding: str, centre: Floats, axes: Floats) -> Embedded:
        """From float64[length] and float64[K, length]."""
        packed = (np.ascontiguousarray(each, _STORED).tobytes() for each in (centre, axes))
        return cls(name, kind, embedding, len(centre), *packed)

    @property
    def fields(self) -> tuple[str, ...]:
        """Names of the fields that it makes."""
        if self.kind is DerivedKind.PROJECTIONS:
            return tuple(f"{self.name}_{k}" for k in range(1, len(self.axes) // len(self.centre) + 1))
        return (self.name,)

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the decoder's columns: references with different maps make different numbers of one vector."""
        digest = hashlib.sha256(msgspec.msgpack.encode(self)).hexdigest()[:12]
        return tuple(f"{field}@{digest}" for field in self.fields)

    def reducer(self) -> Callable[[Floats], Floats]:
        """The map, from float64[n, length] to float64[n, fields]; finite, and each row by itself to the last bit (E13)."""
        centre, axes = (np.frombuffer(each, _STORED) for each in (self.centre, self.axes))
        axes = axes.reshape(-1, self.length)
        kind = self.kind

        def reduce(x: Floats) -> Floats:
            t = coordinates(x, centre, axes)
            if kind is DerivedKind.MAHALANOBIS:
                t = sum_of_squares(t)
            elif kind is DerivedKind.PCA_RESIDUAL:
                with np.errstate(over="ignore", invalid="ignore"):
                    apart = np.subtract(x, centre, order="C")
                    all_ = np.einsum("nj,nj->n", apart, apart, optimize=False)[:, None]
                    t = np.sqrt(np.maximum(all_ - sum_of_squares(t), 0.0))
            return np.where(np.isfinite(t), t, LARGEST)

        return reduce
