"""The careful reader: what can be saved, and the class of what cannot."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.events.classes import RecordClass
from driftwatch.events.columns import INVALID_TEXT
from driftwatch.events.reread import number, reread, scalar, text


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (None, RecordClass.INVALID_TOMBSTONE),
        (b"", RecordClass.INVALID_EMPTY),
        (b" \r\n", RecordClass.INVALID_EMPTY),
        (b"\xff", RecordClass.INVALID_UTF8),
        ('{"a": "\u00e9"}'.encode("latin-1"), RecordClass.INVALID_UTF8),
        ('{"a": 1}'.encode("utf-16"), RecordClass.INVALID_UTF8),
        ('\ufeff{"a": 1}'.encode(), RecordClass.INVALID_JSON),
        (b'{"a": 1', RecordClass.INVALID_JSON),
        (b'{"a": tru}', RecordClass.INVALID_JSON),
        (b"{'a': 1}", RecordClass.INVALID_JSON),
        (b"[" * 100_000, RecordClass.INVALID_NESTING),
        (b'{"a": 1, "a": 1}', RecordClass.INVALID_DUPLICATE_KEY),
        (b'{"b": [{"a": 1, "\\u0061": 2}]}', RecordClass.INVALID_DUPLICATE_KEY),
        (b"[]", RecordClass.INVALID_NOT_OBJECT),
        (b'"{}"', RecordClass.INVALID_NOT_OBJECT),
        (b" " * 1_000_001, RecordClass.OVER_LIMIT),
    ],
)
def test_a_record_that_cannot_be_read_has_a_class_f7_f8(value: bytes | None, why: RecordClass) -> None:
    assert reread(value, 1_000_000) is why


@given(st.binary(max_size=60))
def test_no_bytes_break_it(value: bytes) -> None:
    found = reread(value, 1_000)
    assert isinstance(found, dict | RecordClass)


def test_numbers_texts_and_raw_values_by_their_rules_f9() -> None:
    record = reread(
        b'{"n": null, "nan": NaN, "inf": -Infinity, "big": 1e999, "text": "1_000", "true": true, "list": [1],'
        b' "x": 1.5, "i": 7, "huge": 1'
        + b"0" * 399
        + b', "digits": 1'
        + b"0" * 5_000
        + b', "s": "\\udc00a"}',
        100_000,
    )
    assert isinstance(record, dict)
    missing = ("n", "nan", "absent")
    invalid = ("inf", "big", "text", "true", "list", "huge", "digits")
    assert all(math.isnan(number(record, (name,))) for name in missing)
    assert [number(record, (name,)) for name in invalid] == [math.inf] * len(invalid)
    assert [number(record, ("x",)), number(record, ("i",))] == [1.5, 7.0]
    assert [text(record, (name,)) for name in missing] == [None] * 3
    assert [text(record, (name,)) for name in ("inf", "big", "list", "digits")] == [INVALID_TEXT] * 4
    assert [text(record, (name,)) for name in ("text", "true", "x", "i", "s")] == [
        "1_000",
        "true",
        "1.5",
        "7",
        "?a",
    ]
    assert [scalar(record, (name,)) for name in ("absent", "n", "true", "s")] == [None, None, True, "?a"]
    assert scalar(record, ("list",)) == [1]
