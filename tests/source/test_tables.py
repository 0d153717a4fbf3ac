"""Rows of every kind of file, against plain Python readers."""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from driftwatch.errors import SourceError
from driftwatch.source.tables import read_rows, reader_of

Rows = list[tuple[int, Any]]


def rows(path: Path, chunk_rows: int = 3) -> Rows:
    found: Rows = []
    for numbers, values, _read in read_rows(path, chunk_rows):
        assert len(numbers) == len(values) <= chunk_rows
        found += [(number, json.loads(value)) for number, value in zip(numbers, values, strict=True)]
    return found


def write(path: Path, data: bytes) -> Path:
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


@pytest.mark.parametrize("name", ["x.csv", "x.csv.gz", "X.CSV"])
def test_csv(tmp_path: Path, name: str) -> None:
    text = (
        'id,car_value,salary,note\n1,39811.0,0 - 20K €,"a, ""b""\nc"\n2,,NaN,007\n\n3,1e3,x,True\n4,5,y,z\n'
    )
    path = write(tmp_path / name, ("\ufeff" + text).encode())
    assert rows(path) == [
        (0, {"id": 1, "car_value": 39811.0, "salary": "0 - 20K €", "note": 'a, "b"\nc'}),
        (1, {"id": 2, "car_value": None, "salary": None, "note": "007"}),
        (2, {"id": 3, "car_value": 1000.0, "salary": "x", "note": "True"}),
        (3, {"id": 4, "car_value": 5, "salary": "y", "note": "z"}),
    ]


def test_csv_agrees_with_the_csv_module_on_a_long_file(tmp_path: Path) -> None:
    with (tmp_path / "x.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["a", "b"])
        writer.writerows([n, f"t{n}"] for n in range(1_000))
    assert rows(tmp_path / "x.csv", 64) == [(n, {"a": n, "b": f"t{n}"}) for n in range(1_000)]


@pytest.mark.parametrize("name", ["x.jsonl", "x.ndjson.gz", "x.json"])
def test_json_lines_are_handed_over_as_they_are(tmp_path: Path, name: str) -> None:
    path = write(tmp_path / name, b'{"a": 1}\n\n  {"a":2} \r\nnot json\n{"a":3}')
    found = [
        (n, v) for numbers, values, _ in read_rows(path, 2) for n, v in zip(numbers, values, strict=True)
    ]
    assert found == [(0, b'{"a": 1}'), (2, b'{"a":2}'), (3, b"not json"), (4, b'{"a":3}')]


def test_parquet(tmp_path: Path) -> None:
    moment = dt.datetime.fromisoformat("2024-05-01T12:00:00.123456")
    table = pa.table(
        {
            "id": pa.array([1, 2, None], pa.int64()),
            "output.probability": pa.array([0.5, float("nan"), float("inf")]),
            "ts": pa.array([moment, None, moment], pa.timestamp("ns")),
            "utc": pa.array([moment, None, moment], pa.timestamp("ms", tz="UTC")),
            "kind": pa.array(["a", None, "b"]).dictionary_encode(),
            "ok": pa.array([True, False, None]),
            "money": pa.array([Decimal("1.50"), None, Decimal("2.25")]),
            "features": pa.array([{"x": 1.0, "y": "t"}, None, {"x": None, "y": "u"}]),
        }
    )
    pq.write_table(table, tmp_path / "x.parquet", row_group_size=2)
    found = [row for _, row in rows(tmp_path / "x.parquet", 2)]
    assert [row["id"] for row in found] == [1, 2, None]
    # No JSON number is NaN or infinite: the first is missing, the second of the wrong type.
    assert [row["output"]["probability"] for row in found] == [0.5, None, "inf"]
    assert [row["ts"] for row in found] == ["2024-05-01T12:00:00.123456", None, "2024-05-01T12:00:00.123456"]
    assert found[0]["utc"] == "2024-05-01T12:00:00.123000Z"
    assert [(row["kind"], row["ok"], row["money"]) for row in found] == [
        ("a", True, 1.5),
        (None, False, None),
        ("b", None, 2.25),
    ]
    assert [row["features"] for row in found] == [{"x": 1.0, "y": "t"}, None, {"x": None, "y": "u"}]


def test_bytes_read_grow_to_the_size_of_the_file(tmp_path: Path) -> None:
    lines = b"".join(b'{"n": %d}\n' % (n * 7919 % 10_007) for n in range(50_000))
    for name in ("x.jsonl", "x.jsonl.gz"):
        path = write(tmp_path / name, lines)
        read = [bytes_read for _, _, bytes_read in read_rows(path, 1_000)]
        assert read == sorted(read)
        assert read[0] < read[-1] == path.stat().st_size


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("x.csv", b"", "is empty"),
        ("x.csv", b"a,b\n1,2\n3\n", "line 3: 1 cells, but 2 columns"),
        ("x.csv", b"a\n\xff\n", "cannot be read"),
        ("x.csv", b'a\n"open', "cannot be read"),
        ("x.csv", b"a,a\n1,2\n", "there twice"),
        ("x.parquet", b"PAR1 not really PAR1", "not a readable Parquet file"),
    ],
)
def test_damaged_files_say_where(tmp_path: Path, name: str, data: bytes, says: str) -> None:
    path = write(tmp_path / name, data)
    with pytest.raises(SourceError, match=says) as error:
        rows(path)
    assert "column" in says or "twice" in says or str(path) in str(error.value)


def test_a_cut_gzip_file_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "x.csv.gz"
    path.write_bytes(gzip.compress(b"a\n" + b"123\n" * 10_000)[:-20])
    with pytest.raises(SourceError, match="cannot be read"):
        rows(path)


def test_other_endings_are_refused() -> None:
    for name in ("x.txt", "x.parquet.gz", "csv"):
        with pytest.raises(SourceError, match=r"must end in \.csv"):
            reader_of(Path(name))


def test_without_pyarrow_the_error_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyarrow.parquet", None)
    with pytest.raises(SourceError, match=r"driftwatchd\[parquet\]"):
        rows(write(tmp_path / "x.parquet", b""))
