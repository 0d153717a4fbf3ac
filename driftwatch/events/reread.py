"""Records that the fast decoder refused, read one by one: what can be saved is saved, the rest gets its class."""

from __future__ import annotations

import json
import math
from typing import Any, Final, cast

from driftwatch.events.classes import RecordClass
from driftwatch.events.columns import INVALID, INVALID_TEXT, MISSING
from driftwatch.events.fields import ABSENT, FieldPath, canonical_text, lookup

_DIGITS_MAX: Final = 400
"""Longer integers are beyond every float; Python refuses to read more than 4 300 digits."""


def reread(value: bytes | None, limit_bytes: int) -> dict[str, Any] | RecordClass:
    """The record's object, or the class that says why there is none."""
    if value is None:
        return RecordClass.INVALID_TOMBSTONE
    if len(value) > limit_bytes:
        return RecordClass.OVER_LIMIT
    if not value.strip():
        return RecordClass.INVALID_EMPTY
    try:
        found = json.loads(value.decode("utf-8"), parse_int=_integer, object_pairs_hook=_object)
    except UnicodeDecodeError:
        return RecordClass.INVALID_UTF8
    except _DuplicateKey:
        return RecordClass.INVALID_DUPLICATE_KEY
    except ValueError:
        return RecordClass.INVALID_JSON
    except RecursionError:
        return RecordClass.INVALID_NESTING
    return cast("dict[str, Any]", found) if isinstance(found, dict) else RecordClass.INVALID_NOT_OBJECT


def number(record: dict[str, Any], path: FieldPath) -> float:
    """Null, absent and NaN are missing; infinities, texts, booleans and structures are invalid."""
    value = lookup(record, path)
    if value is ABSENT or value is None:
        return MISSING
    if isinstance(value, bool) or not isinstance(value, int | float):
        return INVALID
    try:
        found = float(value)
    except OverflowError:  # an integer beyond every float
        return INVALID
    if math.isnan(found):
        return MISSING
    return INVALID if math.isinf(found) else found


def text(record: dict[str, Any], path: FieldPath) -> str | None:
    """Null, absent and NaN are missing (None); infinities and structures are `INVALID_TEXT`."""
    value = lookup(record, path)
    if value is ABSENT or value is None or value != value:
        return None
    found = canonical_text(value)
    return INVALID_TEXT if found is None else found


def scalar(record: dict[str, Any], path: FieldPath) -> object:
    """The value for fields with rules of their own (id, time, version, label), texts in canonical form; absent is None."""
    value = lookup(record, path)
    return None if value is ABSENT else canonical_text(value) if isinstance(value, str) else value


class _DuplicateKey(ValueError):
    """An object names a key twice: which one counts is anybody's guess."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _DuplicateKey
    return found


def _integer(text: str) -> int | float:
    return int(text) if len(text) <= _DIGITS_MAX else math.inf
