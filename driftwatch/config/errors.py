"""What pydantic says of a configuration becomes our list: each mistake with its place and what to write instead."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from driftwatch.config.marks import Path, dotted
from driftwatch.config.schema import at, keys, options
from driftwatch.config.words import allowed, expected, is_secret, nearest, suggestion


@dataclass(frozen=True, slots=True)
class Mistake:
    """A mistake at a path of the data, before its place in a file is known."""

    path: Path
    message: str
    write: str
    on_key: bool = False
    """Point at the key, not at its value."""


_MISSING: Final = "missing"
_EXTRA: Final = "extra_forbidden"


def translate(error: ValidationError, data: Any) -> list[Mistake]:
    """Every mistake of a failed validation, one per place, in the order found."""
    told: dict[tuple[Path, str], Mistake] = {}
    for path, detail in _chosen(error.errors(include_url=False), data):
        mistake = _mistake(path, detail, data)
        told.setdefault((mistake.path, mistake.message), mistake)
    return list(told.values())


def _chosen(details: Sequence[ErrorDetails], data: Any) -> list[tuple[Path, ErrorDetails]]:
    """Errors with their data paths; of a union only those of the branch whose shape the data has."""
    forks: dict[Path, dict[str, list[tuple[Path, ErrorDetails]]]] = {}
    kept: list[tuple[Path, ErrorDetails]] = []
    for detail in details:
        path, fork, branch = _walk(detail, data)
        if fork is None:
            kept.append((path, detail))
        else:
            forks.setdefault(fork, {}).setdefault(branch, []).append((path, detail))
    for fork, by_branch in forks.items():
        branches = list(by_branch.values())
        fitting = [e for e in branches if not any(p == fork and d["type"].endswith("_type") for p, d in e)]
        kept += min(fitting, key=len) if fitting else branches[0][:1]
    return kept


def _walk(detail: ErrorDetails, data: Any) -> tuple[Path, Path | None, str]:
    """The data path of an error, and where pydantic's location forks into a union branch, with its name."""
    path: list[str | int] = []
    fork: Path | None = None
    branch = ""
    node = data
    location = detail["loc"]
    for position, part in enumerate(location):
        last = position == len(location) - 1
        if isinstance(node, dict) and (part in node or (last and detail["type"] == _MISSING)):
            node = cast("dict[str, Any]", node).get(str(part))
            path.append(part)
        elif isinstance(node, list) and isinstance(part, int) and part < len(cast("list[Any]", node)):
            node = cast("list[Any]", node)[part]
            path.append(part)
        elif fork is None and part != "[key]":
            fork, branch = tuple(path), str(part)
    return tuple(path), fork, branch


def _mistake(path: Path, detail: ErrorDetails, data: Any) -> Mistake:
    kind = detail["type"]
    if kind == _MISSING:
        return _missing(path)
    if kind == _EXTRA:
        return unknown_key(path, keys(at(path[:-1]) or {}))
    value = _value(data, path)
    if kind == "value_error":
        message, _, write = str(detail["msg"]).removeprefix("Value error, ").partition("; ")
        return Mistake(path, f"{_name(path)}: {message}", write.removeprefix("write ") or _expected(path))
    if detail["loc"][-1:] == ("[key]",):
        return Mistake(path, f"the key {_shown(path[-1])} is not one that fits here", _expected(path), True)
    return Mistake(path, f"{_name(path)} {_fault(value, path, detail)}", _instead(value, path))


def _missing(path: Path) -> Mistake:
    key, owner = str(path[-1]), dotted(path[:-1])
    node = at(path) or {}
    where = f" in {owner}" if owner else ""
    description = str(node.get("description", "")).partition(". ")[0].rstrip(".")
    hint = f"  # {description}" if description else ""
    return Mistake(path[:-1], f"`{key}` is missing{where}", f"`{key}:` {_expected(path)}{hint}", True)


def unknown_key(path: Path, known: Iterable[str]) -> Mistake:
    """The mistake of a key that nothing knows."""
    words = list(known)
    write = suggestion(str(path[-1]), words)
    return Mistake(path, f"unknown key {_shown(path[-1])}", write, True)


def _fault(value: Any, path: Path, detail: ErrorDetails) -> str:
    node = at(path) or {}
    secret = any(is_secret(option) for option in options(node))
    if secret and value is not None and not isinstance(value, list | Mapping):
        return "holds the secret itself"
    if isinstance(value, list | Mapping) and not value:
        return "is empty"
    if detail["type"] in ("greater_than", "greater_than_equal", "less_than", "less_than_equal"):
        return f"is {_shown(value)}, which is out of range"
    if value is None:
        return "has no value"
    if isinstance(value, list | Mapping):
        return f"is a {'list' if isinstance(value, list) else 'mapping'}, which does not fit here"
    return f"is {_shown(value)}, which does not fit here"


def _instead(value: Any, path: Path) -> str:
    node = at(path) or {}
    kinds = {str(option.get("type")) for option in options(node)}
    free = not any("pattern" in option for option in options(node))
    if free and isinstance(value, int | float) and kinds <= {"string", "array"} and "string" in kinds:
        return f'quotes around it: "{_shown(value)}"'
    choices = [choice for option in options(node) for choice in allowed(option)]
    near = nearest(value, choices) if isinstance(value, str) else None
    return expected(node) + (f" (did you mean `{near}`?)" if near else "")


def _expected(path: Path) -> str:
    return expected(at(path) or {})


def _name(path: Path) -> str:
    keys_only = [part for part in path if isinstance(part, str)]
    if path and isinstance(path[-1], int):
        return f"entry {path[-1] + 1} of `{keys_only[-1]}`" if keys_only else "an entry"
    return f"`{keys_only[-1]}`" if keys_only else "the configuration"


def _shown(value: Any) -> str:
    text = value if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else str(value)
    text = ascii(text)[1:-1] if not text.isprintable() else text
    text = text if len(text) <= 60 else text[:57] + "..."
    return f"`{text}`" if isinstance(value, str) else text


def _value(data: Any, path: Path) -> Any:
    node = data
    for part in path:
        if isinstance(node, list) and isinstance(part, int):
            node = cast("list[Any]", node)[part]
        elif isinstance(node, dict):
            node = cast("dict[str | int, Any]", node).get(part)
        else:
            return None
    return node
