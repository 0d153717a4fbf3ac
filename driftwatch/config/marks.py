"""Places in a configuration file, and how its lines are shown without showing secrets."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

Path = tuple[str | int, ...]
"""Keys and list positions from the outside in: `("models", 0, "windows", 1, "size")`."""


class Span(NamedTuple):
    """Where a text stands: line and column from 1, and its length on that line."""

    line: int
    column: int
    length: int


_SECRETIVE: Final = re.compile(
    r"(?P<key>[\w-]*(?:passw|passphrase|secret|token|api_?key|(?<!external_)url|credential|sasl_(?!mech))[\w-]*[\"']?\s*:\s*)(?P<value>[^\s{,}][^,}]*)",
    re.IGNORECASE,
)
_SAFE: Final = re.compile(r"^(?:\{|\[|\||>|&|\*|null|~|https?://[^/@?\s]*/?$)")
HIDDEN: Final = "***"


def hide(line: str) -> str:
    """The line with everything replaced that may be a secret: values of keys such as `password` or `url` (P10)."""

    def mask(match: re.Match[str]) -> str:
        value = match["value"]
        return match[0] if _SAFE.match(value) else match["key"] + HIDDEN[: len(value)].ljust(len(value))

    return _SECRETIVE.sub(mask, line)


def dotted(path: Path) -> str:
    """`models[0].windows[1].size`, for people."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text
