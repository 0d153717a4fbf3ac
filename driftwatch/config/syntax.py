"""Which YAML is read, and its syntax errors in words that say what to do."""

from __future__ import annotations

import re
from typing import Any, Final

import yaml
from yaml.nodes import Node

from driftwatch.config.marks import hide
from driftwatch.errors import Problem

MAX_DEPTH: Final = 50
TAG: Final = "tag:yaml.org,2002:"


class _TooDeepError(yaml.MarkedYAMLError):
    pass


class Loader(yaml.SafeLoader):
    """Reads the core schema of YAML 1.2 with a limit on nesting: `on`, `no` and dates are text, `010` is ten."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}
    depth = 0

    def compose_node(self, parent: Node | None, index: Any) -> Node | None:
        """As the parent class, but refuses deep nesting before Python's own stack ends."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            mark = parent.start_mark if parent is not None else self.get_mark()
            raise _TooDeepError(None, None, "too deep", mark)
        try:
            return super().compose_node(parent, index)
        finally:
            self.depth -= 1


for _name, _pattern, _first in (
    ("null", r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
    ("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", list("tTfF")),
    ("int", r"^(?:[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)$", list("-+0123456789")),
    ("float", r"^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$", list("-+.0123456789")),
    ("merge", r"^<<$", ["<"]),
):
    for _character in _first:
        Loader.yaml_implicit_resolvers.setdefault(_character, []).append((TAG + _name, re.compile(_pattern)))


# What the parser says, and what a person should do about it.
_SYNTAX: Final = (
    (r"'\\t' that cannot start", "a tab", "spaces; YAML does not allow tabs for indentation"),
    (r"mapping values are not allowed", "a second `: ` in one value, or a line indented too far",
     "quotes around text that holds `: `, and keys of one mapping under each other"),
    (r"expected <block end>|did not find expected key", "this line does not fit the lines above it",
     "keys of one mapping and entries of one list with the same indentation"),
    (r"could not find expected ':'", "a key without `:`", "`key: value`"),
    (r"expected ',' or '[\]}]'", "a list or mapping in brackets that is not closed", "`]` or `}`, and `,` between entries"),
    (r"found undefined alias", "an alias without its anchor", "the anchor (`&name`) above the place that uses it"),
    (r"found duplicate anchor", "an anchor of this name exists already", "another name"),
    (r"expected a single document", "a second document (`---`)", "one document per file"),
    (r"scanning a quoted scalar|unexpected end of stream", "a quote that is not closed", "the closing quote"),
    (r"too deep", f"nested deeper than {MAX_DEPTH} levels", "fewer levels"),
    (r"cannot start any token", "a character that cannot begin a value", "quotes around the text"),
)  # fmt: skip


def explain(error: yaml.YAMLError, file: str, lines: tuple[str, ...], text: str) -> Problem:
    """The parser's complaint as a problem with its line, and what to write instead."""
    if isinstance(error, yaml.reader.ReaderError):
        before = text[: error.position]
        line, column = before.count("\n") + 1, error.position - (before.rfind("\n") + 1) + 1
        character = error.character if isinstance(error.character, int) else ord(error.character)
        said = f"the character U+{character:04X} is not allowed"
        return Problem(file, line, column, said, "the file without control characters")
    if (
        not isinstance(error, yaml.MarkedYAMLError)
        or (mark := error.problem_mark or error.context_mark) is None
    ):
        return Problem(file, 1, 1, f"this is not YAML: {error}")
    source = lines[mark.line] if mark.line < len(lines) else ""
    said = f"{error.problem or ''} {error.context or ''}"
    for pattern, message, write in _SYNTAX:
        if re.search(pattern, said):
            return Problem(file, mark.line + 1, mark.column + 1, message, write, hide(source))
    return Problem(
        file, mark.line + 1, mark.column + 1, f"this is not YAML: {said.strip()}", source=hide(source)
    )
