"""Event times in columns: ISO 8601 texts and epoch numbers to int64 milliseconds, a whole batch at once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final, cast

import numpy as np
from numpy.typing import NDArray

from driftwatch.events.spec import TimeUnit

BAD_TIME: Final = np.iinfo(np.int64).min
"""Stands for a time that cannot be read or lies outside the years 1970 to 9999."""
_LAST_MS: Final = 253_402_300_799_999  # 9999-12-31T23:59:59.999Z
_PER_S: Final = {
    TimeUnit.SECONDS: 1,
    TimeUnit.MILLISECONDS: 1_000,
    TimeUnit.MICROSECONDS: 1_000_000,
    TimeUnit.NANOSECONDS: 1_000_000_000,
}
"""Units per second."""
_INT64_MAX: Final = 2**63 - 1


def times_ms(values: Sequence[object], unit: TimeUnit) -> NDArray[np.int64]:
    """int64[n] milliseconds; `BAD_TIME` where a value is not a time of this unit between 1970 and 9999."""
    if not values:
        return np.empty(0, np.int64)
    found = _iso_batch(values) if unit is TimeUnit.ISO8601 else _epoch_batch(values, unit)
    found[(found < 0) | (found > _LAST_MS)] = BAD_TIME
    return found


def parse_iso_ms(text: str) -> int:
    """One ISO 8601 text; without an offset it means UTC. `BAD_TIME` if it cannot be read."""
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        difference = moment - datetime(1970, 1, 1, tzinfo=UTC)
    except (ValueError, OverflowError):
        return int(BAD_TIME)
    return (difference.days * 86_400 + difference.seconds) * 1_000 + difference.microseconds // 1_000


def _epoch_batch(values: Sequence[object], unit: TimeUnit) -> NDArray[np.int64]:
    """Each value by itself, whatever stands beside it in the batch: integers are exact, floats are rounded."""
    per_s = _PER_S[unit]
    if set(map(type, values)) == {int}:
        whole = cast("Sequence[int]", values)
        if min(whole) >= 0 and max(whole) <= min(_LAST_MS * per_s // 1_000, _INT64_MAX):
            numbers = np.array(whole, np.int64)
            return numbers * 1_000 if unit is TimeUnit.SECONDS else numbers // (per_s // 1_000)
    found = _parts_ms(np.array([v if isinstance(v, float) else np.nan for v in values]), unit)
    for i, value in enumerate(values):
        if type(value) is int:
            found[i] = min(max(value * 1_000 // per_s, -1), _LAST_MS + 1)
    return found


def _parts_ms(numbers: NDArray[np.float64], unit: TimeUnit) -> NDArray[np.int64]:
    """To the nearest microsecond first: 1700000000.123 s is no float, and its neighbour below would be 122 ms."""
    with np.errstate(over="ignore"):
        micros = np.rint(numbers * (1e6 / _PER_S[unit]))
    usable = np.abs(micros) <= _LAST_MS * 1e3
    return np.where(usable, np.floor_divide(np.where(usable, micros, 0), 1e3), BAD_TIME).astype(np.int64)


def _iso_batch(values: Sequence[object]) -> NDArray[np.int64]:
    """Texts of one common form go through digit arithmetic on bytes; any other goes one by one."""
    texts = cast("Sequence[str]", values)
    try:
        joined = "".join(texts).encode("ascii")
    except (TypeError, UnicodeEncodeError):  # something that is no text, or not ASCII
        return _one_by_one(values)
    width = len(joined) // len(values)
    if width not in (19, 20, 23, 24) or set(map(len, texts)) != {width}:
        return _one_by_one(values)
    found, good = _digits(np.frombuffer(joined, np.uint8).reshape(len(values), width))
    if not good.all():
        bad: list[int] = np.flatnonzero(~good).tolist()
        found[bad] = _one_by_one([values[i] for i in bad])
    return found


def _one_by_one(values: Sequence[object]) -> NDArray[np.int64]:
    return np.array([parse_iso_ms(v) if isinstance(v, str) else BAD_TIME for v in values], np.int64)


def _digits(text: NDArray[np.uint8]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """`YYYY-MM-DD[T ]HH:MM:SS[.mmm][Z]` as milliseconds, and whether each text has exactly this form."""
    n, width = text.shape
    columns = np.ascontiguousarray(text.T)
    digit = columns - np.uint8(48)
    places = [0, 1, 2, 3, 5, 6, 8, 9, 11, 12, 14, 15, 17, 18]
    fraction = width >= 23
    if fraction:
        places += [20, 21, 22]
    good = (digit[places] <= 9).all(axis=0)
    good &= (columns[4] == 45) & (columns[7] == 45) & (columns[13] == 58) & (columns[16] == 58)
    good &= (columns[10] == 84) | (columns[10] == 32)
    if fraction:
        good &= columns[19] == 46
    if width in (20, 24):
        good &= columns[width - 1] == 90

    def number(*where: int) -> NDArray[np.int64]:
        total = np.zeros(n, np.int64)
        for place in where:
            total = total * 10 + digit[place]
        return total

    year, month, day = number(0, 1, 2, 3), number(5, 6), number(8, 9)
    hour, minute, second = number(11, 12), number(14, 15), number(17, 18)
    good &= (month >= 1) & (month <= 12) & (day >= 1) & (hour <= 23) & (minute <= 59) & (second <= 59)
    months = np.where(good, (year - 1970) * 12 + month - 1, 0).astype("M8[M]")
    first = months.astype("M8[D]").astype(np.int64)
    length = (months + 1).astype("M8[D]").astype(np.int64) - first
    good &= day <= length
    seconds = ((first + day - 1) * 24 + hour) * 3_600 + minute * 60 + second
    return seconds * 1_000 + (number(20, 21, 22) if fraction else 0), good
