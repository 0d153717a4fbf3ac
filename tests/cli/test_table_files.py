"""Tidy rows in every form that a file's ending can ask for."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from driftwatch.cli.table_files import TableFile, TableFileError

ROWS: list[dict[str, Any]] = [{"a": 1.5, "b": "ü", "c": ["x", "y"]}, {"a": None, "b": "", "c": []}]


def write(path: Path) -> None:
    with TableFile(path, ["a", "b", "c"]) as file:
        file.write(ROWS[:1])
        file.write([])
        file.write(ROWS[1:])


@pytest.mark.parametrize("ending", ["ndjson", "jsonl"])
def test_ndjson(tmp_path: Path, ending: str) -> None:
    write(tmp_path / f"t.{ending}")
    assert [json.loads(line) for line in (tmp_path / f"t.{ending}").read_text("utf-8").splitlines()] == ROWS


def test_csv(tmp_path: Path) -> None:
    write(tmp_path / "t.csv")
    first, second = csv.DictReader((tmp_path / "t.csv").read_text("utf-8").splitlines())
    assert first == {"a": "1.5", "b": "ü", "c": '["x", "y"]'}
    assert second == {"a": "", "b": "", "c": "[]"}


def test_parquet(tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    write(tmp_path / "t.parquet")
    assert parquet.read_table(tmp_path / "t.parquet").to_pylist() == ROWS


def test_another_ending_is_an_error_that_lists_them(tmp_path: Path) -> None:
    with pytest.raises(TableFileError, match=r"\.ndjson, \.jsonl, \.csv, \.parquet"):
        TableFile(tmp_path / "t.xlsx", ["a"])


def test_a_place_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(TableFileError, match="cannot be written"):
        TableFile(tmp_path / "nowhere" / "t.csv", ["a"])
