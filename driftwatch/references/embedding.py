"""Maps of embeddings: vectors gathered from half of the reference, a bounded number of them, and what is fitted on them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Final

import numpy as np
from numpy.typing import NDArray

from driftwatch.errors import ReferenceFileError
from driftwatch.events.block import Block
from driftwatch.events.classes import Stream
from driftwatch.events.decode import Decoder
from driftwatch.events.embeddings import LENGTH_MAX
from driftwatch.events.reading import StreamReading
from driftwatch.events.records import RecordBatch
from driftwatch.references.gathered import ID_KEY
from driftwatch.references.multivariate import DEPENDENT, ROWS_PER_FIELD, directions, fitted_on, mixed
from driftwatch.references.spec import MultivariateSpec
from driftwatch.references.subject import Subject
from driftwatch.summaries.derived import DerivedKind
from driftwatch.summaries.embedded import Embedded

Floats = NDArray[np.float64]
Keys = NDArray[np.uint64]
"""[n, 3]: mixed id, partition, offset."""

FIT_NUMBERS: Final = 4_000_000
"""Numbers that a fit looks at, 32 MB: 5 000 vectors of 768, and ten per component of the longest ones."""
CUT: Final = 2
"""The sample is cut when it is this many times too large."""


@dataclass(frozen=True, slots=True)
class _Whole:
    """Takes vectors as they are."""

    length: int

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(map(str, range(self.length)))

    def reducer(self) -> _Whole:
        return self

    def __call__(self, x: Floats) -> Floats:
        return x


def fit_embeddings(
    subject: Subject,
    stream: Stream,
    lengths: Mapping[str, Mapping[int, int]],
    batches: Iterable[tuple[Stream, RecordBatch]],
    version: str,
) -> tuple[Embedded, ...]:
    """The maps of a stream's embedding fields, from the accepted records; the same for any order of them.

    `lengths` says how many vectors of each length every embedding has. Raises ReferenceFileError where that is none, or too
    few to fit.
    """
    specs = subject.embedded(stream)
    if not specs:
        return ()
    usual = {
        path: _usual(name, path, lengths.get(path, {})) for name, of in specs.items() if (path := of.path)
    }
    reading = subject.columns_of(stream, {}).reading
    samples = {path: _Sample(reading, path, length, version) for path, length in usual.items()}
    for of, batch in batches:
        for sample in samples.values() if of is stream else ():
            sample.add(batch)
    vectors = {path: sample.vectors() for path, sample in samples.items()}
    return tuple(fit_embedding(name, of, vectors[of.path]) for name, of in specs.items())


def _usual(name: str, path: str, lengths: Mapping[int, int]) -> int:
    """The commonest length, of several the smallest."""
    if not lengths:
        raise ReferenceFileError(
            f"multivariate field {name!r}: no record of the reference has a list of numbers at {path!r}; correct the path"
        )
    length = min(lengths, key=lambda length: (-lengths[length], length))
    if not 2 <= length <= LENGTH_MAX:
        raise ReferenceFileError(
            f"multivariate field {name!r}: {path!r} has {length} numbers; an embedding has 2 to {LENGTH_MAX}"
        )
    return length


class _Sample:
    """Of the events that are fitted on, the vectors with the smallest mixed ids: bounded, and the same for any order."""

    def __init__(self, reading: StreamReading, path: str, length: int, version: str) -> None:
        whole = [replace(e, reductions=(_Whole(length),)) for e in reading.embeddings if e.name == path]
        self._decoder = Decoder(replace(reading, numeric=(), embeddings=tuple(whole)), ID_KEY)
        self._version = version
        self._rows = max(FIT_NUMBERS // length, 1)
        self._kept: list[tuple[Keys, Floats]] = [(np.empty((0, 3), np.uint64), np.empty((0, length)))]
        self._size = 0

    def add(self, batch: RecordBatch) -> None:
        """Take in a batch."""
        block = Block.of(self._decoder.decode(batch), 0)
        matches = (fnmatchcase(name, self._version) for name in block.versions)
        wanted = fitted_on(block) & np.fromiter(matches, np.bool_, len(block))
        wanted &= np.isfinite(block.numbers).all(axis=1)
        ids = np.where(block.ids >= 0, block.ids, block.offsets)
        place = np.full(len(block), batch.partition.number)
        keys = np.column_stack(
            [mixed(ids.astype(np.uint64)), place.astype(np.uint64), block.offsets.astype(np.uint64)]
        )
        self._kept.append((keys[wanted], block.numbers[wanted]))
        self._size += int(wanted.sum())
        if self._size > CUT * self._rows:
            self._cut()

    def vectors(self) -> Floats:
        """float64[n, length], in the order of their keys."""
        self._cut()
        return self._kept[0][1]

    def _cut(self) -> None:
        keys = np.concatenate([keys for keys, _ in self._kept])
        order = np.lexsort(keys.T[::-1])[: self._rows]
        self._kept = [(keys[order], np.concatenate([vectors for _, vectors in self._kept])[order])]
        self._size = len(order)


def fit_embedding(name: str, spec: MultivariateSpec, x: Floats) -> Embedded:
    """The map of an embedding field from float64[n, length] valid vectors.

    Raises ReferenceFileError where they are too few or all the same.
    """
    parts = min(spec.components, x.shape[1])
    needed = ROWS_PER_FIELD * parts
    if len(x) < needed:
        raise ReferenceFileError(
            f"multivariate field {name!r}: the half of the reference that it is fitted on has {len(x)} vectors of "
            f"{x.shape[1]} finite numbers at {spec.path!r}, and it needs {needed}; give more rows, or fewer `components`"
        )
    with np.errstate(over="ignore", invalid="ignore"):
        centre = x.mean(axis=0)
        apart = x - centre
        total = float((apart * apart).sum()) / len(x)
    if not np.isfinite(total):
        raise ReferenceFileError(
            f"multivariate field {name!r}: the numbers of {spec.path!r} are too large to be squared"
        )
    if total == 0:
        raise ReferenceFileError(
            f"multivariate field {name!r}: all vectors of {spec.path!r} are equal; leave it out"
        )
    if spec.kind is DerivedKind.PROJECTIONS:
        return Embedded.of(name, spec.kind, spec.path, centre, directions(spec.projections, x.shape[1]))
    variances, axes = _components(apart, parts)
    if spec.kind is DerivedKind.MAHALANOBIS:
        return Embedded.of(name, spec.kind, spec.path, centre, axes / np.sqrt(variances)[:, None])
    explains = int(np.searchsorted(np.cumsum(variances), spec.explained * total)) + 1
    kept = max(min(explains, len(variances), x.shape[1] - 1), 1)
    return Embedded.of(name, spec.kind, spec.path, centre, axes[:kept])


def _components(apart: Floats, most: int) -> tuple[Floats, Floats]:
    """The largest principal components of centred rows: variances descending, and unit axes float64[k, length].

    From the smaller of covariance and Gram matrix. Those that are noise of the arithmetic are left out; an axis points
    to where its largest number is positive.
    """
    n, length = apart.shape
    wide = length > n
    values, vectors = np.linalg.eigh((apart @ apart.T if wide else apart.T @ apart) / n)  # ascending
    values, vectors = values[::-1][:most], vectors[:, ::-1][:, :most]
    kept = values > DEPENDENT * values[0]
    values, vectors = values[kept], vectors[:, kept]
    axes = (apart.T @ vectors / np.sqrt(n * values) if wide else vectors).T
    largest = np.take_along_axis(axes, np.abs(axes).argmax(axis=1)[:, None], axis=1)
    return values, axes * np.sign(largest)
