import hypothesis.strategies as st
import pytest
from hypothesis import given

from driftwatch.telemetry.text import LABEL_CHARACTERS, iso_time, label_value, valid_utf8, visible

HOSTILE = st.text(st.characters(codec=None), max_size=400)


@given(HOSTILE)
def test_a_label_value_is_valid_bounded_and_without_controls(text: str) -> None:
    value = label_value(text)
    value.encode("utf-8")
    assert len(value) <= LABEL_CHARACTERS
    assert not any((c < " " and c != "\n") or "\x7f" <= c <= "\x9f" for c in value)


@given(HOSTILE, HOSTILE)
def test_different_texts_stay_different(one: str, other: str) -> None:
    assert (label_value(one) == label_value(other)) == (one == other)


@pytest.mark.parametrize("text", ["all", "country=PT", 'a"b', "a\nb", "a\\b", "çãé", ""])
def test_ordinary_text_is_left_alone(text: str) -> None:
    assert label_value(text) == text


def test_long_values_that_differ_at_the_end_stay_apart() -> None:
    assert label_value("x" * 1_000_000 + "a") != label_value("x" * 1_000_000 + "b")


@given(HOSTILE)
def test_visible_text_is_one_printable_line(text: str) -> None:
    shown = visible(text, 100)
    shown.encode("utf-8")
    assert shown.isprintable()


def test_visible_says_what_was_there_and_how_much() -> None:
    assert visible("a\x1b[31m\n\udc80b", 100) == r"a\x1b[31m\n\udc80b"
    assert visible("abcdef", 3) == "abc… (6 characters)"


def test_lone_surrogates_are_written_out() -> None:
    assert valid_utf8("a\udc80b é") == r"a\udc80b é"


@pytest.mark.parametrize(
    ("time_ms", "text"),
    [
        (0, "1970-01-01T00:00:00Z"),
        (1_700_000_000_123, "2023-11-14T22:13:20.123Z"),
        (-1, "1969-12-31T23:59:59.999Z"),
        (2**62, f"{2**62}ms"),
    ],
)
def test_event_times_are_iso_8601(time_ms: int, text: str) -> None:
    assert iso_time(time_ms) == text
