"""Dotted field paths: how a configured path finds its value in a decoded record."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping
from typing import Any, Final, cast

FieldPath = tuple[str, ...]
"""A path as its keys, outermost first."""

ABSENT = object()
"""Returned by `lookup` where the record has no such field (a null is a value, not absent)."""

TEXT_MAX: Final = 1_000
"""Characters of a text from the data that are kept: layouts, states and answers must not grow with it (P7, F34)."""


def split(path: str) -> FieldPath:
    """`output.probability` as `("output", "probability")`."""
    return tuple(path.split("."))


def lookup(value: object, path: FieldPath) -> object:
    """The value at `path` inside nested mappings, or `ABSENT`."""
    for key in path:
        if not isinstance(value, Mapping) or key not in value:
            return ABSENT
        value = cast("Mapping[str, object]", value)[key]
    return value


def feature_paths(
    features: str | list[str] | dict[str, str] | None, names: Iterable[str]
) -> dict[str, FieldPath]:
    """Where each named feature lies.

    With one path (of an object) the features are the object's keys, so `names` come from a reference or a
    sample record; with a list or a map they come from the configuration, and `names` only filters them.
    """
    if features is None:
        return {}
    if isinstance(features, str):
        return {name: (*split(features), name) for name in names}
    declared = features if isinstance(features, dict) else {path: path for path in features}
    wanted = set(names)
    return {name: split(path) for name, path in declared.items() if name in wanted}


def declared_features(
    features: str | list[str] | dict[str, str] | None, sample: Mapping[str, Any]
) -> list[str]:
    """The feature names that a configuration declares; with an object's path, the keys found in `sample`."""
    if isinstance(features, str):
        found = lookup(sample, split(features))
        return sorted(cast("Mapping[str, Any]", found)) if isinstance(found, Mapping) else []
    return list(features) if features is not None else []


def canonical_text(value: object) -> str | None:
    """A scalar as the text by which categories, versions and ids are compared; None for anything else or null.

    `123`, `123.0` and `"123"` are equal; booleans are `true` and `false`, as JSON writes them. NaN and infinities
    have no text: integers too long to read become one (F7), and must not all be equal. Lone surrogates become `?`,
    so that every text can be stored.
    """
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float) and math.isfinite(value):
        return str(int(value)) if value.is_integer() and abs(value) < 2**53 else repr(value)
    return None


def short_text(text: str) -> str:
    """A text as it is kept: one beyond `TEXT_MAX` characters as its beginning and a hash, so that it stays distinct."""
    if len(text) <= TEXT_MAX:
        return text
    digest = hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).hexdigest()
    return f"{text[: TEXT_MAX - len(digest) - 1]}~{digest}"
