"""Columns as plain values for msgpack: integers as small distances from the least, texts as places in a list of values."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

PackedArray = tuple[str, tuple[int, ...], str, int, bytes]
"""(type, shape, type as packed, what is to be added, bytes)."""
PackedList = tuple[list[Any], str, bytes]
"""(values, type of their places, places); without places the values are the list itself."""


def pack_array(array: NDArray[Any]) -> PackedArray:
    """int64, int32 or float64 of any shape; equal arrays give equal bytes."""
    if array.dtype.kind == "f" or not array.size:
        return array.dtype.str, array.shape, array.dtype.str, 0, np.ascontiguousarray(array).tobytes()
    least = int(array.min())
    kind = np.min_scalar_type(int(array.max()) - least).newbyteorder("<")
    # The difference may leave int64; as it wraps around, `unpack_array` wraps it back.
    distances = array.astype(np.int64) - np.int64(least)
    return array.dtype.str, array.shape, kind.str, least, distances.astype(kind).tobytes()


def unpack_array(packed: PackedArray) -> NDArray[Any]:
    """The array, equal in values, type and shape."""
    kind, shape, packed_as, least, raw = packed
    array = np.frombuffer(raw, packed_as)
    if packed_as != kind:
        array = array.astype(np.int64) + np.int64(least)
    return array.astype(kind, copy=False).reshape(shape)


def pack_list(column: list[Any]) -> PackedList:
    """Texts, numbers or None; where most differ, as they are."""
    if not column or column.count(column[0]) == len(column):
        return column[:1], "repeat", len(column).to_bytes(8, "little")
    places = {value: place for place, value in enumerate(dict.fromkeys(column))}
    if 2 * len(places) > len(column):
        return column, "", b""
    kind = np.min_scalar_type(len(places)).newbyteorder("<")
    return list(places), kind.str, np.fromiter(map(places.__getitem__, column), kind, len(column)).tobytes()


def unpack_list(packed: PackedList) -> list[Any]:
    """The list; equal values share an object."""
    values, kind, places = packed
    if kind == "repeat":
        return values * int.from_bytes(places, "little")
    if not kind:
        return values
    return list(map(values.__getitem__, np.frombuffer(places, kind).tolist()))
