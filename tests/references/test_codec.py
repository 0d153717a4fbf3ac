"""Reference files: the same bytes for the same content, and nothing doubtful is read."""

from __future__ import annotations

import hashlib
import zlib
from dataclasses import replace

import msgspec
import numpy as np
import pytest

from driftwatch.errors import ReferenceFileError
from driftwatch.events.classes import Stream
from driftwatch.references.build import build
from driftwatch.references.codec import FORMAT, MAGIC, content_hash, decode, encode
from driftwatch.references.reference import Reference
from tests.references.records import batches, labels, predictions, subject


@pytest.fixture(scope="module")
def reference() -> Reference:
    streams = batches(predictions=predictions(200), labels=labels(200))
    return build(subject(), streams, source="test", created_ms=7).reference


def assert_equal(a: Reference, b: Reference) -> None:
    assert replace(a, totals={}, panes={}) == replace(b, totals={}, panes={})
    for stream, total in a.totals.items():
        assert b.totals[stream].dtype == np.int64
        assert (total == b.totals[stream]).all()
        for name in ("times_ms", "starts", "cells", "counts", "width_ms"):
            assert np.array_equal(getattr(a.panes[stream], name), getattr(b.panes[stream], name))


def resealed(data: bytes) -> bytes:
    return data + hashlib.sha256(data).digest()


def test_bytes_and_back(reference: Reference) -> None:
    data = encode(reference)
    assert encode(decode(data)) == data
    assert_equal(decode(data), reference)
    assert decode(data).layout.hash == reference.layout.hash


def test_a_file_of_int64_arrays_is_read_too(reference: Reference) -> None:
    """As they were written first: nothing in the header says of which type the arrays are."""
    data = encode(reference)
    frame = len(MAGIC) + 2
    size = int.from_bytes(data[frame : frame + 4], "little")
    header = msgspec.msgpack.decode(data[frame + 4 : frame + 4 + size])
    body, arrays = zlib.decompress(data[frame + 4 + size : -32]), []
    for (_, shape), kind in zip(header["arrays"], header.pop("kinds"), strict=True):
        count = int(np.prod(shape))
        arrays.append(np.frombuffer(body, f"<{kind}", count).astype("<i8").tobytes())
        body = body[count * int(kind[1]) :]
    old = msgspec.msgpack.encode(header)
    frame_bytes = data[:frame] + len(old).to_bytes(4, "little")
    read = decode(resealed(frame_bytes + old + zlib.compress(b"".join(arrays), 6)))
    assert_equal(read, reference)
    assert read.panes[Stream.PREDICTIONS].counts.dtype == np.int8


def test_panes_are_kept_in_small_types(reference: Reference) -> None:
    panes = decode(encode(reference)).panes[Stream.PREDICTIONS]
    assert (panes.cells.dtype, panes.counts.dtype) == (np.int8, np.int8)
    assert panes.matrix(0, *reference.totals[Stream.PREDICTIONS].shape).dtype == np.int64


def test_arrays_that_were_read_can_be_counted_into(reference: Reference) -> None:
    decode(encode(reference)).totals[Stream.PREDICTIONS][0, 0] += 1


@pytest.mark.parametrize("place", [0.02, 0.3, 0.7, 0.999])
def test_a_changed_byte_is_found(reference: Reference, place: float) -> None:
    data = bytearray(encode(reference))
    data[int(len(data) * place)] ^= 1
    with pytest.raises(ReferenceFileError, match=r"x\.ref"):
        decode(bytes(data), "x.ref")


@pytest.mark.parametrize("size", [0, 5, len(MAGIC) + 3, 200, -1])
def test_a_cut_file_is_found(reference: Reference, size: int) -> None:
    with pytest.raises(ReferenceFileError, match=r"is damaged or changed|is not a driftwatch reference"):
        decode(encode(reference)[:size])


def test_a_foreign_file_is_refused() -> None:
    with pytest.raises(ReferenceFileError, match=r"a\.csv is not a driftwatch reference; make one with"):
        decode(b"id,score\n1,0.5\n", "a.csv")


def test_a_newer_file_is_refused_by_its_format(reference: Reference) -> None:
    data = bytearray(encode(reference)[:-32])
    data[len(MAGIC)] = FORMAT + 1
    with pytest.raises(
        ReferenceFileError, match=f"has format {FORMAT + 1}, this driftwatch reads formats up to {FORMAT}"
    ):
        decode(resealed(bytes(data)))


def test_counts_changed_with_a_right_checksum_do_not_have_the_hash(reference: Reference) -> None:
    total = reference.totals[Stream.PREDICTIONS] + 1
    forged = replace(reference, totals={**reference.totals, Stream.PREDICTIONS: total})
    with pytest.raises(ReferenceFileError, match="does not have the hash"):
        decode(encode(forged))


def test_counts_that_do_not_fit_the_layout_are_refused(reference: Reference) -> None:
    panes = reference.panes[Stream.PREDICTIONS]
    for wrong in (
        replace(panes, cells=panes.cells.astype(np.int64) + 10**6),
        replace(panes, starts=panes.starts[:-1]),
        replace(panes, counts=panes.counts[:-1]),
    ):
        bad = replace(reference, panes={**reference.panes, Stream.PREDICTIONS: wrong})
        with pytest.raises(ReferenceFileError, match="do not fit its layout"):
            decode(encode(replace(bad, hash=content_hash(bad))))


def test_arrays_cannot_grow_beyond_what_is_announced(reference: Reference) -> None:
    data = encode(reference)[:-32]
    start = data.rindex(zlib.compress(b"", 6)[:2], 0, len(data))
    with pytest.raises(ReferenceFileError, match="damaged"):
        decode(resealed(data[:start] + zlib.compress(bytes(50_000_000), 6)))


def test_a_header_of_another_shape_is_refused(reference: Reference) -> None:
    header = msgspec.msgpack.encode({"model": 3})
    frame = MAGIC + FORMAT.to_bytes(2, "little") + len(header).to_bytes(4, "little")
    with pytest.raises(ReferenceFileError, match="damaged"):
        decode(resealed(frame + header))


def test_the_hash_names_the_content_not_its_origin(reference: Reference) -> None:
    assert content_hash(replace(reference, source="b", created_ms=1, hash="")) == reference.hash
    assert content_hash(replace(reference, events=1)) != reference.hash
    assert len(reference.hash) == 16
