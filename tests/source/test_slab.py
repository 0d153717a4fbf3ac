"""The slab parser against stock kafka-python, on batches built by kafka-python's own builders."""

from __future__ import annotations

import struct
from collections import namedtuple
from typing import Any

import kafka.consumer.fetcher as stock
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kafka import TopicPartition
from kafka.errors import CorruptRecordError
from kafka.record import MemoryRecords

from driftwatch.source import slab
from driftwatch.source.slab import SlabRecords, install_slabs
from tests.source.batches import Rec, batch, end_marker, legacy, sign

Aborted = namedtuple("Aborted", "producer_id first_offset")
TP = TopicPartition("t", 0)
ALL = 10**6
Row = tuple[int, int, bytes | None]


def reader(kind: Any, log: bytes, fetch_offset: int, aborted: list[Aborted], committed: bool = True) -> Any:
    isolation = stock.IsolationLevel.READ_COMMITTED if committed else stock.IsolationLevel.READ_UNCOMMITTED
    return kind(fetch_offset, TP, MemoryRecords(log), isolation_level=isolation, aborted_transactions=aborted)


def take(part: Any, count: int) -> list[Row]:
    rows: list[Row] = []
    for taken in part.take(count):
        if isinstance(taken, slab.Slab):
            assert taken.offsets.dtype == taken.timestamps_ms.dtype == np.int64
            assert len(taken.offsets) == len(taken.timestamps_ms) == len(taken)
            rows += zip(taken.offsets.tolist(), taken.timestamps_ms.tolist(), taken.values, strict=True)
        else:
            rows.append((taken.offset, -1 if taken.timestamp is None else taken.timestamp, taken.value))
    return rows


def read(
    kind: Any, log: bytes, fetch_offset: int = 0, aborted: list[Aborted] | None = None
) -> tuple[list[Row], int]:
    part = reader(kind, log, fetch_offset, aborted or [])
    rows = take(part, ALL)
    assert take(part, ALL) == [] if part else True
    assert not part  # everything was read, the partition is drained
    return rows, part.next_fetch_offset


def both(log: bytes, fetch_offset: int = 0, aborted: list[Aborted] | None = None) -> tuple[list[Row], int]:
    expected = read(stock.Fetcher.PartitionRecords, log, fetch_offset, aborted)
    assert read(SlabRecords, log, fetch_offset, aborted) == expected
    return expected


keys = st.none() | st.binary(max_size=5) | st.binary(min_size=60, max_size=70)
values = st.none() | st.just(b"") | st.binary(max_size=30) | st.binary(min_size=8_190, max_size=8_200)
headers = st.lists(st.tuples(st.text(max_size=3), st.none() | st.binary(max_size=3)), max_size=2)
times = st.integers(1_600_000_000_000, 1_800_000_000_000) | st.integers(-1, 10)
records = st.builds(
    Rec, value=values, key=keys, timestamp=times, headers=headers, gap=st.sampled_from([0, 0, 0, 1, 200])
)


@st.composite
def logs(draw: st.DrawFn) -> tuple[bytes, list[Aborted], int]:
    """A piece of log with every kind of batch, the aborted transactions in it, and its end offset."""
    log, aborted, offset = b"", [], draw(st.integers(0, 2**40))
    for _ in range(draw(st.integers(1, 6))):
        kind = draw(st.sampled_from(["plain", "plain", "append", "empty", "commit", "abort", "legacy"]))
        some = draw(st.lists(records, min_size=1, max_size=5))
        codec = draw(st.integers(0, 4))
        behind = draw(st.sampled_from([0, 0, 3]))
        if kind == "legacy":
            magic, codec = draw(st.integers(0, 1)), draw(st.sampled_from([0, 1]))
            log += legacy(offset, some, magic=magic, codec=codec)
            offset += len(some)
            continue
        if kind == "empty":
            some = []
        producer = draw(st.integers(0, 3)) if kind in ("commit", "abort") else -1
        if kind == "abort":
            aborted.append(Aborted(producer, offset))
        log += batch(
            offset,
            some,
            codec=codec if some else 0,
            producer_id=producer,
            transactional=producer >= 0,
            log_append_time=kind == "append",
            behind=behind + (not some),
        )
        offset += len(some) + sum(record.gap for record in some) + behind + (not some)
        if producer >= 0:
            log += end_marker(offset, producer, abort=kind == "abort")
            offset += 1
    return log, aborted, offset


@settings(max_examples=300)
@given(
    logs(),
    st.integers(0, 30),
    st.lists(st.integers(1, 3), min_size=1, max_size=4),
    st.sampled_from([1, 10**4, 10**7]),
)
def test_equals_the_stock_path(
    made: tuple[bytes, list[Aborted], int], from_delta: int, takes: list[int], slab_bytes: int
) -> None:
    log, aborted, end = made
    first = MemoryRecords(log).next_batch().base_offset
    start = min(first + from_delta, end)
    expected, position = read(stock.Fetcher.PartitionRecords, log, start, aborted)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(slab, "SLAB_BYTES", slab_bytes)
        assert read(SlabRecords, log, start, aborted) == (expected, position)
        part, rows, turn = reader(SlabRecords, log, start, aborted), [], 0
        while part:  # position and records agree after every step
            rows += take(part, takes[turn % len(takes)])
            assert [row for row in expected if row[0] < part.next_fetch_offset] == rows
            turn += 1
        assert (rows, part.next_fetch_offset) == (expected, position)


