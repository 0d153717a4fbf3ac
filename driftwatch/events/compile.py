"""Configured paths compiled into a msgspec type, so that one C call reads a record and skips what nobody asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any

import msgspec

from driftwatch.events.columns import MISSING
from driftwatch.events.fields import FieldPath

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
        names = [self.attributes[path] for path in paths]
        if not names:
            return lambda record: ()
        get = attrgetter(*names)
        return get if len(names) > 1 else lambda record: (get(record),)


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
