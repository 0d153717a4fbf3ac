"""Durations and event times: how people write them, and milliseconds as the core counts them."""

from __future__ import annotations

import re
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

_UNIT_MS: Final = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}
_PART: Final = re.compile(r"([0-9]+)(ms|s|m|h|d|w)")


def parse_duration_ms(text: str) -> int:
    """Milliseconds of a duration such as `5m`, `30d` or `30d6h36m`; raises ValueError that says how to write it."""
    if not text or _PART.sub("", text):
        raise ValueError(f"{text!r} is not a duration; write for example 30s, 5m, 12h, 30d or 1d12h")
    return sum(int(count) * _UNIT_MS[unit] for count, unit in _PART.findall(text))


def format_duration(duration_ms: int) -> str:
    """The shortest text that `parse_duration_ms` reads back as the same number."""
    if duration_ms == 0:
        return "0s"
    parts: list[str] = []
    rest = duration_ms
    for unit in ("d", "h", "m", "s", "ms"):
        count, rest = divmod(rest, _UNIT_MS[unit])
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts)


def _duration(value: Any) -> int:
    if isinstance(value, str):
        return parse_duration_ms(value)
    raise ValueError(f"{value!r} is not a duration; write for example 30s, 5m, 12h, 30d or 1d12h")


Duration = Annotated[
    int,
    BeforeValidator(_duration),
    PlainSerializer(format_duration, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "pattern": r"^(\d+(ms|s|m|h|d|w))+$", "examples": ["5m", "30d"]}),
]
"""A configuration field that is written `5m` and held as milliseconds; defaults are given as milliseconds."""
