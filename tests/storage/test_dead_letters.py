"""Dead letters: one safe line each, bounded, and never a reason to stop."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.events.classes import RecordClass, Stream
from driftwatch.events.columns import DeadLetter
from driftwatch.events.records import Partition
from driftwatch.storage.dead_letters import DeadLetterFile


def letter(offset: int, sample: str = "{") -> DeadLetter:
    return DeadLetter(
        "credit", Stream.PREDICTIONS, Partition("t", 3), offset, RecordClass.INVALID_JSON, sample
    )


def offsets(path: Path) -> list[int]:
    return [json.loads(line)["offset"] for line in path.read_text("ascii").splitlines()]


def test_a_line_says_where_and_why(tmp_path: Path) -> None:
    file = DeadLetterFile(tmp_path / "deep" / "dead.ndjson", 10_000)
    assert file.write([letter(7, "\x1b[31m\n\ud800 {} \u2028")]) == (1, 0)
    file.close()
    (line,) = (tmp_path / "deep" / "dead.ndjson").read_bytes().splitlines()
    assert json.loads(line) == {
        "model": "credit", "stream": "predictions", "topic": "t", "partition": 3, "offset": 7,
        "class": "invalid:not_json", "sample": "\x1b[31m\n\ud800 {} \u2028",
    }  # fmt: skip
    assert line.isascii()
    assert b"\x1b" not in line


@given(st.lists(st.lists(st.integers(0, 400), max_size=9), max_size=9), st.integers(1_200, 5_000))
def test_both_files_stay_below_the_limit_and_hold_the_newest(
    tmp_path_factory: pytest.TempPathFactory, batches: list[list[int]], max_bytes: int
) -> None:
    path = tmp_path_factory.mktemp("d") / "dead"
    file, number = DeadLetterFile(path, max_bytes), 0
    for batch in batches:
        assert file.write([letter(number + i, "x" * size) for i, size in enumerate(batch)]) == (len(batch), 0)
        number += len(batch)
        assert sum(p.stat().st_size for p in (path, path.with_name("dead.1")) if p.exists()) <= max_bytes
    file.close()
    found = [offset for p in (path.with_name("dead.1"), path) if p.exists() for offset in offsets(p)]
    assert found == list(range(number - len(found), number))
    assert bool(found) == bool(number)


def test_a_letter_that_fits_into_no_file_is_dropped(tmp_path: Path) -> None:
    file = DeadLetterFile(tmp_path / "dead", 1_000)
    assert file.write([letter(1), letter(2, "x" * 500), letter(3)]) == (2, 1)
    file.close()
    assert offsets(tmp_path / "dead") == [1, 3]


def test_it_goes_on_where_it_ended(tmp_path: Path) -> None:
    for start in (0, 3):
        file = DeadLetterFile(tmp_path / "dead", 10_000)
        file.write(letter(start + i) for i in range(3))
        file.close()
    assert offsets(tmp_path / "dead") == [0, 1, 2, 3, 4, 5]


def test_nothing_is_raised_where_nothing_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    file = DeadLetterFile(tmp_path / "file" / "dead", 10_000)
    assert file.write([letter(1), letter(2)]) == (0, 2)
    assert file.write([]) == (0, 0)
    assert file.dropped == 2
    file.close()


def test_a_full_disk_leaves_whole_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "dead"
    file = DeadLetterFile(path, 100_000)
    file.write([letter(0)])
    size = path.stat().st_size
    write = os.write
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", lambda fd, data: write(fd, data[: 2 * size + 5]))  # then the disk is full
        assert file.write([letter(1), letter(2), letter(3), letter(4)]) == (2, 2)
    assert file.write([letter(5)]) == (1, 0)
    assert offsets(path) == [0, 1, 2, 5]
    assert file.dropped == 2
    file.close()
