"""All secrets that a configuration points to, so that logs can leave them out (P10)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from pydantic import BaseModel

from driftwatch.spec import Secret


def secrets_of(configuration: BaseModel) -> tuple[str, ...]:
    """The text of every secret that can be read now; those that cannot are told by whoever needs them."""
    found: list[str] = []
    for secret in _secrets(configuration):
        try:
            text = secret.reveal()
        except (OSError, KeyError, UnicodeDecodeError):
            continue
        if text:
            found.append(text)
    return tuple(dict.fromkeys(found))


def _secrets(value: object) -> Iterator[Secret]:
    if isinstance(value, Secret):
        yield value
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _secrets(getattr(value, name))
    elif isinstance(value, list | tuple):
        for inner in cast("list[object]", value):
            yield from _secrets(inner)
    elif isinstance(value, dict):
        for inner in cast("dict[str, object]", value).values():
            yield from _secrets(inner)
