"""YAML text becomes plain data, with the line and column of every key and value beside it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from driftwatch.config.marks import Path, Span, hide
from driftwatch.config.syntax import MAX_DEPTH, TAG, Loader, explain
from driftwatch.errors import ConfigurationError, Problem

MAX_BYTES: Final = 1_000_000
MAX_VALUES: Final = 100_000
"""Keys and values after aliases are put in: what a small file can grow to (anchor bombs)."""
MAX_DIGITS: Final = 40

_PLAIN_TAGS: Final = frozenset(TAG + name for name in ("str", "int", "float", "bool", "null", "map", "seq"))
_MERGE: Final = TAG + "merge"
_LINE_BREAK: Final = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
"""What the parser counts as the end of a line."""


@dataclass(frozen=True, slots=True)
class Document:
    """One configuration file as data; paths are keys and list positions from the outside in."""

    file: str
    lines: tuple[str, ...]
    data: dict[str, Any]
    keys: Mapping[Path, Span]
    """Where the key of each mapping entry stands."""
    values: Mapping[Path, Span]
    problems: tuple[Problem, ...]
    """Mistakes that do not keep the rest from being read: duplicate keys, tags."""
    broken: frozenset[Path] = frozenset()
    """Values that could not be read and stand as None; their problem is already told."""

    def source(self, line: int) -> str:
        """The text of a line (from 1); empty beyond the file."""
        return self.lines[line - 1] if 0 < line <= len(self.lines) else ""


def read(content: bytes, file: str) -> Document:
    """The configuration in `content`; raises ConfigurationError where it is not YAML or not a mapping at all."""
    text = _decode(content, file)
    lines = tuple(_LINE_BREAK.split(text))
    try:
        root = Loader(text).get_single_node()
    except yaml.YAMLError as error:
        raise ConfigurationError(problems=(explain(error, file, lines, text),)) from None
    if root is None or (isinstance(root, ScalarNode) and root.tag == TAG + "null"):
        raise _whole(file, "the file is empty", "`kafka:` and `models:`, see docs/configuration.md")
    builder = _Builder(file, lines)
    data = builder.build(root, (), 0)
    if not isinstance(root, MappingNode):
        raise _whole(
            file, "the file is not a mapping of keys to values", "`kafka:` and `models:` at the left margin"
        )
    return Document(
        file, lines, data, builder.keys, builder.values, tuple(builder.problems), frozenset(builder.broken)
    )


def _decode(content: bytes, file: str) -> str:
    if len(content) > MAX_BYTES:
        raise _whole(
            file, f"the file is larger than {MAX_BYTES:,} bytes", "a configuration; data belongs elsewhere"
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        column = error.start - content.rfind(b"\n", 0, error.start)
        problem = Problem(file, line, column, "this is not text in UTF-8", "the file again, saved as UTF-8")
        raise ConfigurationError(problems=(problem,)) from None
    return text


def _whole(file: str, message: str, write: str) -> ConfigurationError:
    return ConfigurationError(problems=(Problem(file, 1, 1, message, write),))


class _Builder:
    """Turns nodes into data, remembers places, and counts what aliases add."""

    def __init__(self, file: str, lines: tuple[str, ...]) -> None:
        self.file, self.lines = file, lines
        self.keys: dict[Path, Span] = {}
        self.values: dict[Path, Span] = {}
        self.problems: list[Problem] = []
        self.broken: set[Path] = set()
        self.count = 0

    def build(self, node: Node, path: Path, depth: int) -> Any:
        """The data of a node; raises ConfigurationError where aliases nest or multiply beyond the limits."""
        self.count += 1
        if depth > MAX_DEPTH or self.count > MAX_VALUES:
            problem = self._problem(node, "aliases (`*name`) that grow without end", "the values themselves")
            raise ConfigurationError(problems=(problem,))
        self.values[path] = _span(node)
        if node.tag not in _PLAIN_TAGS and not (node.tag == _MERGE and isinstance(node, ScalarNode)):
            return self._broken(node, path, f"the tag {_short(node.tag)} is not allowed", "the plain value")
        if isinstance(node, MappingNode):
            return self._mapping(node, path, depth)
        if isinstance(node, SequenceNode):
            return [self.build(child, (*path, i), depth + 1) for i, child in enumerate(node.value)]
        assert isinstance(node, ScalarNode)
        return self._scalar(node, path)

    def _mapping(self, node: MappingNode, path: Path, depth: int) -> dict[str, Any]:
        made: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, ScalarNode):
                self.problems.append(self._problem(key_node, "a key that is not text", "`key: value`"))
                continue
            key = key_node.value
            if key_node.tag == _MERGE:
                merged = {**self._merge(value_node, path, depth), **merged}
                continue
            if key in made:
                self.problems.append(self._duplicate(key_node, key, path))
                self.build(value_node, (*path, key, "__again__"), depth + 1)
                continue
            self.keys[*path, key] = _span(key_node)
            made[key] = self.build(value_node, (*path, key), depth + 1)
        return {**{k: v for k, v in merged.items() if k not in made}, **made}

    def _merge(self, node: Node, path: Path, depth: int) -> dict[str, Any]:
        sources = node.value if isinstance(node, SequenceNode) else [node]
        merged: dict[str, Any] = {}
        for source in reversed(sources):
            if not isinstance(source, MappingNode):
                self.problems.append(
                    self._problem(node, "`<<` needs a mapping", "`<<: *name` of an anchored mapping")
                )
                continue
            keys, values = self.keys, self.values
            self.keys, self.values = {}, {}
            merged.update(self.build(source, path, depth + 1))
            # What stands in this mapping itself is the nearer place for a message.
            self.keys, self.values = {**self.keys, **keys}, {**self.values, **values}
        return merged

    def _scalar(self, node: ScalarNode, path: Path) -> Any:
        kind, text = node.tag.removeprefix(TAG), node.value
        if kind == "null":
            return None
        if kind == "bool":
            return text.lower() == "true"
        if kind not in ("int", "float"):
            return text
        if len(text) > MAX_DIGITS:
            return self._broken(
                node, path, f"a number of more than {MAX_DIGITS} characters", "a shorter number"
            )
        try:
            return float(text) if kind == "float" else int(text, 0 if text.startswith(("0x", "0o")) else 10)
        except ValueError:
            return self._broken(node, path, f"{text!r} is not a number", "a number")

    def _broken(self, node: Node, path: Path, message: str, write: str) -> None:
        self.broken.add(path)
        self.problems.append(self._problem(node, message, write))

    def _duplicate(self, node: ScalarNode, key: str, path: Path) -> Problem:
        first = self.keys[*path, key].line
        return self._problem(node, f"the key `{key}` is there twice, first in line {first}", "each key once")

    def _problem(self, node: Node, message: str, write: str) -> Problem:
        span = _span(node)
        source = self.lines[span.line - 1] if span.line <= len(self.lines) else ""
        return Problem(self.file, span.line, span.column, message, write, hide(source), span.length)


def _span(node: Node) -> Span:
    start, end = node.start_mark, node.end_mark
    length = end.column - start.column if end is not None and end.line == start.line else 1
    return Span(start.line + 1, start.column + 1, max(1, length))


def _short(tag: str | None) -> str:
    text = (tag or "").replace(TAG, "!!")
    return text if len(text) <= 60 else text[:57] + "..."
