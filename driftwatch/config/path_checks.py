"""Paths of one stream: what is read as a single value cannot hold what is read as another."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple, cast

from driftwatch.config.errors import Mistake
from driftwatch.config.marks import Path
from driftwatch.config.parts import Parts
from driftwatch.events.fields import split

STREAMS: Final = ("predictions", "features", "labels")
_SINGLE: Final = ("id", "time", "version", "score", "decision", "label")
_SCORES: Final = "class_scores"


class _Read(NamedTuple):
    """A dotted path and where it is written; `key`: as the key of a map."""

    place: Path
    text: str
    key: bool = False


def check_paths(parts: Parts, model: Path) -> Iterator[Mistake]:
    """One mistake for each path that runs into another's object, at the shorter one."""
    for stream in STREAMS:
        read = [*_of_stream(parts, (*model, stream)), *_slices(parts, model, stream)]
        for one in read:
            inside = next((other for other in read if _holds(one, other)), None)
            if inside is not None:
                message = f"`{one.text}` is read as a single value, and `{inside.text}` lies in it"
                yield Mistake(one.place, message, "the dotted path of one value, not of an object", one.key)


def _holds(one: _Read, other: _Read) -> bool:
    """The scores of classes among themselves are looked at beside them."""
    outer, inner = split(one.text), split(other.text)
    both = _SCORES in one.place and _SCORES in other.place
    return len(outer) < len(inner) and inner[: len(outer)] == outer and not both and outer[-1] != "…"


def _of_stream(parts: Parts, stream: Path) -> Iterator[_Read]:
    for name in _SINGLE:
        at = (*stream, name)
        at = (*at, "path") if isinstance(parts.value(at), dict) else at
        if (text := parts.text(at)) is not None:
            yield _Read(at, text)
    for name in ("features", _SCORES):
        yield from _several(parts, (*stream, name))
    where = parts.value((*stream, "where"))
    for key in cast("dict[object, object]", where) if isinstance(where, dict) else ():
        yield _Read((*stream, "where", str(key)), str(key), key=True)


def _several(parts: Parts, at: Path) -> Iterator[_Read]:
    """A list or a map of paths; of an object all that lies in it."""
    declared = parts.value(at)
    if isinstance(declared, str):
        yield _Read(at, f"{declared}.…")
    elif isinstance(declared, dict):
        named = cast("dict[str, object]", declared).items()
        yield from (_Read((*at, name), path) for name, path in named if isinstance(path, str))
    else:
        yield from (_Read(place, text) for place, text in parts.texts(at))


def _slices(parts: Parts, model: Path, stream: str) -> Iterator[_Read]:
    """The slice columns that this stream carries: features where they declare them, else predictions."""
    for entry in parts.entries((*model, "slices")):
        text = parts.text(entry)
        for place, column in [(entry, text)] if text is not None else parts.texts(entry):
            carrier = "features" if _carried(parts, (*model, "features"), column) else "predictions"
            if carrier == stream:
                yield _Read(place, _path_of(parts, (*model, stream), column))


def _carried(parts: Parts, stream: Path, column: str) -> bool:
    declared = parts.value((*stream, "features"))
    if isinstance(declared, str):
        return split(column)[: len(split(declared))] == split(declared)
    return isinstance(declared, list | dict) and column in declared


def _path_of(parts: Parts, stream: Path, column: str) -> str:
    """A column may be called as a feature is."""
    return parts.text((*stream, "features", column)) or column
