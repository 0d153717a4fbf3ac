"""Tidy rows into a file whose ending says the form: NDJSON, CSV or Parquet."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

from driftwatch.errors import DriftwatchError, ExitCode

Row = dict[str, Any]


class TableFileError(DriftwatchError):
    """The file's ending is not one that can be written, or the file cannot be."""

    exit_code = ExitCode.USAGE


class _Writer(Protocol):
    def write(self, rows: list[Row]) -> None: ...

    def close(self) -> None: ...


class TableFile:
    """Rows with fixed columns; closed at the end of a `with` block."""

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        """Raises TableFileError for an ending other than .ndjson, .jsonl, .csv, .parquet, or a path that cannot be written."""
        make = _WRITERS.get(path.suffix)
        if make is None:
            raise TableFileError(f"{path}: cannot tell the form; end the name with {', '.join(_WRITERS)}")
        try:
            self._writer = make(path, columns)
        except OSError as error:
            raise TableFileError(f"{path} cannot be written: {error.strerror or error}") from None

    def write(self, rows: list[Row]) -> None:
        """Add rows; every row has all columns."""
        if rows:
            self._writer.write(rows)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.close()


class _Ndjson:
    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        self._file = path.open("w", encoding="utf-8")

    def write(self, rows: list[Row]) -> None:
        self._file.writelines(json.dumps(row, ensure_ascii=False, allow_nan=False) + "\n" for row in rows)

    def close(self) -> None:
        self._file.close()


class _Csv:
    """Lists are written as JSON, for CSV has none."""

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        self._file = path.open("w", encoding="utf-8", newline="")
        self._writer = csv.DictWriter(self._file, columns)
        self._writer.writeheader()

    def write(self, rows: list[Row]) -> None:
        self._writer.writerows(
            {k: json.dumps(v, ensure_ascii=False) if isinstance(v, list) else v for k, v in row.items()}
            for row in rows
        )

    def close(self) -> None:
        self._file.close()


class _Parquet:
    """One file at the end, of all rows: a column's type needs all of its values."""

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        try:
            self._arrow: Any = import_module("pyarrow")
            self._parquet: Any = import_module("pyarrow.parquet")
        except ImportError:
            raise TableFileError(
                f"{path}: Parquet needs the extra: pip install 'driftwatchd[parquet]'"
            ) from None
        self._path, self._columns = path, columns
        self._rows: list[Row] = []

    def write(self, rows: list[Row]) -> None:
        self._rows += rows

    def close(self) -> None:
        arrays: dict[str, Any] = {column: [row[column] for row in self._rows] for column in self._columns}
        self._parquet.write_table(self._arrow.table(arrays), self._path)


_WRITERS: dict[str, Callable[[Path, Sequence[str]], _Writer]] = {
    ".ndjson": _Ndjson,
    ".jsonl": _Ndjson,
    ".csv": _Csv,
    ".parquet": _Parquet,
}
