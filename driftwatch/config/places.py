"""Mistakes at paths of the data become problems at lines of a file, or at an environment variable."""

from __future__ import annotations

from collections import defaultdict
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
    page = _Page(document)
    made = [*document.problems]
    for mistake in mistakes:
        if any(mistake.path[:end] in document.broken for end in range(len(mistake.path) + 1)):
            continue
        name = _variable(variables, mistake.path)
        if name is None:
            made.append(page.problem(mistake))
        else:
            made.append(Problem(f"environment variable {name}", 0, 0, mistake.message, mistake.write))
    return tuple(sorted(dict.fromkeys(made), key=lambda p: (p.line == 0, p.line, p.column)))


def _variable(variables: Mapping[Path, str], path: Path) -> str | None:
    """The variable that sets this path or something around it."""
    for end in range(len(path), 0, -1):
        if (name := variables.get(path[:end])) is not None:
            return name
    return None


class _Page:
    """The file with its values by line, so that what may be a secret is found and hidden (P10)."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._on_line: dict[int, list[tuple[Path, Span]]] = defaultdict(list)
        for path, span in document.values.items():
            self._on_line[span.line].append((path, span))
        self._holders = {path[:-1] for path in document.values if path}

    def problem(self, mistake: Mistake) -> Problem:
        span = self._span(mistake)
        file, source = self._document.file, self._source(span.line)
        return Problem(file, span.line, span.column, mistake.message, mistake.write, source, span.length)

    def _span(self, mistake: Mistake) -> Span:
        """Where the mistake stands: its key or value, or the nearest thing around it."""
        for end in range(len(mistake.path), 0, -1):
            path = mistake.path[:end]
            value, key = self._document.values.get(path), self._document.keys.get(path)
            if mistake.on_key and key is not None:
                return key
            if value is not None:
                return value
        return Span(1, 1, 1)

    def _source(self, line: int) -> str:
        shown = self._document.source(line)
        for path, span in self._on_line.get(line, ()):
            if self._secretive(path):
                start = span.column - 1
                width = span.length if span.length > 1 else len(shown) - start
                shown = shown[:start] + HIDDEN[:width].ljust(width) + shown[start + width :]
        return hide(shown)

    def _secretive(self, path: Path) -> bool:
        """A text where `{file: …}` is meant may be the secret itself; so may be the value of a misspelt key."""
        node = at(path)
        if node is None:
            return True
        return path not in self._holders and any(is_secret(option) for option in options(node))
