"""Rows of CSV, JSON lines and Parquet files as JSON values, in chunks, with the bytes read so far."""

from __future__ import annotations

import csv
import gzip
import io
import math
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO, Final, cast

import msgspec

from driftwatch.errors import SourceError
from driftwatch.source.json_cells import RowTemplate, Tree, json_cell, nested

Rows = Iterator[tuple[list[int], list[bytes], int]]
"""(row numbers, values, bytes of the file read so far); row numbers begin at 0 and ascend."""

_ENDINGS: Final = (
    ".csv",
    ".csv.gz",
    ".jsonl",
    ".jsonl.gz",
    ".ndjson",
    ".ndjson.gz",
    ".json",
    ".json.gz",
    ".parquet",
)
_encode: Final = msgspec.json.Encoder(decimal_format="number").encode


def read_rows(path: Path, chunk_rows: int) -> Rows:
    """Open a file by its ending and read it in chunks of `chunk_rows`; a chunk may be empty at the end.

    Raises SourceError with the file and line if it cannot be read.
    """
    reader = reader_of(path)
    try:
        yield from reader(path, chunk_rows)
    except (OSError, EOFError, UnicodeDecodeError, csv.Error) as error:
        raise SourceError(f"{path} cannot be read: {error}") from error


def reader_of(path: Path) -> Callable[[Path, int], Rows]:
    """The reader for a file's ending; SourceError if there is none."""
    name = path.name.lower().removesuffix(".gz")
    if name.endswith(".csv"):
        return _read_csv
    if name.endswith((".jsonl", ".ndjson", ".json")):
        return _read_json_lines
    if name.endswith(".parquet") and not path.name.lower().endswith(".gz"):
        return _read_parquet
    raise SourceError(f"{path} is of no known kind; its name must end in {', '.join(_ENDINGS)}")


def _read_csv(path: Path, chunk_rows: int) -> Rows:
    with _open(path) as (data, raw):
        # `newline=""`: the csv module itself tells line ends from those inside quotes.
        rows = csv.reader(io.TextIOWrapper(data, encoding="utf-8-sig", newline=""), strict=True)
        columns = next(rows, None)
        if columns is None:
            raise SourceError(f"{path} is empty; the first line of a CSV file names its columns")
        template = RowTemplate(columns)
        first, values = 0, list[bytes]()
        for cells in rows:
            if not cells:
                continue  # a blank line
            if len(cells) != len(columns):
                raise SourceError(
                    f"{path} line {rows.line_num}: {len(cells)} cells, but {len(columns)} columns"
                )
            values.append(template.row([json_cell(cell) for cell in cells]))
            if len(values) == chunk_rows:
                yield _numbered(first, values), values, raw.tell()
                first, values = first + len(values), []
        yield _numbered(first, values), values, raw.tell()


def _read_json_lines(path: Path, chunk_rows: int) -> Rows:
    with _open(path) as (data, raw):
        numbers, values = list[int](), list[bytes]()
        for number, line in enumerate(data):
            value = line.strip(b" \t\r\n")
            if not value:
                continue  # a blank line
            numbers.append(number)
            values.append(value)
            if len(values) == chunk_rows:
                yield numbers, values, raw.tell()
                numbers, values = [], []
        yield numbers, values, raw.tell()


def _read_parquet(path: Path, chunk_rows: int) -> Rows:
    try:
        parquet: Any = import_module("pyarrow.parquet")
        arrow: Any = import_module("pyarrow")
    except ImportError as error:
        raise SourceError(
            f"{path} needs pyarrow, which is not installed: pip install 'driftwatchd[parquet]'"
        ) from error
    size_bytes = path.stat().st_size
    try:
        with parquet.ParquetFile(path) as file:
            total, first = max(file.metadata.num_rows, 1), 0
            tree = nested(file.schema_arrow.names)
            for batch in file.iter_batches(batch_size=chunk_rows):
                columns = [_plain(column, arrow) for column in batch.columns]
                values = [_encode(_placed(tree, cells)) for cells in zip(*columns, strict=True)]
                yield _numbered(first, values), values, size_bytes * (first + len(values)) // total
                first += len(values)
    except arrow.ArrowException as error:
        raise SourceError(f"{path} is not a readable Parquet file: {error}") from error


def _plain(column: Any, arrow: Any) -> list[Any]:
    """Python values of an Arrow column; times to microseconds, infinities as text (no JSON number is infinite)."""
    if arrow.types.is_timestamp(column.type):
        column = column.cast(arrow.timestamp("us", tz=column.type.tz), safe=False)
    values = cast("list[Any]", column.to_pylist())
    if arrow.types.is_floating(column.type):
        return [str(value) if value is not None and math.isinf(value) else value for value in values]
    return values


def _placed(tree: Tree, cells: tuple[Any, ...]) -> dict[str, Any]:
    return {name: cells[at] if isinstance(at, int) else _placed(at, cells) for name, at in tree.items()}


def _numbered(first: int, values: list[bytes]) -> list[int]:
    return list(range(first, first + len(values)))


@contextmanager
def _open(path: Path) -> Generator[tuple[BinaryIO, BinaryIO]]:
    """(the file's data, the file itself, whose position tells how much was read)."""
    with path.open("rb") as raw:
        if path.name.lower().endswith(".gz"):
            with gzip.GzipFile(fileobj=raw) as data:
                yield cast(BinaryIO, data), raw
        else:
            yield raw, raw
