"""The rows that a decoder collected become columns, and those without usable id, time, version or label leave."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from driftwatch.events.classes import CLASSES, CODE, RecordClass
from driftwatch.events.columns import INVALID_TEXT, Events, Passed
from driftwatch.events.embeddings import Vectors
from driftwatch.events.fields import TEXT_MAX, canonical_text, short_text
from driftwatch.events.ids import NO_ID, hash_ids
from driftwatch.events.iso import BAD_TIME, times_ms
from driftwatch.events.reading import LabelKind, StreamReading
from driftwatch.events.records import RecordBatch

DEFAULT_VERSION: Final = "default"
_FINE: Final = -1
_EQUAL_MEANS_SAME: Final = frozenset((str, int, float, bool))
"""Types of which equal values are read alike; across them they are not: 1 == True."""
_WEIGHT: Final = np.uint64(0x9E3779B97F4A7C15)


@dataclass(slots=True)
class Rows:
    """What is collected while a batch is read, one entry per usable record."""

    heads: list[Any] = field(default_factory=list[Any])
    """Values at the reading's `heads`, record after record: one flat list costs half as much as tuples."""
    packed: list[bytes] = field(default_factory=list[bytes])
    """The reading's `numbers` as little-endian float64."""
    refused: list[tuple[int, RecordClass]] = field(default_factory=list[tuple[int, RecordClass]])
    """Records that are not usable, by their position in the batch."""
    vectors: Vectors | None = None
    """Embeddings of the usable records; None where the stream has none."""

    def places(self, records: int) -> NDArray[np.int64]:
        """int64[n] positions of the usable records in a batch of so many."""
        return np.delete(np.arange(records), [place for place, _ in self.refused])


class _Heads:
    """The heads column by column, taken in the reading's order."""

    def __init__(self, rows: Rows, width: int, longest_bytes: int) -> None:
        self._columns = (rows.heads[column::width] for column in range(width))
        self._long = longest_bytes > TEXT_MAX
        """Only then can some text be too long: a character takes at least a byte of its record."""

    def take(self) -> list[Any]:
        return next(self._columns)

    def take_short(self) -> list[Any]:
        """The next column with its texts as they are kept."""
        column = next(self._columns)
        if not self._long:
            return column
        return [short_text(value) if isinstance(value, str) else value for value in column]


def assemble(reading: StreamReading, batch: RecordBatch, rows: Rows, key: bytes) -> Events:
    """The events of `rows`; whoever is thrown out here is added to `rows.refused`."""
    n = len(rows.packed)
    places = rows.places(len(batch))
    heads = _Heads(rows, len(reading.heads), max(map(len, filter(None, batch.values)), default=0))
    verdicts = np.full(n, _FINE, np.int64)
    stamps = batch.timestamps_ms[places]
    ids = _ids(heads.take(), verdicts, key) if reading.id else np.full(n, NO_ID, np.int64)
    times = times_ms(heads.take(), reading.time_unit) if reading.time else stamps
    _mark(verdicts, (times < 0) | (times == BAD_TIME), RecordClass.INVALID_TIME)
    versions = _texts(heads.take_short()) if reading.version else [DEFAULT_VERSION] * n
    _mark(verdicts, _which(versions, None, INVALID_TEXT), RecordClass.INVALID_VERSION)
    decisions = _texts(heads.take_short()) if reading.decision else []
    labels = _labels(heads.take_short(), reading, verdicts) if reading.label else []
    texts = [_texts(heads.take_short()) for _ in reading.textual]
    for _, wanted in reading.where:
        _mark(verdicts, ~_which(_texts(heads.take()), wanted), RecordClass.FILTERED, over=True)
    table = np.frombuffer(b"".join(rows.packed), "<f8").reshape(n, len(reading.numbers))
    features = len(reading.numeric)
    numbers, hashed = table[:, :features], table
    if (vectors := rows.vectors) is not None:
        numbers = np.concatenate([numbers, vectors.numbers()], axis=1)
        hashed = np.concatenate([table, np.ascontiguousarray(vectors.marks()).view(np.float64)], axis=1)
        texts += vectors.texts
    events = Events(
        stream=reading.stream,
        partition=batch.partition,
        offsets=batch.offsets[places],
        times_ms=times,
        timestamps_ms=stamps,
        ids=ids,
        payloads=_label_hash(labels) if reading.label_required else _payloads(times, hashed),
        versions=[v or "" for v in versions],
        scores=np.ascontiguousarray(table[:, features]) if reading.score else np.empty(0),
        decisions=decisions,
        labels=labels,
        numbers=numbers,
        texts=texts,
    )
    return _without(events, places, verdicts, rows)


