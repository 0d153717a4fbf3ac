"""Record batches become columns of events: a compiled fast path, and one by one what that refuses."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from struct import Struct
from struct import error as StructError
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from driftwatch.events import reread
from driftwatch.events.assemble import Rows, assemble
from driftwatch.events.classes import DEAD_LETTERS, RecordClass
from driftwatch.events.columns import MISSING, DeadLetter, Events
from driftwatch.events.compile import NUMBER, SCALAR, PathConflictError, compile_paths
from driftwatch.events.embeddings import VECTOR, Vectors
from driftwatch.events.fields import FieldPath, lookup
from driftwatch.events.reading import StreamReading
from driftwatch.events.records import RecordBatch

SAMPLE_BYTES: Final = 256
SEARCHED_BYTES: Final = 524_288
"""Records are searched for repeated keys together, so many that they stay in the processor's cache."""
LETTERS_MAX: Final = 100
"""Dead letters kept per batch; the counts are always complete."""


class Decoder:
    """Decodes one stream of one model; holds the compiled paths, no state between batches."""

    def __init__(self, reading: StreamReading, hash_key: bytes) -> None:
        """`hash_key` is 16 bytes; raises PathConflictError when one path runs through another."""
        self.reading = reading
        self._key = hash_key
        self._heads = reading.heads
        self._numbers = reading.numbers
        kinds: dict[FieldPath, Any] = dict.fromkeys(self._heads, SCALAR)
        # A number that is a slice column too is read as a number.
        kinds |= dict.fromkeys(self._numbers, NUMBER)
        self._lists = [embedding.path for embedding in reading.embeddings]
        for path in self._lists:
            if path in kinds:
                raise PathConflictError(
                    f"{'.'.join(path)!r} is read as an embedding, and as a single value too"
                )
        kinds |= dict.fromkeys(self._lists, VECTOR)
        compiled = compile_paths(kinds)
        self._decode = compiled.decode
        self._head = compiled.getter(self._heads)
        self._tail = compiled.getter(self._numbers)
        self._vectors = compiled.getter(self._lists)
        self._pack = Struct(f"<{len(self._numbers)}d").pack
        single = len(self._heads) - len(reading.textual) - len(reading.where)
        self._readers = (
            [reread.scalar] * single
            + [reread.text] * len(reading.textual)
            + [reread.scalar] * len(reading.where)
        )
        self._guarded = [
            (key, _tail(key))
            for key in {
                b'"%s"' % path[-1].encode() for path in (reading.id, reading.score, reading.label) if path
            }
        ]

    def decode(self, batch: RecordBatch) -> Events:
        """The batch's readable events in offset order; every other record is in `rejected`."""
        rows = self._read(batch)
        events = assemble(self.reading, batch, rows, self._key)
        for place, why in rows.refused:
            events.rejected[why] = events.rejected.get(why, 0) + 1
            if why in DEAD_LETTERS and len(events.dead_letters) < LETTERS_MAX:
                events.dead_letters.append(self._letter(batch, place, why))
        return events

    def _read(self, batch: RecordBatch) -> Rows:
        rows = Rows(vectors=Vectors(self.reading.embeddings) if self._lists else None)
        decode, head, tail, pack = self._decode, self._heads_of(rows), self._tail, self._pack
        add_heads, add_packed = rows.heads.extend, rows.packed.append
        aside = self._aside(batch.values)
        # One event at a time, each dying at once: keeping the decoded objects costs twice as much.
        for place, value in enumerate(batch.values):
            if value is None or place in aside:
                self._reread(rows, place, value)
                continue
            try:
                event = decode(value)
                numbers = tail(event)
            except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
                self._reread(rows, place, value)
                continue
            try:
                packed = pack(*numbers)
            except StructError:  # a null among the numbers
                packed = pack(*(MISSING if number is None else number for number in numbers))
            add_heads(head(event))
            add_packed(packed)
        return rows

    def _heads_of(self, rows: Rows) -> Callable[[Any], tuple[Any, ...]]:
        """What takes the heads of a record that was read; where there are embeddings, these on the way."""
        if rows.vectors is None:
            return self._head
        take, vectors, head = rows.vectors.take_decoded, self._vectors, self._head

        def both(event: Any) -> tuple[Any, ...]:
            take(vectors(event))
            return head(event)

        return both

    def _aside(self, values: Sequence[bytes | None]) -> set[int]:
        """Places of records that are not for the fast decoder: too long, or doubtful (F7).

        Doubtful is who names a load-bearing key more than once: perhaps twice in one object. Each record is
        looked at by itself, for what becomes of it must not depend on its batch.
        """
        known = [value or b"" for value in values]
        lengths = np.fromiter(map(len, known), np.int64, len(known))
        found: set[int] = set(np.flatnonzero(lengths > self.reading.limit_bytes).tolist())
        ends = np.cumsum(lengths)
        start = 0
        while start < len(known):  # a record longer than this stands alone
            before = int(ends[start] - lengths[start])
            stop = max(start + 1, int(np.searchsorted(ends, before + SEARCHED_BYTES, side="right")))
            found.update(
                start + place for place in self._repeating(known[start:stop], ends[start:stop] - before)
            )
            start = stop
        return found

    def _repeating(self, records: list[bytes], ends: NDArray[np.int64]) -> list[int]:
        """Places of records in which a guarded key stands twice; candidates are found in all of them at once."""
        joined = b"".join(records)
        found: list[int] = []
        for key, tail in self._guarded:
            where = np.searchsorted(ends, _places(joined, tail), side="right")
            candidates: list[int] = np.flatnonzero(np.bincount(where, minlength=len(records)) > 1).tolist()
            found += [place for place in candidates if records[place].count(key) > 1]
        return found

    def _reread(self, rows: Rows, place: int, value: bytes | None) -> None:
        found = reread.reread(value, self.reading.limit_bytes)
        if isinstance(found, RecordClass):
            rows.refused.append((place, found))
            return
        rows.heads.extend(read(found, path) for read, path in zip(self._readers, self._heads, strict=True))
        rows.packed.append(self._pack(*(reread.number(found, path) for path in self._numbers)))
        if rows.vectors is not None:
            rows.vectors.take([lookup(found, path) for path in self._lists])

    def _letter(self, batch: RecordBatch, place: int, why: RecordClass) -> DeadLetter:
        value = batch.values[place] or b""
        sample = value[:SAMPLE_BYTES].decode("latin-1").encode("unicode_escape").decode("ascii")
        return DeadLetter(
            model=self.reading.model,
            stream=self.reading.stream,
            partition=batch.partition,
            offset=int(batch.offsets[place]),
            reason=why,
            sample=sample[:SAMPLE_BYTES],
        )


def _tail(key: bytes) -> NDArray[np.unsignedinteger]:
    """The last 4 bytes of a quoted key (2 of a very short one) as one number."""
    return np.frombuffer(key[-4:], "<u4") if len(key) >= 4 else np.frombuffer(key[-2:], "<u2")


def _places(text: bytes, tail: NDArray[np.unsignedinteger]) -> NDArray[np.int64]:
    """Where the number stands in `text`, at every alignment: five times as fast as a search for the bytes."""
    size = tail.itemsize
    aligned = [
        np.frombuffer(text, tail.dtype, (len(text) - at) // size, at) for at in range(min(size, len(text)))
    ]
    found = [np.flatnonzero(words == tail) * size + at for at, words in enumerate(aligned)]
    return np.concatenate(found) if found else np.empty(0, np.int64)
