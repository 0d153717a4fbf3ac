"""Relative paths in a configuration start at the folder of its file, wherever the process was started."""

from __future__ import annotations

from pathlib import Path as FilePath
from typing import Any, Final, cast

from driftwatch.config.marks import Path
from driftwatch.config.schema import at, options
from driftwatch.config.words import is_secret

_FILES: Final = (
    ("kafka", "ssl_cafile"),
    ("kafka", "ssl_certfile"),
    ("kafka", "ssl_keyfile"),
    ("state", "directory"),
    ("state", "dead_letters"),
)


def anchored(data: Any, folder: FilePath) -> Any:
    """The same data with every file path absolute."""
    return _anchored(data, (), folder)


def _anchored(value: Any, path: Path, folder: FilePath) -> Any:
    if isinstance(value, dict):
        entries = cast("dict[str, Any]", value)
        return {key: _anchored(inner, (*path, key), folder) for key, inner in entries.items()}
    if isinstance(value, list):
        return [_anchored(inner, (*path, i), folder) for i, inner in enumerate(cast("list[Any]", value))]
    if isinstance(value, str) and value and _names_file(path):
        return str(folder / FilePath(value).expanduser())
    return value


def _names_file(path: Path) -> bool:
    if path in _FILES:
        return True
    if path[:1] == ("models",) and path[2:3] == ("reference",):
        return path[3:] == () or path[-1] == "path"
    return path[-1:] == ("file",) and any(is_secret(option) for option in options(at(path[:-1]) or {}))
