"""Derived fields are fitted on one half of the reference; the other half is their baseline."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from driftwatch.errors import ReferenceFileError
from driftwatch.events.block import Block
from driftwatch.events.classes import Stream
from driftwatch.references.spec import MultivariateSpec
from driftwatch.references.subject import StreamColumns, Subject
from driftwatch.summaries.derived import Derived, DerivedKind

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

ROWS_PER_FIELD: Final = 10
"""Complete rows per field that a fit needs; with fewer, a covariance matrix is mostly noise."""
DEPENDENT: Final = 1e-10
"""Smallest eigenvalue of the correlation matrix, relative to the largest, below which fields say the same."""
_UNIT: Final = 2.0**-53


def streams_of_derived(subject: Subject, streams: Mapping[Stream, StreamColumns]) -> dict[Stream, list[str]]:
    """Names of the fields made of features of each stream: the one whose numeric features have all their fields.

    Raises ReferenceFileError where there is none, and says why.
    """
    placed: dict[Stream, list[str]] = {stream: [] for stream in streams}
    numeric = {stream: [name for name, _ in of.reading.numeric] for stream, of in streams.items()}
    for name, spec in subject.multivariate.items():
        if spec.embedding is not None:
            _own_names(name, spec, streams)
            continue
        found = next((s for s, names in numeric.items() if set(spec.fields) <= set(names)), None)
        if found is None:
            why = _misplaced(spec, streams, [name for names in numeric.values() for name in names])
            raise ReferenceFileError(f"multivariate field {name!r}: {why}")
        clash = next((made for made in spec.made(name) if made in numeric[found]), None)
        if clash is not None:
            raise ReferenceFileError(
                f"multivariate field {name!r}: a feature is called {clash!r} too; give one of them another name"
            )
        placed[found].append(name)
    return placed


def _own_names(name: str, spec: MultivariateSpec, streams: Mapping[Stream, StreamColumns]) -> None:
    """Raises ReferenceFileError where a feature has a name that a field of an embedding takes."""
    features = [n for of in streams.values() for n, _ in (*of.reading.numeric, *of.reading.textual)]
    if (
        clash := next((made for made in (*spec.made(name), spec.path) if made in features), None)
    ) is not None:
        raise ReferenceFileError(
            f"multivariate field {name!r}: a feature is called {clash!r} too; give one of them another name"
        )


def _misplaced(spec: MultivariateSpec, streams: Mapping[Stream, StreamColumns], numeric: list[str]) -> str:
    textual = [name for of in streams.values() for name, _ in of.reading.textual[: of.categorical]]
    for field in spec.fields:
        if field in textual:
            return (
                f"{field!r} is categorical; leave it out, or write `cells: {{kinds: {{{field}: numeric}}}}`"
            )
        if field not in numeric:
            near = difflib.get_close_matches(field, [*numeric, *textual], n=1)
            known = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(numeric)}"
            return f"there is no feature {field!r}; {known}"
    return "its fields come from two streams, and no event has them all; take fields of one"


def fitted_on(events: Block) -> Bools:
    """bool[n]: which events derived fields are fitted on, about half; the others are the baseline.

    A bit of the mixed id hash decides; without ids, of the offset. So it depends on the event alone, not on the order or
    the number of the others. (In-sample residuals alone would show drift where there is none: STATISTICS §5.)
    """
    key = np.where(events.ids >= 0, events.ids, events.offsets).astype(np.uint64)
    return (mixed(key) >> np.uint64(63)).astype(np.bool_)


def mixed(key: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The finalizer of SplitMix64 (Steele, Lea, Flood 2014): every bit of the key moves the top bit."""
    key = key + np.uint64(0x9E37_79B9_7F4A_7C15)
    key = (key ^ (key >> np.uint64(30))) * np.uint64(0xBF58_476D_1CE4_E5B9)
    key = (key ^ (key >> np.uint64(27))) * np.uint64(0x94D0_49BB_1331_11EB)
    return key ^ (key >> np.uint64(31))


def fit(name: str, spec: MultivariateSpec, x: Floats) -> Derived:
    """The map of a derived field, from float64[n, J] values of its fields in the half that it is fitted on.

    Rows with a missing or invalid value are left out. Equal rows in another order give an equal map.
    Raises ReferenceFileError where the rows are too few, or the fields constant or dependent.
    """
    x = x[np.isfinite(x).all(axis=1)]
    needed = ROWS_PER_FIELD * len(spec.fields)
    if len(x) < needed:
        raise ReferenceFileError(
            f"multivariate field {name!r}: the half of the reference that it is fitted on has {len(x)} rows with a valid "
            f"number in each of its {len(spec.fields)} fields, and it needs {needed}; give more rows, or fewer fields"
        )
    x = x[np.lexsort(x.T)]
    centre, scale = _moments(name, spec.fields, x)
    axes = _axes(name, spec, (x - centre) / scale) / scale
    return Derived(
        name, spec.kind, tuple(spec.fields), tuple(centre.tolist()), tuple(tuple(a) for a in axes.tolist())
    )


def _moments(name: str, fields: Sequence[str], x: Floats) -> tuple[Floats, Floats]:
    with np.errstate(over="ignore", invalid="ignore"):
        centre, scale = x.mean(axis=0), x.std(axis=0)
    for field, values, deviation in zip(fields, x.T, scale.tolist(), strict=True):
        if not np.isfinite(deviation):
            raise ReferenceFileError(
                f"multivariate field {name!r}: the values of {field!r} are too large to be squared; leave it out"
            )
        if values.min() == values.max() or deviation == 0:
            raise ReferenceFileError(
                f"multivariate field {name!r}: {field!r} is constant in the half of the reference that it is fitted on; "
                "leave it out"
            )
    return centre, scale


def _axes(name: str, spec: MultivariateSpec, z: Floats) -> Floats:
    """float64[K, J] on standardised fields."""
    if spec.kind is DerivedKind.PROJECTIONS:
        return directions(spec.projections, z.shape[1])
    correlation = z.T @ z / len(z)
    variances, components = np.linalg.eigh(correlation)  # ascending
    if spec.kind is DerivedKind.PCA_RESIDUAL:
        return components.T[: _left_over(variances, spec.explained)]
    if variances[0] <= DEPENDENT * variances[-1]:
        heaviest: list[int] = sorted(np.argsort(-np.abs(components[:, 0]), kind="stable")[:2].tolist())
        first, second = (spec.fields[place] for place in heaviest)
        raise ReferenceFileError(
            f"multivariate field {name!r}: its fields are linearly dependent, {first!r} and {second!r} most of all; "
            "leave one out, or write `kind: pca_residual`"
        )
    return components.T / np.sqrt(variances)[:, None]


def directions(rows: int, columns: int) -> Floats:
    """float64[rows, columns] random unit rows from a counter: the same in every reference, on every machine."""
    uniform = ((mixed(np.arange(rows * columns, dtype=np.uint64)) >> np.uint64(11)) + 0.5) * _UNIT
    drawn = ndtri(uniform).reshape(rows, columns)
    return drawn / np.sqrt((drawn * drawn).sum(axis=1, keepdims=True))


def _left_over(variances: Floats, explained: float) -> int:
    """How many of the ascending components are not kept: the fewest largest that explain so much are, but never all."""
    shares = np.cumsum(variances[::-1]) / variances.sum()
    kept = int(np.searchsorted(shares, explained)) + 1
    return max(len(variances) - kept, 1)
