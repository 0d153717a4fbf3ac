"""The bounded file of dead letters: one JSON line per record that could not be read (F7)."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from driftwatch.events.columns import DeadLetter


class Written(NamedTuple):
    """What became of some dead letters."""

    written: int
    dropped: int
    """Not written: the disk was full, or the file could not be opened."""


class DeadLetterFile:
    """Appends to `path`; when that holds half of the limit it becomes `path.1` and a new one begins.

    So the newest letters are always there, and both files together never exceed `max_bytes`. It never raises:
    dead letters are for people, and losing some must not stop the counting.
    """

    def __init__(self, path: Path, max_bytes: int) -> None:
        """Nothing is opened before the first letter."""
        self._path = path
        self._older = path.with_name(path.name + ".1")
        self._limit_bytes = max_bytes // 2
        self._descriptor = -1
        self._size_bytes = 0
        self._dropped = 0

    @property
    def dropped(self) -> int:
        """Letters dropped since the start."""
        return self._dropped

    def write(self, letters: Iterable[DeadLetter]) -> Written:
        """Append letters; returns how many were written and how many dropped."""
        lines = [_line(letter) for letter in letters]
        written = sum(self._append(portion) for portion in self._portions(lines))
        self._dropped += len(lines) - written
        return Written(written, len(lines) - written)

    def close(self) -> None:
        """Close the file; a later letter opens it again."""
        if self._descriptor >= 0:
            with suppress(OSError):
                os.close(self._descriptor)
            self._descriptor = -1

    def _portions(self, lines: list[bytes]) -> Iterator[bytes]:
        """Whole lines, each portion fit for one file; a line that fits into none is left out."""
        portion: list[bytes] = []
        size_bytes = 0
        for line in lines:
            if len(line) > self._limit_bytes:
                continue
            if size_bytes + len(line) > self._limit_bytes:
                yield b"".join(portion)
                portion, size_bytes = [], 0
            portion.append(line)
            size_bytes += len(line)
        yield b"".join(portion)

    def _append(self, portion: bytes) -> int:
        """Write whole lines; returns how many."""
        if not portion:
            return 0
        try:
            self._make_room(len(portion))
            size = os.write(self._descriptor, portion)
            whole = portion.rfind(b"\n", 0, size) + 1
            if whole < size:  # the disk is full: no half line stays
                os.ftruncate(self._descriptor, self._size_bytes + whole)
        except OSError:
            self.close()
            return 0
        self._size_bytes += whole
        return portion.count(b"\n", 0, whole)

    def _make_room(self, size_bytes: int) -> None:
        if self._descriptor < 0:
            self._open()
        if self._size_bytes and self._size_bytes + size_bytes > self._limit_bytes:
            self.close()
            self._path.replace(self._older)
            self._open()

    def _open(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self._size_bytes = os.fstat(self._descriptor).st_size


def _line(letter: DeadLetter) -> bytes:
    """ASCII only: control characters and lone surrogates are escaped, so the file is safe to show (F34)."""
    content = {
        "model": letter.model,
        "stream": letter.stream.value,
        "topic": letter.partition.topic,
        "partition": letter.partition.number,
        "offset": letter.offset,
        "class": letter.reason.value,
        "sample": letter.sample,
    }
    return json.dumps(content).encode("ascii") + b"\n"
