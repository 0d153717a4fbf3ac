"""Files as topics: each file is one partition, its row numbers are the offsets, its rows JSON values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from driftwatch.errors import SourceError
from driftwatch.events.records import Partition, RecordBatch
from driftwatch.events.source import Polled, Standing
from driftwatch.source.tables import read_rows, reader_of

CHUNK_ROWS: Final = 5_000


@dataclass(slots=True)
class Progress:
    """How far the files were read, for a progress bar; bytes are those of the (compressed) files."""

    rows: int = 0
    read_bytes: int = 0
    total_bytes: int = 0


class FileStream:
    """One file as an iterator of record batches without timestamps (-1); offsets are row numbers."""

    def __init__(self, topic: str, path: Path, chunk_rows: int = CHUNK_ROWS) -> None:
        """SourceError if the file is not there or of no known kind; nothing is read yet."""
        reader_of(path)
        if not path.is_file():
            raise SourceError(f"no such file: {path}")
        self.partition = Partition(topic, 0)
        self.progress = Progress(total_bytes=path.stat().st_size)
        self.path = path
        self._chunk_rows = chunk_rows

    def __iter__(self) -> Iterator[RecordBatch]:
        for numbers, values, read_bytes in read_rows(self.path, self._chunk_rows):
            self.progress.rows += len(values)
            self.progress.read_bytes = read_bytes
            if values:
                offsets = np.array(numbers, np.int64)
                times_ms = np.full(len(values), -1, np.int64)
                yield RecordBatch(self.partition, offsets, times_ms, values, numbers[-1] + 1)
        self.progress.read_bytes = self.progress.total_bytes


class FileSource:
    """The port over files: assigned at once, read one after the other, then at their ends for ever."""

    def __init__(self, files: Mapping[str, Path], chunk_rows: int = CHUNK_ROWS) -> None:
        """`files` maps topics to paths. SourceError if one is not there or of no known kind."""
        self._streams = {
            stream.partition: stream
            for topic, path in files.items()
            for stream in [FileStream(topic, path, chunk_rows)]
        }
        self._iterators: dict[Partition, Iterator[RecordBatch]] = {}
        self._positions: dict[Partition, int] = {}
        self._committed: dict[Partition, int] = {}
        self._ends: dict[Partition, int] = {}
        self._assigned: frozenset[Partition] = frozenset()
        self._paused: frozenset[Partition] = frozenset()
        self._news = False

    def start(self, topics: list[str], committed: Mapping[Partition, int]) -> None:
        """See the port; rows below a committed offset are read and passed over."""
        self._missing(topics)
        self._assigned = frozenset(partition for partition in self._streams if partition.topic in topics)
        self._committed = dict(committed)
        self._positions = {partition: committed.get(partition, 0) for partition in self._assigned}
        self._iterators = {partition: iter(self._streams[partition]) for partition in self._assigned}
        for partition in self._assigned:
            self._streams[partition].progress.rows = 0
        self._ends = {}
        self._paused, self._news = frozenset(), True

    def poll(self, timeout_s: float) -> Polled:
        """See the port; the next chunk of each file that is not paused. Raises SourceError for a bad line."""
        if self._news:
            self._news = False
            return Polled(assigned=self._assigned)
        batches = [
            batch
            for p in sorted(self._iterators.keys() - self._paused)
            if (batch := self._next(p)) is not None
        ]
        return Polled(batches)

    def bounds(self, topics: list[str]) -> dict[Partition, tuple[int, int]]:
        """See the port; reads every file once to find its end."""
        self._missing(topics)
        return {p: (0, self._end(p)) for p in self._streams if p.topic in topics}

    def identities(self, topics: list[str]) -> dict[str, str]:
        """See the port: a file's name is all that there is."""
        return {}

    def standing(self) -> dict[Partition, Standing]:
        """See the port; of a file that was not read through it is only known that its end lies behind."""
        return {p: self._stands(p) for p in self._assigned}

    def pause(self, partitions: set[Partition]) -> None:
        """See the port."""
        self._paused = frozenset(partitions)

    def commit(self, offsets: Mapping[Partition, int]) -> None:
        """See the port: nobody else keeps offsets of files."""
        self._committed |= offsets

    def connected(self) -> bool:
        """See the port."""
        return True

    def standing_by(self) -> str | None:
        """See the port."""
        return None

    def close(self) -> None:
        """See the port."""
        self._iterators = {}

    def finished(self) -> bool:
        """Whether every file was read to its end."""
        return not self._news and not self._iterators

    def progress(self) -> Progress:
        """The sum over all started files."""
        parts = [self._streams[partition].progress for partition in self._assigned]
        return Progress(
            sum(part.rows for part in parts),
            sum(part.read_bytes for part in parts),
            sum(part.total_bytes for part in parts),
        )

    def _next(self, partition: Partition) -> RecordBatch | None:
        for batch in self._iterators[partition]:
            self._ends[partition] = batch.next_offset
            if (rest := from_offset(batch, self._positions[partition])) is not None:
                self._positions[partition] = rest.next_offset
                return rest
        del self._iterators[partition]
        end = self._ends.setdefault(partition, 0)
        if self._positions[partition] > end:
            raise SourceError(
                f"{self._streams[partition].path} has {end} rows, but {self._positions[partition]} were read before: "
                "it is not the same file any more; start with an empty state directory"
            )
        return None

    def _end(self, partition: Partition) -> int:
        path = self._streams[partition].path
        return max((batch.next_offset for batch in FileStream(partition.topic, path)), default=0)

    def _stands(self, partition: Partition) -> Standing:
        position = self._positions[partition]
        end = position + 1 if partition in self._iterators else self._ends[partition]
        return Standing(position, end, end)

    def _missing(self, topics: list[str]) -> None:
        if missing := set(topics) - {partition.topic for partition in self._streams}:
            raise SourceError(f"no file was given for: {', '.join(sorted(missing))}; write TOPIC=PATH")


def from_offset(batch: RecordBatch, offset: int) -> RecordBatch | None:
    """The part of a batch at or after this offset; None if there is none."""
    cut = int(np.searchsorted(batch.offsets, offset))
    if cut == 0:
        return batch
    return sliced(batch, cut, len(batch)) if cut < len(batch) else None


def sliced(batch: RecordBatch, start: int, stop: int) -> RecordBatch:
    """Records `start`…`stop` of a batch as a batch; `stop` > `start`."""
    return RecordBatch(
        batch.partition,
        batch.offsets[start:stop],
        batch.timestamps_ms[start:stop],
        batch.values[start:stop],
        batch.next_offset if stop >= len(batch) else int(batch.offsets[stop]),
    )
