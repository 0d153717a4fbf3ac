"""A block: events of one stream from any number of partitions as one set of columns, and its bytes for the checkpoint."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from driftwatch.events.columns import Events
from driftwatch.events.packing import pack_array, pack_list, unpack_array, unpack_list


@dataclass(slots=True)
class Block:
    """n events; the columns of `Events`, with `partitions` int32[n] as positions in the monitor's list."""

    partitions: NDArray[np.int32]
    offsets: NDArray[np.int64]
    times_ms: NDArray[np.int64]
    ids: NDArray[np.int64]
    payloads: NDArray[np.int64]
    scores: NDArray[np.float64]
    numbers: NDArray[np.float64]
    versions: list[str]
    decisions: list[str | None]
    labels: list[float | str | None]
    texts: list[list[str | None]]

    def __len__(self) -> int:
        return len(self.offsets)

    def select(self, keep: NDArray[np.int64]) -> Block:
        """The events at these positions, in their order."""
        if len(keep) == len(self) and (keep == np.arange(len(keep))).all():
            return self
        places: list[int] = keep.tolist()
        columns: dict[str, Any] = {name: a[keep] if len(a) else a for name, a in self._named(_ARRAYS)}
        columns |= {name: _at(column, places) if column else [] for name, column in self._named(_LISTS)}
        return Block(**columns, texts=[_at(column, places) for column in self.texts])

    def _named(self, names: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
        return ((name, getattr(self, name)) for name in names)

    def to_bytes(self) -> bytes:
        """Bytes from which `from_bytes` makes an equal block on any machine; about 20 for a label."""
        arrays = {name: pack_array(array) for name, array in self._named(_ARRAYS)}
        lists = {name: pack_list(column) for name, column in self._named(_LISTS)}
        return msgspec.msgpack.encode((arrays, lists, [pack_list(column) for column in self.texts]))

    @classmethod
    def from_bytes(cls, data: bytes) -> Block:
        """The block that was written; raises msgspec.DecodeError on anything else."""
        arrays, lists, texts = msgspec.msgpack.decode(data)
        columns: dict[str, Any] = {name: unpack_array(packed) for name, packed in arrays.items()}
        columns |= {name: unpack_list(packed) for name, packed in lists.items()}
        return cls(**columns, texts=[unpack_list(packed) for packed in texts])

    @classmethod
    def joined(cls, blocks: Sequence[Block]) -> Block:
        """Several blocks as one, in their order."""
        if len(blocks) == 1:
            return blocks[0]
        columns: dict[str, Any] = {
            name: np.concatenate([getattr(b, name) for b in blocks]) for name in _ARRAYS
        }
        columns |= {name: [v for b in blocks for v in getattr(b, name)] for name in _LISTS}
        return cls(
            **columns,
            texts=[[v for b in blocks for v in b.texts[i]] for i in range(len(blocks[0].texts))],
        )

    @classmethod
    def of(cls, events: Events, partition: int) -> Block:
        """The events of one batch; `partition` is the position of its partition in the monitor's list."""
        return cls(
            partitions=np.full(len(events), partition, np.int32),
            offsets=events.offsets,
            times_ms=events.times_ms,
            ids=events.ids,
            payloads=events.payloads,
            scores=events.scores,
            numbers=events.numbers,
            versions=events.versions,
            decisions=events.decisions,
            labels=events.labels,
            texts=events.texts,
        )


_ARRAYS = ("partitions", "offsets", "times_ms", "ids", "payloads", "scores", "numbers")
_LISTS = ("versions", "decisions", "labels")


def _at(column: list[Any], places: list[int]) -> list[Any]:
    return list(map(column.__getitem__, places))
