"""Text from the data made fit to be shown: valid UTF-8, no control characters, bounded length, still distinct (F34)."""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime, timedelta
from typing import Final

LABEL_CHARACTERS: Final = 128
"""Longest value of a metric label."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_HOSTILE: Final = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_REPLACEMENT: Final = "\ufffd"


def label_value(text: str) -> str:
    """A metric label's value: newlines and quotes stay (the exposition escapes them), the rest of the hostile
    characters become U+FFFD, and at most `LABEL_CHARACTERS` are left. What was changed ends with `~` and eight
    hex digits of the original's hash, so that two values never fall together into one series.
    """
    clean = _HOSTILE.sub(_REPLACEMENT, text)
    if clean == text and len(text) <= LABEL_CHARACTERS:
        return text
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{clean[: LABEL_CHARACTERS - 9]}~{digest}"


def visible(text: str, characters: int) -> str:
    """One line for people: every control character, newline and lone surrogate as `\\n` or `\\x1b`, cut to a length."""
    cut = text[:characters]
    if not cut.isprintable():
        cut = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in cut)
    return cut if len(text) <= characters else f"{cut}… ({len(text)} characters)"


def valid_utf8(text: str) -> str:
    """The same text with lone surrogates written as `\\udc80`, so that it can be encoded."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def iso_time(time_ms: int) -> str:
    """Event time as ISO 8601 in UTC, with milliseconds only where there are any; `…ms` outside the years 1 to 9999."""
    try:
        moment = _EPOCH + timedelta(milliseconds=time_ms)
    except OverflowError:
        return f"{time_ms}ms"
    text = moment.isoformat(timespec="milliseconds" if time_ms % 1_000 else "seconds")
    return text.replace("+00:00", "Z")
