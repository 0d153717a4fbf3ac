"""Mistakes at paths of the data become problems at lines of a file, or at an environment variable."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from driftwatch.config.errors import Mistake
from driftwatch.config.marks import HIDDEN, Path, Span, hide
from driftwatch.config.read import Document
from driftwatch.config.schema import at, options
from driftwatch.config.words import is_secret
from driftwatch.errors import Problem


def problems(
    document: Document, variables: Mapping[Path, str], mistakes: Iterable[Mistake]
) -> tuple[Problem, ...]:
    """All problems in the order of the file, each told once; nothing is said below a value that could not be read."""
    made = [*document.problems]
    for mistake in mistakes:
        if any(mistake.path[: len(path)] == path for path in document.broken):
            continue
        made.append(_problem(document, variables, mistake))
    return tuple(sorted(dict.fromkeys(made), key=lambda p: (p.line == 0, p.line, p.column)))


def _problem(document: Document, variables: Mapping[Path, str], mistake: Mistake) -> Problem:
    name = _variable(variables, mistake.path)
    if name is not None:
        return Problem(f"environment variable {name}", 0, 0, mistake.message, mistake.write)
    span = _span(document, mistake)
    source, length = _source(document.source(span.line), span, mistake)
    return Problem(document.file, span.line, span.column, mistake.message, mistake.write, source, length)


def _variable(variables: Mapping[Path, str], path: Path) -> str | None:
    """The variable that sets this path or something around it."""
    for end in range(len(path), 0, -1):
        if (name := variables.get(path[:end])) is not None:
            return name
    return None


def _span(document: Document, mistake: Mistake) -> Span:
    """Where the mistake stands: its key or value, or the nearest thing around it."""
    for end in range(len(mistake.path), 0, -1):
        path = mistake.path[:end]
        first, second = document.values.get(path), document.keys.get(path)
        if mistake.on_key and second is not None:
            return second
        if first is not None:
            return first
    return Span(1, 1, 1)


def _source(line: str, span: Span, mistake: Mistake) -> tuple[str, int]:
    """The line without secrets, and how many characters to underline."""
    start, end = span.column - 1, span.column - 1 + span.length
    if mistake.message.startswith("unknown key"):  # its value may be a secret under a misspelt name
        return hide(line[:start]) + line[start:end] + ": …", span.length
    if any(is_secret(option) for option in options(at(mistake.path) or {})) and not mistake.on_key:
        return hide(line[:start]) + HIDDEN, len(HIDDEN)
    hidden = hide(line)
    return hidden, min(span.length, max(1, len(hidden) - start))
