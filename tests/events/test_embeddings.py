"""Vectors: whatever a record holds, its number, its reason and its batch-free bits; nothing stops the decoder."""

from __future__ import annotations

import json
import math
from array import array
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driftwatch.events import embeddings
from driftwatch.events.classes import Stream
from driftwatch.events.columns import INVALID_TEXT, Events
from driftwatch.events.compile import PathConflictError
from driftwatch.events.decode import Decoder
from driftwatch.events.embeddings import Embedding, length_text, state_of, vector_of
from driftwatch.events.reading import StreamReading
from driftwatch.events.records import Partition, RecordBatch

KEY = b"0123456789abcdef"


@dataclass(frozen=True)
class Sums:
    """Sum and sum of squares."""

    length: int

    @property
    def columns(self) -> tuple[str, ...]:
        return (f"sum{self.length}", f"squares{self.length}")

    def reducer(self) -> Callable[[np.ndarray], np.ndarray]:
        return lambda x: np.stack([x.sum(axis=1), (x * x).sum(axis=1)], axis=1)


VECTOR = Embedding("f.v", ("f", "v"), (Sums(3), Sums(2)))
READING = StreamReading("m", Stream.FEATURES, id=("id",), numeric=(("a", ("a",)),), textual=(("c", ("f", "c")),), embeddings=(VECTOR, Embedding("w", ("w",))))  # fmt: skip


def batch(values: list[bytes | None], first: int = 0) -> RecordBatch:
    n = len(values)
    return RecordBatch(Partition("t", 0), np.arange(first, first + n), np.full(n, 1), values, first + n)


def decode(*records: Any) -> Events:
    return Decoder(READING, KEY).decode(
        batch([json.dumps({"id": i} | r).encode() for i, r in enumerate(records)])
    )


def test_lists_become_what_is_made_of_them_and_their_length() -> None:
    events = decode(
        {"a": 7, "f": {"v": [1, 2.5, 3], "c": "x"}}, {"f": {"v": "[3, 4]"}, "w": []}, {"f": {"v": [1]}}, {"f": {"v": None}}, {}
    )  # fmt: skip
    assert READING.number_names == ("a", "sum3", "squares3", "sum2", "squares2")
    assert READING.text_names == ("c", "f.v", "w")
    nan, inf = math.nan, math.inf
    expected = [
        [7, 6.5, 16.25, inf, inf], [nan, inf, inf, 7, 25], [nan, inf, inf, inf, inf], [nan] * 5, [nan] * 5
    ]  # fmt: skip
    assert np.array_equal(events.numbers, np.array(expected), equal_nan=True)
    assert events.texts == [
        ["x", None, None, None, None],
        ["3 numbers", "2 numbers", "1 numbers", None, None],
        [None, "0 numbers", None, None, None],
    ]


@pytest.mark.parametrize(
    "value",
    ["[1, 2", "", "no", '"[1]"', 3, True, {}, [[1.0]], ["1"], [None], [True], [math.nan], [math.inf], [10**400], "[1e999]", "[null]"],
)  # fmt: skip
def test_what_is_no_list_of_finite_numbers_is_invalid(value: object) -> None:
    assert vector_of(value) is None
    assert state_of(value) == INVALID_TEXT
    events = decode({"f": {"v": value}}, {"f": {"v": [1, 2, 3]}})
    assert events.texts[1] == [INVALID_TEXT, "3 numbers"]
    assert np.isinf(events.numbers[0, 1:]).all()
    assert events.numbers[1, 1] == 6


def test_another_vector_is_another_payload_and_the_same_one_the_same() -> None:
    lists = [[1, 2, 3], [1, 2, 4], [1, 2, 3], [1, 2], None, "x"]
    payloads = decode(*({"f": {"v": each}} for each in lists)).payloads.tolist()
    assert payloads[0] == payloads[2]
    assert len(set(payloads)) == 5
    assert decode({"w": [1]}).payloads[0] != decode({"w": [2]}).payloads[0], (
        "also where nothing is made of it"
    )


def test_a_path_is_an_embedding_or_a_value() -> None:
    for more in (
        {"score": ("f", "v")},
        {"numeric": (("v", ("f", "v")),)},
        {"numeric": (("v", ("f", "v", "x")),)},
    ):
        with pytest.raises(PathConflictError, match=r"f\.v"):
            Decoder(StreamReading("m", Stream.PREDICTIONS, embeddings=(VECTOR,), **more), KEY)


NUMBERS = st.floats(width=64) | st.integers(-(10**400), 10**400)
ANYTHING = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(max_size=4), lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=2)
)  # fmt: skip
LISTS = st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=3)
RECORDS = st.fixed_dictionaries(
    {"id": st.integers(0, 9)},
    optional={"a": st.floats(-9, 9), "f": st.fixed_dictionaries({}, optional={"v": LISTS | ANYTHING | LISTS.map(json.dumps)}) | ANYTHING, "w": LISTS | ANYTHING},
)  # fmt: skip


def same(one: Events, other: Events) -> None:
    for name in ("offsets", "ids", "payloads", "numbers"):
        assert getattr(one, name).tobytes() == getattr(other, name).tobytes(), name
    assert (one.texts, one.rejected) == (other.texts, other.rejected)


@settings(max_examples=300, deadline=None)
@given(records=st.lists(RECORDS, max_size=8), chunk=st.sampled_from([1, 4, 10**6]))
def test_any_list_is_read_by_reason_whatever_the_path_and_the_chunk(
    records: list[dict[str, Any]], chunk: int
) -> None:
    values = [json.dumps(record).encode("utf-8", "surrogatepass") for record in records]
    fast, careful = Decoder(READING, KEY), Decoder(READING, KEY)

    def refuse(value: bytes) -> Any:
        raise msgspec.DecodeError

    careful._decode = refuse
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(embeddings, "CHUNK_NUMBERS", chunk)
        found = fast.decode(batch(values))
    same(found, careful.decode(batch(values)))
    assert len(found) + sum(found.rejected.values()) == len(values)
    for place, offset in enumerate(found.offsets.tolist()):
        inside = json.loads(values[offset]).get("f")
        value = inside.get("v") if isinstance(inside, dict) else None
        state, numbers = found.texts[1][place], found.numbers[place, 1:]
        assert state == state_of(value)
        if state is None:
            assert np.isnan(numbers).all()
        elif state in ("2 numbers", "3 numbers"):
            raw = np.array(vector_of(value))
            mine = numbers[:2] if len(raw) == 3 else numbers[2:]
            assert mine == pytest.approx([raw.sum(), (raw * raw).sum()], nan_ok=True)
            assert np.isinf(numbers[2:] if len(raw) == 3 else numbers[:2]).all()
        else:
            assert np.isinf(numbers).all()


def test_the_text_of_a_length() -> None:
    assert length_text(384) == "384 numbers"
    assert vector_of([1, 2.0]) == array("d", [1, 2])
