"""Durations as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from driftwatch.events.times import Duration, format_duration, parse_duration_ms


@given(st.integers(0, 10**12))
def test_what_is_written_is_read_back(duration_ms: int) -> None:
    assert parse_duration_ms(format_duration(duration_ms)) == duration_ms


@pytest.mark.parametrize(
    ("text", "duration_ms"),
    [
        ("5m", 300_000),
        ("30d6h36m", 2_615_760_000),
        ("1500ms", 1_500),
        ("2w", 1_209_600_000),
        ("0s", 0),
        ("1m1m", 120_000),
    ],
)
def test_durations(text: str, duration_ms: int) -> None:
    assert parse_duration_ms(text) == duration_ms


@pytest.mark.parametrize("text", ["", "5", "m", "5 m", "5M", "-5m", "1.5h", "5m ", "1h;", "PT5M", "\u0665m"])
def test_what_is_no_duration_says_how_to_write_one(text: str) -> None:
    with pytest.raises(ValueError, match="write for example"):
        parse_duration_ms(text)


def test_a_configured_duration_is_a_text() -> None:
    read = TypeAdapter(Duration).validate_python
    assert read("5m") == 300_000
    for wrong in (300_000, 5.0, None, True):
        with pytest.raises(ValidationError, match="write for example"):
            read(wrong)


def test_durations_are_shown_with_the_units_people_use() -> None:
    shown = [format_duration(ms) for ms in (0, 90_000, 86_400_000, 90_061_001)]
    assert shown == ["0s", "1m30s", "1d", "1d1h1m1s1ms"]
