"""Record batches become columns of events: a compiled fast path, and one by one what that refuses."""

from __future__ import annotations

from itertools import repeat
from struct import Struct
from struct import error as StructError
from typing import Any, Final

import msgspec

from driftwatch.events import reread
from driftwatch.events.assemble import Rows, assemble
from driftwatch.events.classes import DEAD_LETTERS, RecordClass
from driftwatch.events.columns import MISSING, DeadLetter, Events
from driftwatch.events.compile import NUMBER, SCALAR, compile_paths
from driftwatch.events.fields import FieldPath
from driftwatch.events.reading import StreamReading
from driftwatch.events.records import RecordBatch

SAMPLE_BYTES: Final = 256
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
        compiled = compile_paths(kinds)
        self._decode = compiled.decode
        self._head = compiled.getter(self._heads)
        self._tail = compiled.getter(self._numbers)
        self._pack = Struct(f"<{len(self._numbers)}d").pack
        single = len(self._heads) - len(reading.textual) - len(reading.where)
        self._readers = (
            [reread.scalar] * single
            + [reread.text] * len(reading.textual)
            + [reread.scalar] * len(reading.where)
        )
        self._guarded = tuple(
            {b'"%s"' % path[-1].encode() for path in (reading.id, reading.score, reading.label) if path}
        )

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
        rows = Rows()
        decode, head, tail, pack = self._decode, self._head, self._tail, self._pack
        limit = self.reading.limit_bytes
        add_place, add_head, add_packed = rows.places.append, rows.heads.append, rows.packed.append
        doubtful = self._doubtful(batch)
        # One event at a time, each dying at once: keeping the decoded objects costs twice as much.
        for place, value in enumerate(batch.values):
            if value is None or len(value) > limit or place in doubtful:
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
            add_place(place)
            add_head(head(event))
            add_packed(packed)
        return rows

    def _doubtful(self, batch: RecordBatch) -> set[int]:
        """Places of records that name a load-bearing key more than once: perhaps twice in one object (F7).

        Each record by itself: what becomes of it must not depend on its batch.
        """
        values = [value or b"" for value in batch.values]
        found: set[int] = set()
        for key in self._guarded:
            counts = list(map(bytes.count, values, repeat(key)))
            if max(counts, default=0) > 1:
                found.update(place for place, count in enumerate(counts) if count > 1)
        return found

    def _reread(self, rows: Rows, place: int, value: bytes | None) -> None:
        found = reread.reread(value, self.reading.limit_bytes)
        if isinstance(found, RecordClass):
            rows.refused.append((place, found))
            return
        rows.places.append(place)
        rows.heads.append(
            tuple(read(found, path) for read, path in zip(self._readers, self._heads, strict=True))
        )
        rows.packed.append(self._pack(*(reread.number(found, path) for path in self._numbers)))

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
