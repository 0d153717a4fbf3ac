"""References as bytes: one versioned file with checksum and content hash; anything doubtful is refused."""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Iterator, Mapping
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from driftwatch.errors import ReferenceFileError
from driftwatch.events.classes import Stream
from driftwatch.events.narrow import Narrow, narrow
from driftwatch.references.reference import Reference, ReferencePanes
from driftwatch.summaries.layout import Layout

Ints = NDArray[np.int64]

MAGIC: Final = b"driftwatch reference\n"
FORMAT: Final = 4
"""1: without the fields that nobody reads. 2: without derived fields. 3: without those of embeddings. All are understood, and 2 and 3
still written where there is no more to say."""
_FRAME: Final = struct.Struct("<HI")
"""Format, size of the header in bytes."""
_CHECKSUM_BYTES: Final = 32
_SIZES: Final = {"i1": 1, "i2": 2, "i4": 4, "i8": 8}
_HASHED_AT_ONCE: Final = 65_536
_ARRAYS_OF_PANES: Final = ("times_ms", "starts", "cells", "counts")


class _Header(msgspec.Struct, frozen=True, omit_defaults=True):
    model: str
    layout: Layout
    start_ms: int
    end_ms: int
    events: int
    source: str
    created_ms: int
    hash: str
    widths_ms: dict[str, int]
    """Width of the panes by stream."""
    arrays: list[tuple[str, tuple[int, ...]]]
    """Name and shape of the arrays, in the order of the body."""
    kinds: list[str] = []
    """Integer type of each array; all are int64 where nothing is said."""
    unread: dict[str, list[str]] = {}
    """Fields beside those that are read, by stream, sorted."""


def encode(reference: Reference) -> bytes:
    """The file's bytes; equal references give equal bytes."""
    arrays = {name: narrow(array) for name, array in _arrays(reference)}
    kinds = [f"i{array.itemsize}" for array in arrays.values()]
    header = msgspec.msgpack.encode(msgspec.structs.replace(_header(reference, arrays), kinds=kinds))
    packer = zlib.compressobj(6)
    body = [packer.compress(array.astype(f"<i{array.itemsize}").tobytes()) for array in arrays.values()]
    version = _format(reference.layout)
    data = b"".join([MAGIC, _FRAME.pack(version, len(header)), header, *body, packer.flush()])
    return data + hashlib.sha256(data).digest()


def _format(layout: Layout) -> int:
    """The first that can say what the layout has, so that an older driftwatch reads it, or refuses it."""
    if any(part.embedded for part in layout.parts):
        return 4
    return 3 if any(part.derived for part in layout.parts) else 2


def decode(data: bytes, name: str = "the reference") -> Reference:
    """The reference in a file's bytes; `name` is what errors call it.

    Raises ReferenceFileError if the file is foreign, newer, damaged or changed.
    """
    if not data.startswith(MAGIC):
        raise ReferenceFileError(
            f"{name} is not a driftwatch reference; make one with `driftwatch reference build`"
        )
    frame_end = len(MAGIC) + _FRAME.size
    if len(data) < frame_end + _CHECKSUM_BYTES:
        raise _damaged(name, "it is cut off")
    version, header_bytes = _FRAME.unpack_from(data, len(MAGIC))
    if not 1 <= version <= FORMAT:
        raise ReferenceFileError(
            f"{name} has format {version}, this driftwatch reads formats up to {FORMAT}; "
            "use the driftwatch that wrote it or a newer one, or build the reference again"
        )
    view = memoryview(data)
    if hashlib.sha256(view[:-_CHECKSUM_BYTES]).digest() != data[-_CHECKSUM_BYTES:]:
        raise _damaged(name, "its checksum does not match")
    try:
        header = msgspec.msgpack.decode(view[frame_end : frame_end + header_bytes], type=_Header)
        arrays = _unpack(view[frame_end + header_bytes : -_CHECKSUM_BYTES], header)
        reference = _reference(header, arrays)
    except (msgspec.MsgspecError, zlib.error, ValueError, KeyError) as error:
        raise _damaged(name, str(error)) from error
    if content_hash(reference) != reference.hash:
        raise _damaged(name, "its content does not have the hash that it names")
    return reference