def test_an_empty_value_is_not_a_tombstone() -> None:
    rows, _ = both(batch(7, [Rec(b""), Rec(None), Rec(b"x", key=b"k")]))
    assert [row[2] for row in rows] == [b"", None, b"x"]


@pytest.mark.parametrize("codec", range(5))
def test_codecs(codec: int) -> None:
    log = batch(0, [Rec(b"v" * 300 + bytes([n]), key=b"k") for n in range(50)], codec=codec)
    rows, end = both(log)
    assert (len(rows), end) == (50, 50)
    assert both(log, 20)[0] == rows[20:]


def test_a_start_in_the_middle_of_a_batch_with_gaps() -> None:
    log = batch(100, [Rec(b"a"), Rec(b"b", gap=5), Rec(b"c")]) + batch(200, [Rec(b"d")])
    rows, end = both(log, 103)
    assert [row[0] for row in rows] == [106, 107, 200]
    assert end == 201


def test_timestamps_below_the_first_and_log_append_time() -> None:
    back = [Rec(b"a", timestamp=1_000), Rec(b"b", timestamp=10), Rec(b"c", timestamp=2_000)]
    assert [row[1] for row in both(batch(0, back))[0]] == [1_000, 10, 2_000]
    assert [row[1] for row in both(batch(0, back, log_append_time=True))[0]] == [2_000] * 3


def test_aborted_records_are_passed_over_and_the_position_moves_behind_the_marker() -> None:
    log = (
        batch(0, [Rec(b"a")])
        + batch(1, [Rec(b"lost")], producer_id=9, transactional=True)
        + batch(2, [Rec(b"kept")], producer_id=8, transactional=True)
        + end_marker(3, 9, abort=True)
        + batch(4, [Rec(b"kept too")], producer_id=9, transactional=True)
        + end_marker(5, 9, abort=False)
        + end_marker(6, 8, abort=False)
    )
    rows, end = both(log, 0, [Aborted(9, 1)])
    assert [row[2] for row in rows] == [b"a", b"kept", b"kept too"]
    assert end == 7
    part = reader(SlabRecords, log, 0, [Aborted(9, 1)], committed=False)
    assert [row[2] for row in take(part, ALL)] == [b"a", b"lost", b"kept", b"kept too"]


@pytest.mark.parametrize("magic", [0, 1])
@pytest.mark.parametrize("codec", [0, 1])
def test_old_formats_take_the_stock_path(magic: int, codec: int) -> None:
    log = legacy(5, [Rec(b"a"), Rec(None), Rec(b"")], magic=magic, codec=codec) + batch(8, [Rec(b"new")])
    rows, end = both(log, 6)
    assert [row[2] for row in rows] == [None, b"", b"new"]
    assert end == 9


def fails(part: Any) -> tuple[list[Row], int]:
    rows = take(part, ALL)
    position = part.next_fetch_offset
    with pytest.raises(CorruptRecordError):
        take(part, ALL)
    return rows, position


def test_a_corrupt_batch_does_not_lose_the_good_ones_before_it() -> None:
    broken = bytearray(batch(12, [Rec(b"bad")]))
    broken[-1] ^= 1
    log = batch(10, [Rec(b"a"), Rec(b"b")]) + bytes(broken) + batch(13, [Rec(b"c")])
    assert fails(reader(stock.Fetcher.PartitionRecords, log, 11, [])) == fails(
        reader(SlabRecords, log, 11, [])
    )
    rows, position = fails(reader(SlabRecords, log, 10, []))
    assert ([row[2] for row in rows], position) == ([b"a", b"b"], 12)


def test_a_damaged_record_does_not_lose_the_good_ones_before_it() -> None:
    good, data = Rec(b"good"), bytearray(batch(12, [Rec(b"first"), Rec(b"second")]))
    at = data.index(b"second")
    data[at - 1] = 200  # its length leads out of the record; the CRC is right
    log = batch(10, [good, good]) + sign(data)
    expected = fails(reader(stock.Fetcher.PartitionRecords, log, 10, []))
    assert [row[2] for row in expected[0]] == [b"good", b"good", b"first"]
    assert fails(reader(SlabRecords, log, 10, [])) == expected


def test_a_batch_with_less_than_its_count_is_refused() -> None:
    data = bytearray(batch(0, [Rec(b"one")]))
    struct.pack_into(">i", data, 57, 2)
    part = reader(SlabRecords, sign(data), 0, [])
    assert fails(part)[0] == [(0, 1_700_000_000_000, b"one")]


def test_a_large_record_is_read_without_joining() -> None:
    value = bytes(range(256)) * 4_000
    rows, _ = both(batch(0, [Rec(value), Rec(None), Rec(b"")]))
    assert [row[2] for row in rows] == [value, None, b""]
    assert isinstance(rows[0][2], bytes)


def test_slabs_are_cut_by_size() -> None:
    log = b"".join(batch(n, [Rec(b"x" * 100_000)]) for n in range(10))
    sizes = [len(taken) for taken in reader(SlabRecords, log, 0, []).take(ALL)]
    assert sizes == [3, 3, 3, 1]


def test_an_untested_version_keeps_the_stock_path(monkeypatch: pytest.MonkeyPatch) -> None:
    class Consumer:
        _fetcher = type("F", (), {"PartitionRecords": None})()

    consumer = Consumer()
    monkeypatch.setattr(slab, "VERSION", "3.0.99")
    assert not install_slabs(consumer)
    assert consumer._fetcher.PartitionRecords is None
    monkeypatch.setattr(slab, "VERSION", "3.0.12")
    assert install_slabs(consumer)
    assert consumer._fetcher.PartitionRecords is SlabRecords
