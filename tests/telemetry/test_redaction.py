from urllib.parse import quote

import hypothesis.strategies as st
import pytest
from hypothesis import given

from driftwatch.telemetry.redaction import MARK, Redaction

SECRET = 'pa/ss"wörd\\1'


@pytest.mark.parametrize(
    "text",
    [
        f"password {SECRET}",
        f"https://host/{quote(SECRET, safe='')}/x",
        repr({"k": SECRET}),
        '{"k": "pa/ss\\"w\\u00f6rd\\\\1"}',
    ],
)
def test_a_secret_is_hidden_however_it_is_written(text: str) -> None:
    clean = Redaction([SECRET]).clean(text)
    assert MARK in clean
    assert "rd" not in clean.replace("password", "").replace(MARK, "")


def test_the_longest_secret_goes_first() -> None:
    redaction = Redaction(["abcd"])
    redaction.add("abcdefgh")
    assert redaction.clean("abcdefgh abcd") == f"{MARK} {MARK}"


def test_each_line_of_a_key_file_is_hidden() -> None:
    redaction = Redaction(["-----BEGIN KEY-----\nMIIEvQIBADANBg\n-----END KEY-----\n"])
    assert "MIIEvQIBADANBg" not in redaction.clean("bad key near MIIEvQIBADANBg")


def test_an_empty_secret_hides_nothing() -> None:
    assert Redaction(["", " ", "\n"]).clean("a b\nc") == "a b\nc"


@given(st.text(min_size=1).filter(str.strip), st.text(), st.text())
def test_no_secret_comes_through(secret: str, before: str, after: str) -> None:
    clean = Redaction([secret]).clean(before + secret + after)
    assert all(secret not in part for part in clean.split(MARK))


def test_a_secret_that_is_part_of_the_mark_does_not_multiply_it() -> None:
    assert Redaction(["red", "e", "password1"]).clean("password1") == MARK
