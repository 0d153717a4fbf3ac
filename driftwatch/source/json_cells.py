"""Cells of a table as JSON objects: the same bytes that a producer would have sent, so that one decoder reads both.

A cell of a CSV file has no type, so a rule gives it one:
text that is a number as JSON writes numbers (`12`, `-0.5`, `1e-3`) becomes that number, digit for digit;
an empty cell, and `NaN` in any case, becomes null; everything else stays text (`007`, `1_000`, `+5`, `True`, `inf`).
A column named `output.probability` becomes a field inside `output`, as the paths of the configuration name it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, TypeAlias

import msgspec

from driftwatch.errors import SourceError

_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_encode: Final = msgspec.json.Encoder().encode


def json_cell(text: str) -> str:
    """The JSON of one CSV cell by the rule above."""
    if _NUMBER.fullmatch(text):
        return text
    if not text or text.lower() == "nan":
        return "null"
    return _encode(text).decode()


Tree: TypeAlias = "dict[str, int | Tree]"
"""Field names with the position of their column, or with the fields inside them."""


class RowTemplate:
    """Writes rows with always the same columns: fixed pieces of JSON between the cells."""

    def __init__(self, columns: Sequence[str]) -> None:
        """SourceError if a column is named twice, or is both a field and an object (`a` and `a.b`)."""
        self.columns = tuple(columns)
        self._order: list[int] = []
        pieces = _pieces(nested(self.columns), self._order)
        self._pieces = pieces[:-1]
        self._end = pieces[-1]

    def row(self, cells: Sequence[str]) -> bytes:
        """One JSON object of cells that are JSON already; one cell per column."""
        parts = [piece + cells[index] for piece, index in zip(self._pieces, self._order, strict=True)]
        return ("".join(parts) + self._end).encode()


def nested(columns: Sequence[str]) -> Tree:
    """Column positions under their dotted names: `("a", "b.c")` → `{"a": 0, "b": {"c": 1}}`; SourceError as above."""
    tree: Tree = {}
    for index, column in enumerate(columns):
        *path, leaf = column.split(".")
        place = tree
        for name in path:
            inner = place.setdefault(name, {})
            if isinstance(inner, int):
                raise SourceError(f"column {column!r} stands inside another column; rename one of them")
            place = inner
        if leaf in place:
            raise SourceError(f"column {column!r} is there twice, or holds other columns; rename one of them")
        place[leaf] = index
    return tree


def _pieces(tree: Tree, order: list[int]) -> list[str]:
    pieces = ["{"]
    for number, (name, inner) in enumerate(tree.items()):
        pieces[-1] += ("," if number else "") + _encode(name).decode() + ":"
        if isinstance(inner, int):
            order.append(inner)
            pieces.append("")
        else:
            first, *rest = _pieces(inner, order)
            pieces[-1] += first
            pieces += rest
    pieces[-1] += "}"
    return pieces
