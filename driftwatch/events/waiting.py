"""The waiting area: events of one stream that may not be decided yet, in chunks that are written once (E2)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from driftwatch.events.block import Block


class Waiting:
    """Events wait until a frontier passes them; what has arrived since the last commit is a chunk of its own.

    Small chunks are joined as in a binary counter, so that n waiting events lie in O(log n) chunks and each
    is rewritten O(log n) times.
    """

    def __init__(self, name: str, chunks: Mapping[str, bytes], released_ms: int) -> None:
        """`chunks` as stored under names `NAME/NUMBER`; what lies below `released_ms` has left already."""
        self.name = name
        self.released_ms = released_ms
        self._fresh: list[Block] = []
        self._chunks: dict[int, Block] = {}
        self._changes: dict[str, bytes | None] = {}
        for key in sorted(
            (k for k in chunks if k.startswith(f"{name}/")), key=lambda k: int(k.rsplit("/", 1)[1])
        ):
            block = Block.from_bytes(chunks[key])
            self._chunks[int(key.rsplit("/", 1)[1])] = block.select(
                np.flatnonzero(block.times_ms >= released_ms)
            )
        self._next = max(self._chunks, default=0) + 1

    def __len__(self) -> int:
        return sum(map(len, self._fresh)) + sum(map(len, self._chunks.values()))

    def add(self, block: Block) -> None:
        """Events that begin to wait; none lies below what was released."""
        if len(block):
            self._fresh.append(block)

    def release(self, before_ms: int) -> Block | None:
        """The events with time below `before_ms`, ordered by (time, partition, offset); None if there are none."""
        if before_ms <= self.released_ms:
            return None
        self.released_ms = before_ms
        taken: list[Block] = []
        self._fresh = [
            rest for rest in (_split(block, before_ms, taken) for block in self._fresh) if len(rest)
        ]
        for number, block in list(self._chunks.items()):
            rest = _split(block, before_ms, taken)
            self._chunks[number] = rest
            if not len(rest):
                self._drop(number)
        if not taken:
            return None
        released = Block.joined(taken)
        return released.select(np.lexsort((released.offsets, released.partitions, released.times_ms)))

    def changes(self) -> dict[str, bytes | None]:
        """What to write (bytes) and delete (None) so that the stored chunks hold all that waits."""
        if self._fresh:
            self._put(Block.joined(self._fresh))
            self._fresh = []
        changes, self._changes = self._changes, {}
        return changes

    def _put(self, block: Block) -> None:
        while self._chunks:
            last = max(self._chunks)
            if len(self._chunks[last]) > 2 * len(block):
                break
            block = Block.joined([self._chunks[last], block])
            self._drop(last)
        self._chunks[self._next] = block
        self._changes[f"{self.name}/{self._next}"] = block.to_bytes()
        self._next += 1

    def _drop(self, number: int) -> None:
        del self._chunks[number]
        self._changes[f"{self.name}/{number}"] = None


def _split(block: Block, before_ms: int, taken: list[Block]) -> Block:
    """Moves what lies before the limit to `taken` and returns the rest."""
    due = block.times_ms < before_ms
    if not due.any():
        return block
    taken.append(block.select(np.flatnonzero(due)))
    return block.select(np.flatnonzero(~due))
