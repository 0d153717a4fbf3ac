"""Varints against kafka-python's own, one at a time."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kafka.record.util import decode_varint, encode_varint

from driftwatch.source.varints import read_varints, walk_records

INT64 = st.integers(-(2**63), 2**63 - 1)


def encoded(values: list[int]) -> tuple[bytes, list[int]]:
    data, positions = bytearray(), []
    for value in values:
        positions.append(len(data))
        encode_varint(value, data.append)
    return bytes(data), positions


@given(st.lists(INT64, min_size=1, max_size=30))
def test_reads_every_int64_as_the_client_does(values: list[int]) -> None:
    data, positions = encoded(values)
    got, behind = read_varints(np.frombuffer(data, np.uint8), np.array(positions))
    assert got.tolist() == values
    assert behind.tolist() == [decode_varint(data, at)[1] for at in positions]


@given(st.lists(st.binary(max_size=70_000), max_size=6), st.booleans())
def test_walks_over_records_of_any_length(bodies: list[bytes], as_view: bool) -> None:
    data = bytearray(b"xx")
    for body in bodies:
        encode_varint(len(body), data.append)
        data += body
    buffer = memoryview(data) if as_view else bytes(data)
    starts: list[int] = []
    ends: list[int] = []
    walk_records(buffer, 2, len(data), len(bodies), starts, ends)
    assert [bytes(data[a:b]) for a, b in zip(starts, ends, strict=True)] == bodies


def test_a_length_of_four_bytes() -> None:
    data = bytearray()
    encode_varint(2**21, data.append)
    data += bytes(2**21)
    starts: list[int] = []
    ends: list[int] = []
    walk_records(bytes(data), 0, len(data), 1, starts, ends)
    assert (starts, ends) == ([4], [4 + 2**21])


@pytest.mark.parametrize(
    ("data", "count"),
    [
        (b"\x01\x00", 1),  # length -1
        (b"\x04\x00\x00\x00", 1),  # one byte too many
        (b"\x08\x00\x00", 1),  # leads out of the batch
        (b"\x04\x00\x00", 2),  # one record too few
        (b"\x80" * 11 + b"\x01", 1),  # longer than 64 bits
    ],
)
def test_refuses_lengths_that_do_not_fit(data: bytes, count: int) -> None:
    with pytest.raises((ValueError, IndexError)):
        walk_records(data, 0, len(data), count, [], [])


def test_refuses_a_varint_longer_than_64_bits_and_one_that_is_cut() -> None:
    with pytest.raises(ValueError, match="64 bits"):
        read_varints(np.frombuffer(b"\xff" * 11 + b"\x01", np.uint8), np.array([0]))
    with pytest.raises(IndexError):
        read_varints(np.frombuffer(b"\x80", np.uint8), np.array([0]))