def _ids(values: Sequence[Any], verdicts: NDArray[np.int64], key: bytes) -> NDArray[np.int64]:
    texts = _texts(values)
    bad = _which(texts, None, "", INVALID_TEXT)
    bad |= (
        np.fromiter((isinstance(v, bool) for v in values), np.bool_, len(values)) if _mixed(values) else False
    )
    _mark(verdicts, bad, RecordClass.INVALID_ID)
    return hash_ids([text or "" for text in texts], key)


def _mixed(values: Sequence[Any]) -> bool:
    return set(map(type, values)) != {str}


def _texts(values: Sequence[Any]) -> list[str | None]:
    """Canonical texts; what the fast path left as numbers, booleans or null is turned here."""
    if not _mixed(values):
        return list(values)
    # v != v: a number that is missing, in a column that is read as numbers
    return [
        v if isinstance(v, str) or v is None else None if v != v else canonical_text(v) or INVALID_TEXT
        for v in values
    ]


def _which(texts: Sequence[float | str | None], *wanted: str | None) -> NDArray[np.bool_]:
    found = np.zeros(len(texts), np.bool_)
    distinct = set(texts)
    if not distinct.isdisjoint(wanted):
        found[:] = [text in wanted for text in texts]
    return found


def _mark(
    verdicts: NDArray[np.int64], bad: NDArray[np.bool_], why: RecordClass, *, over: bool = False
) -> None:
    """The first reason found stands, except that a filtered record is nobody's mistake."""
    verdicts[bad if over else bad & (verdicts == _FINE)] = CODE[why]


def _labels(
    values: Sequence[Any], reading: StreamReading, verdicts: NDArray[np.int64]
) -> list[float | str | None]:
    read = {LabelKind.BINARY: _binary, LabelKind.CLASS: _class, LabelKind.NUMBER: _number}[reading.label_kind]
    kinds = set(map(type, values))
    if len(kinds) == 1 and kinds <= _EQUAL_MEANS_SAME:
        known = {value: _label(value, read) for value in set(values)}
        labels = [known[value] for value in values]
    else:
        labels = [_label(value, read) for value in values]
    _mark(verdicts, _which(labels, INVALID_TEXT), RecordClass.INVALID_LABEL)
    if reading.label_required:
        _mark(verdicts, _which(labels, None), RecordClass.MISSING_LABEL)
    return labels


def _label(value: Any, read: Callable[[Any], float | str]) -> float | str | None:
    return None if value is None or value != value else read(value)


def _binary(value: Any) -> float | str:
    return float(value) if isinstance(value, bool | int | float) and value in (0, 1) else INVALID_TEXT


def _class(value: Any) -> str:
    return canonical_text(value) or INVALID_TEXT


def _number(value: Any) -> float | str:
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > 1e300:
        return INVALID_TEXT
    return float(value) + 0.0  # -0.0 is 0.0


def _label_hash(labels: list[float | str | None]) -> NDArray[np.int64]:
    codes = {label: zlib.crc32(repr(label).encode()) for label in set(labels)}
    return np.fromiter(map(codes.__getitem__, labels), np.int64, len(labels))


def _payloads(times: NDArray[np.int64], table: NDArray[np.float64]) -> NDArray[np.int64]:
    """A 31-bit multiply-add hash over the columns; only ever compared between records of one id."""
    state = times.astype(np.uint64) * _WEIGHT
    bits = np.ascontiguousarray(table).view(np.uint64)
    for column in range(bits.shape[1]):
        state = (state ^ bits[:, column]) * _WEIGHT
        state ^= state >> np.uint64(29)
    return (state >> np.uint64(33)).astype(np.int64)


def _without(events: Events, places: NDArray[np.int64], verdicts: NDArray[np.int64], rows: Rows) -> Events:
    bad = verdicts != _FINE
    if not bad.any():
        return events
    codes: list[int] = verdicts[bad].tolist()
    rows.refused.extend(zip(places[bad].tolist(), [CLASSES[code] for code in codes], strict=True))
    passed = np.flatnonzero((verdicts == CODE[RecordClass.FILTERED]) & (events.times_ms >= 0))
    if len(passed):
        events.passed = Passed(events.offsets[passed], events.times_ms[passed], events.timestamps_ms[passed])
    return events.select(np.flatnonzero(~bad))
