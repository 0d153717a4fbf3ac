"""Configured paths compiled into a msgspec type, so that one C call reads a record and skips what nobody asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from operator import attrgetter
from typing import Any, Final

import msgspec

from driftwatch.events.columns import MISSING
from driftwatch.events.fields import FieldPath

RUN: Final = 4
"""So many neighbouring fields are taken at once."""
NUMBER = float | None
SCALAR = str | int | float | bool | None


class PathConflictError(ValueError):
    """One path names a value inside a field that another path names as a value."""


@dataclass(slots=True)
class _Node:
    kind: Any = None
    children: dict[str, _Node] = field(default_factory=dict[str, "_Node"])


@dataclass(frozen=True, slots=True)
class Compiled:
    """A decoder of one record's bytes, and the attribute path under which each field path is found."""

    decode: Callable[[bytes], Any]
    attributes: dict[FieldPath, str]

    def getter(self, paths: Iterable[FieldPath]) -> Callable[[Any], tuple[Any, ...]]:
        """A function from a decoded record to the tuple of the values at `paths`."""
        parts = [_part(names) for names in _parts([self.attributes[path] for path in paths])]
        if not parts:
            return lambda record: ()
        if len(parts) == 1:
            return parts[0]
        if len(parts) == 2:
            first, second = parts
            return lambda record: (*first(record), *second(record))
        return lambda record: tuple(value for part in parts for value in part(record))


def _parts(names: list[str]) -> list[list[str]]:
    """Long runs of neighbouring fields of one struct, and what lies between them."""
    runs: list[list[str]] = []
    for name in names:
        if runs and _next(runs[-1][-1]) == name:
            runs[-1].append(name)
        else:
            runs.append([name])
    parts: list[list[str]] = []
    for run in runs:
        if parts and max(len(parts[-1]), len(run)) < RUN:
            parts[-1].extend(run)
        else:
            parts.append(run)
    return parts


def _part(names: list[str]) -> Callable[[Any], tuple[Any, ...]]:
    """A run is taken out of all the values of its struct: a look-up per field costs ten times as much."""
    if len(names) >= RUN and all(_next(name) == after for name, after in pairwise(names)):
        parent, _, field = names[0].rpartition(".")
        first = int(field[1:])
        run = slice(first, first + len(names))
        if parent:
            struct = attrgetter(parent)
            return lambda record: msgspec.structs.astuple(struct(record))[run]
        return lambda record: msgspec.structs.astuple(record)[run]
    get = attrgetter(*names)
    return get if len(names) > 1 else lambda record: (get(record),)


def _next(name: str) -> str:
    """The name of the following field of the same struct."""
    parent, dot, field = name.rpartition(".")
    return f"{parent}{dot}f{int(field[1:]) + 1}"


def compile_paths(kinds: dict[FieldPath, Any]) -> Compiled:
    """A strict decoder for these paths; absent numbers are NaN, other absent values None.

    Raises PathConflictError if one path runs through another's value.
    """
    root = _Node()
    for path, kind in kinds.items():
        node = root
        for key in path:
            if node.kind is not None:
                raise PathConflictError(
                    f"{'.'.join(path)!r} runs through a field that is itself read as a value"
                )
            node = node.children.setdefault(key, _Node())
        if node.children:
            raise PathConflictError(f"{'.'.join(path)!r} is read as a value, but other paths run through it")
        node.kind = kind
    attributes: dict[FieldPath, str] = {}
    struct = _struct(root, (), "", attributes)
    return Compiled(msgspec.json.Decoder(struct).decode, attributes)


def _struct(node: _Node, path: FieldPath, prefix: str, attributes: dict[FieldPath, str]) -> Any:
    fields: list[tuple[str, Any, Any]] = []
    rename: dict[str, str] = {}
    for position, (key, child) in enumerate(node.children.items()):
        name = f"f{position}"
        rename[name] = key
        if child.kind is None:
            inner = _struct(child, (*path, key), f"{prefix}{name}.", attributes)
            fields.append((name, inner, msgspec.field(default_factory=inner)))
        else:
            attributes[(*path, key)] = prefix + name
            fields.append((name, child.kind, MISSING if child.kind == NUMBER else None))
    return msgspec.defstruct("Record", fields, rename=rename, gc=False)
