"""SQL texts with names in them: a name is checked to be a plain identifier before it is put in."""

from __future__ import annotations

import re
from string import Template
from typing import Final

_IDENTIFIERS: Final = re.compile(r"[a-z_][a-z0-9_]*(, [a-z_][a-z0-9_]*)*")


def sql(text: str, **names: str) -> str:
    """`text` with each `$name` replaced by an identifier (or a list of them); ValueError for anything else.

    Values never come this way: they are bound with `?`.
    """
    for name, value in names.items():
        if not _IDENTIFIERS.fullmatch(value):
            raise ValueError(f"{name} must be an SQL identifier, not {value!r}")
    return Template(text).substitute(names)


def marks(count: int) -> str:
    """`?, ?, ?` for so many bound values."""
    return ", ".join("?" * count)
