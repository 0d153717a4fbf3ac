"""Embeddings: lists of numbers in records, reduced to a few numbers each while a batch is decoded; no list goes further."""

from __future__ import annotations

import math
import zlib
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol, cast

import msgspec
import numpy as np
from numpy.typing import NDArray

from driftwatch.events.columns import INVALID, INVALID_TEXT, MISSING
from driftwatch.events.fields import ABSENT, FieldPath

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

VECTOR = list[float] | str | None
"""What the compiled decoder takes for an embedding; a text is a list as CSV files and pgvector write it."""
LENGTH_MAX: Final = 4_096
"""Numbers of an embedding that can be reduced."""
CHUNK_NUMBERS: Final = 131_072
"""So many numbers are held before they are reduced: 1 MB, whatever the batch."""
_from_text: Final = msgspec.json.Decoder(list[float]).decode


class Reduction(Protocol):
    """What makes a few numbers of each vector of one length."""

    @property
    def length(self) -> int:
        """Numbers of a vector."""
        ...

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the numbers; equal ones are equal numbers."""
        ...

    def reducer(self) -> Callable[[Floats], Floats]:
        """The function from float64[n, length] to float64[n, columns], each row by itself."""
        ...


@dataclass(frozen=True, slots=True)
class Embedding:
    """Where the vectors of one embedding lie, and what is made of them."""

    name: str
    """Its path as written: the name of the text column that says how many numbers each event has."""
    path: FieldPath
    reductions: tuple[Reduction, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the numbers that are made of it."""
        return tuple(column for reduction in self.reductions for column in reduction.columns)


def vector_of(value: object) -> array[float] | None:
    """The numbers of a list, or of a text that is one; None for anything else than a list of finite numbers."""
    if isinstance(value, str):
        try:
            return array("d", _from_text(value))
        except (msgspec.MsgspecError, RecursionError, UnicodeError):
            return None
    if not isinstance(value, list):
        return None
    numbers = cast("list[object]", value)
    if not all(type(number) is float or type(number) is int for number in numbers):
        return None
    try:
        found = array("d", cast("list[float]", numbers))
    except OverflowError:  # an integer beyond every float
        return None
    return found if all(map(math.isfinite, found)) else None


def length_text(numbers: int) -> str:
    """How long a vector is, as a category: `384 numbers`."""
    return f"{numbers} numbers"


def state_of(value: object) -> str | None:
    """What the text column says of a value: its length, None where it is missing, `INVALID_TEXT` where it is no vector."""
    if value is None or value is ABSENT:
        return None
    vector = vector_of(value)
    return INVALID_TEXT if vector is None else length_text(len(vector))


class Vectors:
    """The embeddings of one batch: gathered record by record, reduced chunk by chunk."""

    def __init__(self, embeddings: Sequence[Embedding]) -> None:
        self._columns = [_Column(embedding) for embedding in embeddings]

    def take(self, values: Sequence[object]) -> None:
        """One record's values, checked, one per embedding."""
        for column, value in zip(self._columns, values, strict=True):
            column.add(
                None if value is None or value is ABSENT else vector_of(value),
                missing=value is None or value is ABSENT,
            )

    def take_decoded(self, values: Sequence[list[float] | str | None]) -> None:
        """The same as the compiled decoder gives them: numbers of a list are finite floats."""
        for column, value in zip(self._columns, values, strict=True):
            vector = array("d", value) if isinstance(value, list) else vector_of(value)
            column.add(vector, missing=value is None)

    def numbers(self) -> Floats:
        """float64[n, columns of all embeddings]: NaN where a vector is missing, inf where it is of no use to a column."""
        return np.concatenate([column.numbers() for column in self._columns], axis=1)

    @property
    def texts(self) -> list[list[str | None]]:
        """Per embedding the length of each event's vector as a text; None missing, `INVALID_TEXT` no vector."""
        return [column.texts for column in self._columns]

    def marks(self) -> Ints:
        """int64[n, embeddings]: a checksum of each vector; tells a duplicate from a conflicting one."""
        return np.array([column.marks for column in self._columns], np.int64).T


class _Column:
    """One embedding of one batch."""

    def __init__(self, embedding: Embedding) -> None:
        self.texts: list[str | None] = []
        self.marks: list[int] = []
        self._names: dict[int, str] = {}
        self._reductions = [
            (reduction.length, len(reduction.columns), reduction.reducer())
            for reduction in embedding.reductions
        ]
        self._held: dict[int, tuple[list[int], list[array[float]]]] = {
            length: ([], []) for length, _, _ in self._reductions
        }
        self._numbers = 0
        self._done: list[list[tuple[list[int], Floats]]] = [[] for _ in self._reductions]

    def add(self, vector: array[float] | None, *, missing: bool) -> None:
        """One record's vector; None where there is none, `missing` or not one."""
        if vector is None:
            self.texts.append(None if missing else INVALID_TEXT)
            self.marks.append(0 if missing else 1)
            return
        length = len(vector)
        held = self._held.get(length)
        if held is not None:
            held[0].append(len(self.texts))
            held[1].append(vector)
            self._numbers += length
        if length not in self._names:
            self._names[length] = length_text(length)
        self.texts.append(self._names[length])
        self.marks.append(zlib.crc32(vector))
        if self._numbers >= CHUNK_NUMBERS:
            self._reduce()

    def numbers(self) -> Floats:
        """float64[n, columns]"""
        self._reduce()
        width = sum(width for _, width, _ in self._reductions)
        made = np.full((len(self.texts), width), INVALID)
        made[[place for place, text in enumerate(self.texts) if text is None]] = MISSING
        start = 0
        for (_, columns, _), done in zip(self._reductions, self._done, strict=True):
            for places, values in done:
                made[places, start : start + columns] = values
            start += columns
        return made

    def _reduce(self) -> None:
        """Everything held becomes the reductions' numbers."""
        for (length, _, reduce), done in zip(self._reductions, self._done, strict=True):
            places, vectors = self._held[length]
            if places:
                done.append(
                    (places, reduce(np.frombuffer(b"".join(vectors), np.float64).reshape(-1, length)))
                )
        self._held = {length: ([], []) for length in self._held}
        self._numbers = 0
