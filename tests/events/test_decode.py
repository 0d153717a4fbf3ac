"""Records become columns: poison (F7), length (F8), strange numbers (F9), and the same answer whatever the batch."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driftwatch.events.classes import RecordClass, Stream
from driftwatch.events.columns import Events
from driftwatch.events.decode import LETTERS_MAX, SAMPLE_BYTES, Decoder
from driftwatch.events.reading import StreamReading
from tests.events.loans import KEY, NOW, batch, decode, loan, predictions

GOOD = json.dumps(loan()).encode()


def written(**changed: Any) -> bytes:
    return json.dumps(loan(**changed)).encode()


def test_a_record_becomes_a_row_of_columns() -> None:
    events = decode(loan(), loan(id=17, income=None, house=3, country=...))
    assert len(events) == 2
    assert events.offsets.tolist() == [10, 11]
    assert events.times_ms.tolist() == [NOW, NOW]
    assert events.versions == ["7", "7"]
    assert events.scores.tolist() == [0.25, 0.25]
    assert events.numbers[0].tolist() == [1_000.0]
    assert np.isnan(events.numbers[1, 0])
    assert events.texts == [["rent", "3"], ["PT", None]]
    assert events.rejected == {}


POISON = {
    "tombstone": (None, RecordClass.INVALID_TOMBSTONE),
    "empty": (b"", RecordClass.INVALID_EMPTY),
    "only spaces": (b" \n\t", RecordClass.INVALID_EMPTY),
    "invalid UTF-8": (b'{"id": "\xff\xfe"}', RecordClass.INVALID_UTF8),
    "cut JSON": (GOOD[:-9], RecordClass.INVALID_JSON),
    "no JSON": (b"id=7;score=3", RecordClass.INVALID_JSON),
    "two records in one": (GOOD + GOOD, RecordClass.INVALID_JSON),
    "an array": (b"[1, 2]", RecordClass.INVALID_NOT_OBJECT),
    "a number": (b"17", RecordClass.INVALID_NOT_OBJECT),
    "null": (b"null", RecordClass.INVALID_NOT_OBJECT),
    "duplicate id": (GOOD[:-1] + b', "id": "b"}', RecordClass.INVALID_DUPLICATE_KEY),
    "duplicate score": (
        GOOD.replace(b'"score": 0.25', b'"score": 0.25, "score": 0.5', 1),
        RecordClass.INVALID_DUPLICATE_KEY,
    ),
    "no id": (written(id=...), RecordClass.INVALID_ID),
    "empty id": (written(id=""), RecordClass.INVALID_ID),
    "null id": (written(id=None), RecordClass.INVALID_ID),
    "true as id": (written(id=True), RecordClass.INVALID_ID),
    "object as id": (written(id={"a": 1}), RecordClass.INVALID_ID),
    "infinite id": (written(id=float("inf")), RecordClass.INVALID_ID),
    "no time": (written(ts=...), RecordClass.INVALID_TIME),
    "text as epoch": (written(ts=str(NOW)), RecordClass.INVALID_TIME),
    "no version": (written(model={}), RecordClass.INVALID_VERSION),
    "no model": (written(model=None), RecordClass.INVALID_VERSION),
    "array as version": (written(model={"version": [1]}), RecordClass.INVALID_VERSION),
    "infinite version": (written(model={"version": float("-inf")}), RecordClass.INVALID_VERSION),
}


@pytest.mark.parametrize("name", POISON)
def test_poison_is_counted_with_its_reason_and_the_others_go_on_f7(name: str) -> None:
    value, why = POISON[name]
    events = Decoder(predictions(max_record_bytes=10_000), KEY).decode(batch([GOOD, value, GOOD]))
    assert events.rejected == {why: 1}
    assert events.offsets.tolist() == [10, 12]
    (letter,) = events.dead_letters
    assert (letter.offset, letter.reason, letter.model) == (11, why, "credit")


@pytest.mark.parametrize(
    "value",
    [
        b"[" * 100_000,
        b'{"income":' * 100_000,
        GOOD[:-1] + b',"house":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        GOOD[:-1] + b',"other":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    ],
    ids=["arrays", "objects", "in a field", "in a field that nobody reads"],
)
def test_nesting_of_100_000_is_too_deep_and_kills_nobody_f7(value: bytes) -> None:
    decoder = Decoder(predictions(max_record_bytes=10_000_000), KEY)
    assert decoder.decode(batch([GOOD, value])).rejected == {RecordClass.INVALID_NESTING: 1}


@pytest.mark.parametrize("digits", [400, 401, 4_300, 5_000])
def test_an_integer_of_thousands_of_digits_f7(digits: int) -> None:
    long = b"9" * digits
    decoder = Decoder(predictions(max_record_bytes=100_000), KEY)
    as_number = decoder.decode(batch([GOOD.replace(b'"income": 1000', b'"income": ' + long)]))
    assert as_number.numbers.tolist() == [[np.inf]], "invalid, and never in a sum"
    as_time = decoder.decode(batch([GOOD.replace(b'"ts": %d' % NOW, b'"ts": ' + long)]))
    assert as_time.rejected == {RecordClass.INVALID_TIME: 1}
    ids = [GOOD.replace(b'"a-1"', b"1" + long), GOOD.replace(b'"a-1"', b"2" + long)]
    as_id = decoder.decode(batch(ids))
    if digits > 400:
        assert as_id.rejected == {RecordClass.INVALID_ID: 2}, "they cannot be told apart"
    assert len(set(as_id.ids.tolist())) == len(as_id)


def test_a_record_over_the_limit_is_not_parsed_f8() -> None:
    fits = GOOD + b" " * (1_000 - len(GOOD))
    poison = b'{"id": "a", ' + b"\xff" * 20_000_000
    events = decode(fits, fits + b" ", poison)
    assert events.rejected == {RecordClass.OVER_LIMIT: 2}, "whatever it holds: nobody looked"
    assert events.offsets.tolist() == [10]
    assert [len(letter.sample) for letter in events.dead_letters] == [SAMPLE_BYTES, SAMPLE_BYTES]


NUMBERS = {
    "NaN": (b"NaN", np.nan),
    "null": (b"null", np.nan),
    "Infinity": (b"Infinity", np.inf),
    "-Infinity": (b"-Infinity", np.inf),
    "1e999": (b"1e999", np.inf),
    "-1e999": (b"-1e999", np.inf),
    "a number as text": (b'"17"', np.inf),
    "true": (b"true", np.inf),
    "false": (b"false", np.inf),
    "an underscore": (b'"1_000"', np.inf),
    "Arabic digits": ('"\u0661\u0662"'.encode(), np.inf),
    "full-width digits": ('"\uff11"'.encode(), np.inf),
    "an array": (b"[1]", np.inf),
    "an object": (b'{"a": 1}', np.inf),
    "5e-324": (b"5e-324", 5e-324),
    "1.7976931348623157e308": (b"1.7976931348623157e308", 1.7976931348623157e308),
    "a great integer": (b"1" + b"0" * 300, 1e300),
    "an integer beyond every float": (b"1" + b"0" * 320, np.inf),
    "2**53 + 1": (b"9007199254740993", 9007199254740992.0),
}


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("field", ["income", "score"])
def test_strange_numbers_are_missing_or_invalid_by_rule_f9(name: str, field: str) -> None:
    text, expected = NUMBERS[name]
    old = b'"income": 1000' if field == "income" else b'"score": 0.25'
    events = decode(GOOD.replace(old, b'"%s": %s' % (field.encode(), text)))
    found = events.numbers[:, 0] if field == "income" else events.scores
    assert np.array_equal(found, [expected], equal_nan=True)


def test_a_bare_underscore_or_foreign_digit_is_no_json_f9() -> None:
    for text in (b"1_000", "\u0661".encode(), b"0x10", b"+1", b".5", b"01"):
        events = decode(GOOD.replace(b'"income": 1000', b'"income": ' + text))
        assert events.rejected == {RecordClass.INVALID_JSON: 1}, text


def test_a_lone_surrogate_becomes_a_text_that_can_be_stored_f34() -> None:
    events = decode(
        *(GOOD.replace(b'"%s"' % old, b'"\\ud800"') for old in (b"a-1", b"7", b"rent", b"PT")),
        b'{"type": "\\ud800"}',
    )
    assert len(events) == 4
    texts = [events.versions, *events.texts]
    assert [column.count("?") for column in texts] == [1, 1, 1]
    msgspec.msgpack.encode(texts)


def test_where_selects_and_whatever_is_wrong_with_the_others_is_nobodys_mistake() -> None:
    events = decode(loan(type="label", id=None, ts="?"), loan(type=...), loan(type=["prediction"]), loan())
    assert events.rejected == {RecordClass.FILTERED: 3}
    assert events.dead_letters == []
    assert events.offsets.tolist() == [13]


def test_dead_letters_are_escaped_cut_and_bounded() -> None:
    value = b'\x00\xff\n\\\x1b[31m{"' + b"x" * 1_000
    events = decode(*[value] * (LETTERS_MAX + 5), reading=predictions(max_record_bytes=10_000))
    assert sum(events.rejected.values()) == LETTERS_MAX + 5
    assert len(events.dead_letters) == LETTERS_MAX
    sample = events.dead_letters[0].sample
    assert sample.startswith(r'\x00\xff\n\\\x1b[31m{"xx')
    assert len(sample) == SAMPLE_BYTES
    assert sample.isascii()
    assert sample.isprintable()


SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(2**62, 2**70),
    st.floats(),
    st.text(max_size=5),
    st.sampled_from(["a-1", "1_000", "7", "", 7, 7.0, NOW, NOW + 0.5, float(NOW)]),
)
ANYTHING = st.one_of(SCALARS, st.lists(SCALARS, max_size=2), st.dictionaries(st.text(max_size=3), SCALARS))
RECORDS = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["prediction", "prediction", "label", 1]) | ANYTHING,
        "id": ANYTHING,
        "ts": st.just(NOW) | ANYTHING,
        "model": st.fixed_dictionaries({}, optional={"version": ANYTHING}) | ANYTHING,
        "output": st.fixed_dictionaries({}, optional={"score": ANYTHING, "more": ANYTHING}) | ANYTHING,
        "income": ANYTHING,
        "house": ANYTHING,
        "country": ANYTHING,
        "unread": ANYTHING,
    },
)


def columns(events: Events) -> dict[str, object]:
    """All columns as values that can be compared, NaN included."""
    texts = {name: getattr(events, name) for name in ("versions", "decisions", "labels", "texts", "rejected")}
    arrays = ("offsets", "times_ms", "timestamps_ms", "ids", "payloads", "scores", "numbers")
    return texts | {name: getattr(events, name).tobytes() for name in arrays}


def slow(reading: StreamReading) -> Decoder:
    """A decoder whose fast path refuses everything."""

    def refuse(value: bytes) -> Any:
        raise msgspec.DecodeError

    decoder = Decoder(reading, KEY)
    decoder._decode = refuse
    return decoder


MAYBE = st.lists(RECORDS.map(lambda record: {"type": "prediction", "id": 1, "ts": NOW} | record), max_size=8)


@settings(max_examples=300)
@given(records=MAYBE)
def test_the_fast_path_reads_what_the_careful_one_reads(records: list[dict[str, Any]]) -> None:
    values = [json.dumps(record).encode() for record in records]
    reading = predictions(max_record_bytes=100_000)
    fast, careful = Decoder(reading, KEY).decode(batch(values)), slow(reading).decode(batch(values))
    assert columns(fast) == columns(careful)
    assert len(fast) + sum(fast.rejected.values()) == len(values), "every record ends somewhere (P2)"


VALUES = st.one_of(
    RECORDS.map(lambda record: json.dumps(record).encode()),
    st.sampled_from([*(value for value, _ in POISON.values()), GOOD]),
    st.binary(max_size=40),
)


@settings(max_examples=200)
@given(values=st.lists(VALUES, max_size=8), data=st.data())
def test_what_becomes_of_a_record_does_not_depend_on_its_batch(
    values: list[bytes | None], data: st.DataObject
) -> None:
    decoder = Decoder(predictions(), KEY)
    cut = data.draw(st.integers(0, len(values)))
    whole = decoder.decode(batch(values))
    parts = [decoder.decode(batch(values[:cut])), decoder.decode(batch(values[cut:], first=10 + cut))]
    for name in ("offsets", "times_ms", "ids", "payloads", "scores", "numbers"):
        joined = np.concatenate([getattr(part, name) for part in parts])
        assert joined.tobytes() == getattr(whole, name).tobytes(), name
    assert [v for part in parts for v in part.versions] == whole.versions
    counted = {why: sum(part.rejected.get(why, 0) for part in parts) for why in RecordClass}
    assert {why: count for why, count in counted.items() if count} == whole.rejected


def test_a_repeated_key_is_found_beside_records_that_have_none() -> None:
    # one count of the key through the whole batch would come out right
    twice = GOOD[:-1] + b', "id": "b"}'
    events = decode(twice, b"{}", b"{}")
    assert events.rejected[RecordClass.INVALID_DUPLICATE_KEY] == 1


@given(data=st.data())
def test_repeated_keys_are_found_wherever_the_records_are_cut(data: st.DataObject) -> None:
    """Against counting in each record: keys of two and more letters at every alignment, records short and long."""
    key = data.draw(st.sampled_from(["y", "id", "idx", "label"]))
    reading = StreamReading("credit", Stream.LABELS, id=("id",), label=(key,), label_required=True)
    pieces = st.lists(
        st.sampled_from([f'"{key}"', f'{key}"', '"', "x" * 7, f'"{key}', '"id"', " ", '"di"']), max_size=8
    )
    values = ["".join(data.draw(pieces)).encode() for _ in range(data.draw(st.integers(1, 12)))]
    values = [v or None for v in values]
    expected = {
        place
        for place, value in enumerate(values)
        if value and any(value.count(guarded) > 1 for guarded in (b'"id"', f'"{key}"'.encode()))
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("driftwatch.events.decode.SEARCHED_BYTES", data.draw(st.integers(1, 100)))
        assert Decoder(reading, KEY)._aside(values) == expected