def content_hash(reference: Reference) -> str:
    """16 hex digits over everything that counts: not over when and from where it was built, nor the hash itself.

    The same events give the same hash, so building a reference again does not start a new layout. All integers count
    as int64, in whatever type they are kept.
    """
    arrays = dict(_arrays(reference))
    named = _header(reference, arrays)
    named = msgspec.structs.replace(named, source="", created_ms=0, hash="")
    digest = hashlib.sha256(msgspec.msgpack.encode(named))
    for array in arrays.values():
        flat = array.reshape(-1)
        for start in range(0, len(flat), _HASHED_AT_ONCE):
            digest.update(flat[start : start + _HASHED_AT_ONCE].astype("<i8").tobytes())
    return digest.hexdigest()[:16]


def _header(reference: Reference, arrays: Mapping[str, Narrow]) -> _Header:
    return _Header(
        model=reference.model,
        layout=reference.layout,
        start_ms=reference.start_ms,
        end_ms=reference.end_ms,
        events=reference.events,
        source=reference.source,
        created_ms=reference.created_ms,
        hash=reference.hash,
        widths_ms={
            part.stream.value: reference.panes[part.stream].width_ms for part in reference.layout.parts
        },
        arrays=[(name, array.shape) for name, array in arrays.items()],
        unread={stream.value: sorted(names) for stream, names in sorted(reference.unread.items())},
    )


def _arrays(reference: Reference) -> Iterator[tuple[str, Narrow]]:
    for part in reference.layout.parts:
        yield f"{part.stream}.totals", reference.totals[part.stream]
        for name in _ARRAYS_OF_PANES:
            yield f"{part.stream}.{name}", getattr(reference.panes[part.stream], name)


def _unpack(body: memoryview, header: _Header) -> dict[str, Narrow]:
    """The arrays of a body, one after the other and never more than the header announces."""
    inflater = zlib.decompressobj()
    arrays: dict[str, Narrow] = {}
    rest: bytes | memoryview = body
    kinds = header.kinds or ["i8"] * len(header.arrays)
    for (name, shape), kind in zip(header.arrays, kinds, strict=True):
        size = _SIZES[kind] * int(np.prod(shape, dtype=np.int64))
        raw = inflater.decompress(rest, size) if size > 0 else b""
        if len(raw) != size:
            raise ValueError("its arrays have another size than announced")
        arrays[name] = narrow(np.frombuffer(raw, f"<{kind}")).reshape(shape)
        rest = inflater.unconsumed_tail if size > 0 else rest
    if inflater.decompress(rest, 1) or not inflater.eof:
        raise ValueError("its arrays have another size than announced")
    return arrays


def _reference(header: _Header, arrays: Mapping[str, Narrow]) -> Reference:
    totals: dict[Stream, Ints] = {}
    panes: dict[Stream, ReferencePanes] = {}
    rows = len(header.layout.slices.rows)
    for part in header.layout.parts:
        stream = part.stream
        totals[stream] = arrays[f"{stream}.totals"].astype(np.int64)
        panes[stream] = ReferencePanes(
            width_ms=header.widths_ms[stream.value],
            times_ms=arrays[f"{stream}.times_ms"].astype(np.int64),
            starts=arrays[f"{stream}.starts"].astype(np.int64),
            cells=arrays[f"{stream}.cells"],
            counts=arrays[f"{stream}.counts"],
        )
        if totals[stream].shape != (rows, part.columns) or not _fits(panes[stream], rows * part.columns):
            raise ValueError(f"its counts of the {stream} do not fit its layout")
    return Reference(
        model=header.model,
        layout=header.layout,
        totals=totals,
        panes=panes,
        start_ms=header.start_ms,
        end_ms=header.end_ms,
        events=header.events,
        source=header.source,
        created_ms=header.created_ms,
        hash=header.hash,
        unread={Stream(stream): frozenset(names) for stream, names in header.unread.items()},
    )


def _fits(panes: ReferencePanes, size: int) -> bool:
    """Whether `matrix` can be asked for every pane."""
    starts, cells = panes.starts, panes.cells
    return bool(
        len(starts) == len(panes.times_ms) + 1
        and len(cells) == len(panes.counts)
        and starts[0] == 0
        and starts[-1] == len(cells)
        and (np.diff(starts) >= 0).all()
        and (not len(cells) or (cells.min() >= 0 and cells.max() < size))
    )


def _damaged(name: str, why: str) -> ReferenceFileError:
    return ReferenceFileError(f"{name} is damaged or changed: {why}; copy it again, or build it again")
