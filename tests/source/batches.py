"""Record batches as a broker stores them, made with kafka-python's own builders."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

from kafka.record.default_records import DefaultRecordBatch, DefaultRecordBatchBuilder
from kafka.record.legacy_records import LegacyRecordBatchBuilder
from kafka.record.util import calc_crc32c

CONTROL = 0x20
LOG_APPEND_TIME = 0x08
NO_LIMIT = 2**31

Headers = list[tuple[str, bytes | None]]


@dataclass
class Rec:
    value: bytes | None
    key: bytes | None = None
    timestamp: int = 1_700_000_000_000
    headers: Headers = field(default_factory=list)
    gap: int = 0
    """Records removed by compaction before this one."""


def batch(
    base_offset: int,
    records: list[Rec],
    *,
    codec: int = 0,
    producer_id: int = -1,
    transactional: bool = False,
    control: bool = False,
    log_append_time: bool = False,
    behind: int = 0,
    epoch: int = 3,
) -> bytes:
    """One batch of format v2; `behind` records at its end were removed by compaction."""
    builder = DefaultRecordBatchBuilder(
        2,
        codec,
        transactional,
        producer_id,
        0 if producer_id >= 0 else -1,
        0 if producer_id >= 0 else -1,
        NO_LIMIT,
    )
    delta = -1
    for record in records:
        delta += 1 + record.gap
        builder.append(delta, record.timestamp, record.key, record.value, record.headers)
    data = builder.build()
    flags = (CONTROL if control else 0) | (LOG_APPEND_TIME if log_append_time else 0)
    (attributes,) = struct.unpack_from(">h", data, DefaultRecordBatch.ATTRIBUTES_OFFSET)
    struct.pack_into(">h", data, DefaultRecordBatch.ATTRIBUTES_OFFSET, attributes | flags)
    struct.pack_into(">i", data, DefaultRecordBatch.ATTRIBUTES_OFFSET + 2, delta + behind)
    struct.pack_into(">q", data, 0, base_offset)
    struct.pack_into(">i", data, 12, epoch)
    return sign(data)


def sign(data: bytearray | bytes) -> bytes:
    """Write the right CRC into a batch that was changed."""
    signed = bytearray(data)
    crc = calc_crc32c(memoryview(signed)[DefaultRecordBatch.ATTRIBUTES_OFFSET :])
    struct.pack_into(">I", signed, DefaultRecordBatch.CRC_OFFSET, crc)
    return bytes(signed)


def end_marker(offset: int, producer_id: int, *, abort: bool) -> bytes:
    """The control batch that ends a transaction."""
    record = Rec(b"\0\0\0\0\0\0", key=struct.pack(">hh", 0, 0 if abort else 1))
    return batch(offset, [record], producer_id=producer_id, transactional=True, control=True)


def legacy(base_offset: int, records: list[Rec], *, magic: int, codec: int = 0) -> bytes:
    """Messages of the formats before 2017; compressed ones come as one wrapper message."""
    builder = LegacyRecordBatchBuilder(magic, codec, NO_LIMIT)
    for index, record in enumerate(records):
        offset = index if codec and magic == 1 else base_offset + index
        builder.append(offset, record.timestamp, record.key, record.value)
    data = builder.build()
    if codec:
        struct.pack_into(
            ">q", data, 0, base_offset + len(records) - 1
        )  # a wrapper bears its last record's offset
    return bytes(data)
