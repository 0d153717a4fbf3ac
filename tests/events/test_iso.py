"""Times in columns against datetime and exact fractions, and each value by itself whatever its batch."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.events.iso import BAD_TIME, parse_iso_ms, times_ms
from driftwatch.events.spec import TimeUnit

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LAST_MS = 253_402_300_799_999
PER_S = {
    TimeUnit.SECONDS: 1,
    TimeUnit.MILLISECONDS: 10**3,
    TimeUnit.MICROSECONDS: 10**6,
    TimeUnit.NANOSECONDS: 10**9,
}
DAY_US = 86_400 * 10**6
MOMENTS = st.integers(DAY_US, LAST_MS * 1_000 - DAY_US).map(lambda us: EPOCH + timedelta(microseconds=us))


def exact_ms(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(milliseconds=1)


def written(moment: datetime, form: int) -> str:
    whole, millis = moment.strftime("%Y-%m-%dT%H:%M:%S").rjust(19, "0"), f"{moment.microsecond // 1_000:03d}"
    return [
        whole,
        whole + "Z",
        f"{whole}.{millis}",
        f"{whole}.{millis}Z",
        whole.replace("T", " "),
        f"{whole}.{moment.microsecond:06d}",
        f"{whole}.{moment.microsecond:06d}+00:00",
        f"{whole},{millis}",
    ][form]


@given(moments=st.lists(st.tuples(MOMENTS, st.integers(0, 7)), min_size=1, max_size=8), one=st.booleans())
def test_iso_texts_against_datetime(moments: list[tuple[datetime, int]], one: bool) -> None:
    forms = [moments[0][1] if one else form for _, form in moments]
    texts = [written(moment, form) for (moment, _), form in zip(moments, forms, strict=True)]
    naive = [text.removesuffix("Z").removesuffix("+00:00") for text in texts]
    expected = [exact_ms(datetime.fromisoformat(text).replace(tzinfo=UTC)) for text in naive]
    assert times_ms(texts, TimeUnit.ISO8601).tolist() == expected
    assert [parse_iso_ms(text) for text in texts] == expected


@given(moment=MOMENTS, minutes=st.integers(-23 * 60, 23 * 60))
def test_offsets_are_taken_off(moment: datetime, minutes: int) -> None:
    there = moment.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    assert parse_iso_ms(there.isoformat()) == exact_ms(there)


@given(st.text(alphabet="0123456789-:.TZ +/", min_size=19, max_size=19), st.integers(0, 23))
def test_the_form_in_digits_says_what_the_slow_one_says(text: str, place: int) -> None:
    near = "2024-02-29T23:59:59.999Z"
    broken = near[:place] + text[0] + near[place + 1 :]
    for one in (text, broken, broken[:19], broken[:20], broken[:23]):
        slow = parse_iso_ms(one)
        expected = slow if 0 <= slow <= LAST_MS else BAD_TIME
        assert times_ms([one], TimeUnit.ISO8601).tolist() == [expected], one


@pytest.mark.parametrize(
    "text",
    [
        "2023-02-29T00:00:00Z",  # no leap year
        "2024-13-01T00:00:00Z",
        "2024-00-01T00:00:00Z",
        "2024-01-00T00:00:00Z",
        "2024-01-01T24:00:01Z",
        "2024-01-01T00:60:00Z",
        "2024-01-01T00:00:60Z",
        "1969-12-31T23:59:59Z",  # before the epoch
        "0000-01-01T00:00:00Z",
        "-024-01-01T00:00:00Z",
        "10000-01-01T00:00:00Z",
        "\u0662\u0660\u0662\u0664-01-01T00:00:00Z",  # F9: non-Latin digits
        "２０２４-01-01T00:00:00Z",
        "yesterday",
        "1700000000",
        "",
    ],
)
def test_what_is_no_time_is_bad_alone_and_among_others(text: str) -> None:
    good = "2024-01-01T00:00:00Z"
    assert times_ms([text], TimeUnit.ISO8601).tolist() == [BAD_TIME]
    assert times_ms([good, text, good], TimeUnit.ISO8601).tolist() == [
        1_704_067_200_000,
        BAD_TIME,
        1_704_067_200_000,
    ]


@pytest.mark.parametrize("value", [None, True, 17, 1.5, b"2024-01-01T00:00:00Z", ["2024-01-01"], {}])
def test_what_is_no_text_is_no_iso_time(value: object) -> None:
    assert times_ms([value, "2024-01-01"], TimeUnit.ISO8601).tolist() == [BAD_TIME, 1_704_067_200_000]


WHOLE = st.integers(-(2**70), 2**70) | st.integers(0, 2 * 10**18) | st.integers(0, LAST_MS // 1_000)
NUMBERS = st.floats() | st.floats(0, 2e18) | st.floats(0, 3e11)
STRANGE = st.sampled_from([None, True, "1700000000", [1], {}])


def exact_epoch_ms(value: object, unit: TimeUnit) -> int | None:
    """By fractions; None where a float lies so near a border that rounding to microseconds may decide."""
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float)
        or value != value
        or abs(value) == float("inf")
    ):
        return int(BAD_TIME)
    micros = Fraction(value) * 10**6 / PER_S[unit]
    if isinstance(value, float):
        if abs(micros - round(micros)) > Fraction(1, 5) or micros > 2**52:
            return None
        micros = Fraction(round(micros))
    found = micros // 1_000
    return found if 0 <= found <= LAST_MS else int(BAD_TIME)


@given(values=st.lists(WHOLE | NUMBERS | STRANGE, max_size=8), unit=st.sampled_from(sorted(PER_S)))
def test_epoch_numbers_against_fractions_and_each_by_itself(values: list[object], unit: TimeUnit) -> None:
    found = times_ms(values, unit).tolist()
    for value, time_ms in zip(values, found, strict=True):
        assert times_ms([value], unit).tolist() == [time_ms], "its neighbours changed a time"
        expected = exact_epoch_ms(value, unit)
        assert expected is None or time_ms == expected, value


@given(st.integers(0, LAST_MS))
def test_seconds_with_a_fraction_keep_their_milliseconds(time_ms: int) -> None:
    # F11: 1700000000.123 is no float; the nearest one is a little less
    if time_ms < 2**32 * 1_000:
        assert times_ms([time_ms / 1_000], TimeUnit.SECONDS).tolist() == [time_ms]


def test_milliseconds_for_seconds_and_negative_times_are_bad_f11() -> None:
    now_ms = 1_700_000_000_000
    assert times_ms([now_ms], TimeUnit.SECONDS).tolist() == [BAD_TIME], "the year 55 800"
    assert times_ms([float(now_ms), -1, -0.5], TimeUnit.SECONDS).tolist() == [BAD_TIME] * 3
    assert times_ms([now_ms // 1_000], TimeUnit.MILLISECONDS).tolist() == [1_700_000_000], (
        "1970: late, not wrong"
    )
    assert times_ms([253_402_300_799, 253_402_300_800], TimeUnit.SECONDS).tolist() == [
        LAST_MS - 999,
        BAD_TIME,
    ]


def test_nothing_gives_nothing() -> None:
    for unit in TimeUnit:
        assert times_ms([], unit).tolist() == []
