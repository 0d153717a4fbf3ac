"""Files through the port, as the loop and `replay` use them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from driftwatch.errors import SourceError
from driftwatch.events.records import Partition, RecordBatch
from driftwatch.events.source import Standing
from driftwatch.source.files import FileSource, FileStream, Progress, from_offset, sliced
from tests.contracts.edges import Reader

A, B = Partition("a", 0), Partition("b", 0)


@pytest.fixture
def paths(tmp_path: Path) -> dict[str, Path]:
    (tmp_path / "a.csv").write_text("n\n" + "".join(f"{n}\n" for n in range(10)))
    (tmp_path / "b.jsonl").write_text("".join(f'{{"n":{n}}}\n' for n in range(4)))
    return {"a": tmp_path / "a.csv", "b": tmp_path / "b.jsonl"}


def reader(source: FileSource, topics: list[str], committed: dict[Partition, int] | None = None) -> Reader:
    source.start(topics, committed or {})
    return Reader(source, committed or {})


def test_rows_are_records_without_timestamps(paths: dict[str, Path]) -> None:
    source = FileSource(paths, chunk_rows=3)
    read = reader(source, ["a", "b"])
    assert read.poll().assigned == {A, B}
    assert not source.finished()
    read.until(source.finished, "the end")
    assert read.offsets("a") == list(range(10))
    assert read.values("a") == [b'{"n":%d}' % n for n in range(10)]
    assert read.values("b") == [b'{"n":%d}' % n for n in range(4)]
    assert set(read.timestamps[A]) == {-1}
    assert source.standing() == {A: Standing(10, 10, 10), B: Standing(4, 4, 4)}
    sizes = sum(path.stat().st_size for path in paths.values())
    assert source.progress() == Progress(rows=14, read_bytes=sizes, total_bytes=sizes)


def test_begins_behind_what_was_committed(paths: dict[str, Path]) -> None:
    source = FileSource(paths, chunk_rows=3)
    read = reader(source, ["a"], {A: 7})
    read.until(source.finished, "the end")
    assert read.offsets("a") == [7, 8, 9]


def test_a_pause_holds_exactly_its_files(paths: dict[str, Path]) -> None:
    source = FileSource(paths, chunk_rows=3)
    read = reader(source, ["a", "b"])
    source.pause({A})
    for _ in range(5):
        read.poll()
    assert (read.offsets("a"), read.offsets("b")) == ([], [0, 1, 2, 3])
    assert source.standing()[A] == Standing(0, 1, 1)
    source.pause(set())
    read.until(source.finished, "the end")
    assert read.offsets("a") == list(range(10))


def test_bounds(paths: dict[str, Path]) -> None:
    assert FileSource(paths).bounds(["a", "b"]) == {A: (0, 10), B: (0, 4)}
    with pytest.raises(SourceError, match="no file was given for: c"):
        FileSource(paths).bounds(["c"])


def test_a_file_shorter_than_what_was_read_is_refused(paths: dict[str, Path]) -> None:
    read = reader(FileSource(paths), ["a"], {A: 11})
    with pytest.raises(SourceError, match="has 10 rows, but 11 were read before"):
        read.until(lambda: False, "an error")


def test_missing_files_are_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no such file"):
        FileSource({"a": tmp_path / "none.csv"})


def test_a_stream_is_lazy(paths: dict[str, Path]) -> None:
    stream = FileStream("a", paths["a"], chunk_rows=4)
    batches = iter(stream)
    assert next(batches).offsets.tolist() == [0, 1, 2, 3]
    assert stream.progress.rows == 4
    assert [batch.next_offset for batch in batches] == [8, 10]


def test_cutting_batches() -> None:
    offsets = np.array([3, 5, 9])
    batch = RecordBatch(A, offsets, offsets * 10, [b"3", b"5", b"9"], 12)
    assert from_offset(batch, 3) is batch
    assert from_offset(batch, 10) is None
    rest = from_offset(batch, 4)
    assert rest is not None
    assert (rest.offsets.tolist(), rest.timestamps_ms.tolist(), rest.values, rest.next_offset) == (
        [5, 9],
        [50, 90],
        [b"5", b"9"],
        12,
    )
    assert sliced(batch, 0, 2).next_offset == 9
