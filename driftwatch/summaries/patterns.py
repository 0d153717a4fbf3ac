"""Patterns over names of features, slices and windows: `*` for any text, `?` for one character, nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence


def matching(patterns: Iterable[str], names: Sequence[str]) -> list[bool]:
    """For each name whether some pattern fits the whole of it; the empty name always fits (the whole model)."""
    found = [_compiled(pattern) for pattern in patterns]
    return [not name or any(pattern.fullmatch(name) for pattern in found) for name in names]


def unmatched(patterns: Iterable[str], names: Sequence[str]) -> list[str]:
    """The patterns that fit none of the names: most likely a mistake in the configuration."""
    return [pattern for pattern in patterns if not any(map(_compiled(pattern).fullmatch, names))]


def _compiled(pattern: str) -> re.Pattern[str]:
    """Square brackets occur in real names, so this is not `fnmatch`."""
    escaped = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.compile(escaped, re.DOTALL)
