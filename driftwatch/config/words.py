"""What to write at a place of the configuration, in plain words, read from the schema."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from typing import Final

from driftwatch.config.schema import DURATION_PATTERN, Schema, keys, options

_CHOICE: Final = re.compile(r"^\^\(([\w.|-]+)\)\$$")
_PATTERNS: Final = {
    DURATION_PATTERN: "a duration such as 30s, 5m, 12h, 30d or 1d12h",
    r"^[^.]+(\.[^.]+)*$": "a dotted path such as output.probability",
    r"^[A-Za-z0-9_.-]+$": "letters, digits, `_`, `.` and `-`",
}
_TYPES: Final = {"boolean": "true or false", "array": "a list `[…]`", "object": "keys with values"}


def expected(node: Schema) -> str:
    """What may stand at a schema node: `one of binary, multiclass, regression`, `a whole number from 4 to 1024`."""
    said: list[str] = []
    for option in options(node):
        words = _one(option)
        if words not in said:
            said.append(words)
    return ", or ".join(said)


def _one(node: Schema) -> str:
    if choices := allowed(node):
        return "one of " + ", ".join(choices)
    kind = node.get("type")
    if kind == "string":
        return _PATTERNS.get(node.get("pattern", ""), "text")
    if kind in ("integer", "number"):
        return _number(node, "a whole number" if kind == "integer" else "a number")
    if kind == "array" and "items" in node:
        return f"a list `[…]` of {expected(node['items'])}" if options(node["items"]) else "a list `[…]`"
    if is_secret(node):
        return "{file: PATH} or {env: NAME}"
    if kind == "object" and (known := keys(node)):
        required = node.get("required", [])
        return "a mapping with " + ", ".join(f"`{key}`" for key in (required or known))
    return _TYPES.get(str(kind), "a value")


def _number(node: Schema, words: str) -> str:
    least, most = node.get("minimum"), node.get("maximum")
    if least is not None and most is not None:
        return f"{words} from {least} to {most}"
    if (above := node.get("exclusiveMinimum")) is not None:
        upper = node.get("exclusiveMaximum", most)
        end = "" if upper is None else f" and {'below' if 'exclusiveMaximum' in node else 'at most'} {upper}"
        return f"{words} above {above}{end}"
    if least is not None:
        return f"{words}, at least {least}"
    return words if most is None else f"{words}, at most {most}"


def allowed(node: Schema) -> list[str]:
    """The closed list of texts that a schema node takes; empty where it is open."""
    if "enum" in node:
        return [str(value) for value in node["enum"]]
    match = _CHOICE.match(str(node.get("pattern", "")))
    return match[1].split("|") if match else []


def is_secret(node: Schema) -> bool:
    """Whether a secret's place stands here."""
    return set(node.get("properties", {})) == {"file", "env"}


def nearest(text: str, known: Iterable[str]) -> str | None:
    """The known word that a person most likely meant, if any is near."""
    folded = {word.lower().replace("-", "_"): word for word in known}
    found = difflib.get_close_matches(text.lower().replace("-", "_"), folded, n=1, cutoff=0.6)
    return folded[found[0]] if found else None


def near_miss(text: str, known: Iterable[str]) -> str | None:
    """The known word of which this one is surely a misspelling, if any."""
    found = difflib.get_close_matches(text, list(known), n=1, cutoff=0.8)
    return found[0] if found else None


def suggestion(text: str, known: Iterable[str]) -> str:
    """What to write instead of an unknown word: the nearest one, or all of them."""
    words = list(known)
    near = nearest(text, words)
    listed = ", ".join(f"`{word}`" for word in words)
    return f"`{near}` (did you mean that?)" if near else f"one of {listed}" if words else "nothing"
