"""The waiting area: events of one stream that may not be decided yet, in chunks that are written once (E2)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from driftwatch.events.block import Block

PIECE_EVENTS: Final = 4_096
"""Events that are unpacked at once."""
CHUNK_EVENTS: Final = 65_536
"""A chunk of so many is not joined with others any more: no rewrite takes long."""
RELEASE_EVENTS: Final = 32_768
"""Events that should be released at once: unpacked and ordered, they take five times the memory."""


class Piece(msgspec.Struct, array_like=True):
    """Some packed events of about the same time; those below what was released have left, though they still lie here."""

    data: bytes
    first_ms: int
    last_ms: int
    left: int
    """Events that still wait."""

    @staticmethod
    def of(block: Block) -> Piece:
        """The events of a block, at least one."""
        return Piece(block.to_bytes(), int(block.times_ms.min()), int(block.times_ms.max()), len(block))

    def from_to(self, from_ms: int, to_ms: int | None = None) -> Block:
        """Unpack the events with `from_ms` <= time < `to_ms`."""
        block = Block.from_bytes(self.data)
        inside = block.times_ms >= from_ms
        if to_ms is not None:
            inside &= block.times_ms < to_ms
        return block.select(np.flatnonzero(inside))


@dataclass(slots=True)
class _Chunk:
    """What the checkpoint holds under one name."""

    pieces: list[Piece]

    def __len__(self) -> int:
        return sum(piece.left for piece in self.pieces)


class Waiting:
    """Events wait, packed, until a frontier passes them; what has arrived since the last commit is a chunk of its own.

    Small chunks are joined as in a binary counter, so that n waiting events lie in O(log n) small chunks and some of
    full size, and each is rewritten O(log n) times. Only the pieces that a frontier reaches are unpacked.
    """

    def __init__(self, name: str, chunks: Mapping[str, bytes], released_ms: int) -> None:
        """`chunks` as stored under names `NAME/NUMBER`; what lies below `released_ms` has left already."""
        self.name = name
        self.released_ms = released_ms
        self._fresh: list[Piece] = []
        self._chunks: dict[int, _Chunk] = {}
        self._changes: dict[str, bytes | None] = {}
        for key in sorted(
            (k for k in chunks if k.startswith(f"{name}/")), key=lambda k: int(k.rsplit("/", 1)[1])
        ):
            pieces = msgspec.msgpack.decode(chunks[key], type=list[Piece])
            self._chunks[int(key.rsplit("/", 1)[1])] = _Chunk(
                [piece for piece in pieces if self._still(piece)]
            )
        self._next = max(self._chunks, default=0) + 1

    def __len__(self) -> int:
        return sum(piece.left for piece in self._fresh) + sum(map(len, self._chunks.values()))

    def add(self, block: Block) -> None:
        """Events that begin to wait; none lies below what was released."""
        self._fresh.extend(_cut(block))

    def stops(self, before_ms: int) -> Iterator[int]:
        """Times at which to release on the way to `before_ms`, so that about `RELEASE_EVENTS` are released each time.

        Pieces say when they begin and end; between these their events are taken to be spread evenly.
        """
        due = [p for p in self._pieces() if p.first_ms < before_ms]
        steps = -(-sum(piece.left for piece in due) // RELEASE_EVENTS)
        if steps > 1:
            first = np.array([max(piece.first_ms, self.released_ms) for piece in due])[:, None]
            last = np.array([piece.last_ms + 1 for piece in due])[:, None]
            left = np.array([piece.left for piece in due], np.float64)[:, None]
            times = np.unique(np.minimum(np.concatenate([first, last]), before_ms))
            share = ((times - first) / np.maximum(last - first, 1)).clip(0, 1)
            events: NDArray[np.float64] = (left * share).sum(axis=0)
            wanted = np.arange(1, steps, dtype=np.float64) * (float(events[-1]) / steps)
            stops = np.interp(wanted, events, times.astype(np.float64)).astype(np.int64)
            yield from (stop for stop in np.unique(stops).tolist() if stop < before_ms)
        yield before_ms

    def _pieces(self) -> Iterator[Piece]:
        yield from self._fresh
        for chunk in self._chunks.values():
            yield from chunk.pieces

    def release(self, before_ms: int) -> Block | None:
        """The events with time below `before_ms`, ordered by (time, partition, offset); None if there are none."""
        if before_ms <= self.released_ms:
            return None
        from_ms, self.released_ms = self.released_ms, before_ms
        taken: list[Block] = []
        self._fresh = [piece for piece in self._fresh if self._take(piece, from_ms, taken)]
        for number, chunk in list(self._chunks.items()):
            chunk.pieces = [piece for piece in chunk.pieces if self._take(piece, from_ms, taken)]
            if not chunk.pieces:
                self._drop(number)
        if not taken:
            return None
        released = Block.joined(taken)
        return released.select(np.lexsort((released.offsets, released.partitions, released.times_ms)))

    def _take(self, piece: Piece, from_ms: int, taken: list[Block]) -> bool:
        """Move what is due now to `taken`; whether anything is left."""
        if piece.first_ms >= self.released_ms:
            return True
        due = piece.from_to(from_ms, self.released_ms)
        if len(due):
            taken.append(due)
            piece.left -= len(due)
        return piece.left > 0

    def _still(self, piece: Piece) -> bool:
        """Count what is left in a stored piece; whether that is anything."""
        if piece.first_ms < self.released_ms:
            piece.left = len(piece.from_to(self.released_ms)) if piece.last_ms >= self.released_ms else 0
        return piece.left > 0

    def changes(self) -> dict[str, bytes | None]:
        """What to write (bytes) and delete (None) so that the stored chunks hold all that waits."""
        if self._fresh:
            fresh, self._fresh = self._fresh, []
            self._put(fresh)
        changes, self._changes = self._changes, {}
        return changes

    def _put(self, pieces: list[Piece]) -> None:
        while self._chunks:
            last = max(self._chunks)
            size = len(self._chunks[last])
            if size > 2 * sum(piece.left for piece in pieces) or size >= CHUNK_EVENTS:
                break
            pieces = self._chunks[last].pieces + pieces
            self._drop(last)
        chunk = _Chunk(self._tidied(pieces))
        self._chunks[self._next] = chunk
        self._changes[f"{self.name}/{self._next}"] = msgspec.msgpack.encode(chunk.pieces)
        self._next += 1

    def _tidied(self, pieces: list[Piece]) -> list[Piece]:
        """The same events, with small pieces joined."""
        small = [piece for piece in pieces if 2 * piece.left < PIECE_EVENTS]
        if len(small) < 2:
            return pieces
        joined = Block.joined([piece.from_to(self.released_ms) for piece in small])
        return [*(piece for piece in pieces if 2 * piece.left >= PIECE_EVENTS), *_cut(joined)]

    def _drop(self, number: int) -> None:
        del self._chunks[number]
        self._changes[f"{self.name}/{number}"] = None


def _cut(block: Block) -> Iterable[Piece]:
    """The events in the order of time, cut."""
    order = np.argsort(block.times_ms, kind="stable")
    for start in range(0, len(block), PIECE_EVENTS):
        yield Piece.of(block.select(order[start : start + PIECE_EVENTS]))
