"""Problems as a compiler prints them: place, line, caret, and what to write instead."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from driftwatch.errors import ConfigurationError, Problem

MAX_WIDTH: Final = 160
"""Longer lines are shown around the mistake only."""


def render(problem: Problem) -> str:
    """One problem over several lines; control characters of the file are escaped (F34)."""
    lines = [f"{problem.place}: error: {_printable(problem.message)}"]
    if problem.source.strip():
        source, column = _cut(_printable(problem.source), problem.column)
        length = max(1, min(problem.length, len(source) - column + 1))
        lines += [f"  {source}", "  " + " " * (column - 1) + "^" * length]
    if problem.write:
        lines.append(f"  write: {_printable(problem.write)}")
    return "\n".join(lines)


def _cut(source: str, column: int) -> tuple[str, int]:
    if len(source) <= MAX_WIDTH:
        return source, column
    start = max(0, column - 1 - MAX_WIDTH // 2)
    return source[start : start + MAX_WIDTH], column - start


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else ascii(c)[1:-1] if c != "\t" else " " for c in text)


def report(problems: Iterable[Problem]) -> str:
    """All problems and how many there are."""
    told = [render(problem) for problem in problems]
    return "\n".join([*told, f"{len(told)} error{'' if len(told) == 1 else 's'}"])


def report_of(error: ConfigurationError) -> str:
    """The report of an error, or its text where it carries no list."""
    return report(error.problems) if error.problems else str(error)
