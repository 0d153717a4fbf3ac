"""Joins: duplicates inside a partition, rows left behind for later streams, and what a row says of its event."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from driftwatch.events.block import Block
from driftwatch.events.classes import CODE, RecordClass
from driftwatch.events.ids import NO_ID
from driftwatch.events.joins import LABEL_ROW, PREDICTION_ROW, JoinRows, JoinTable
from driftwatch.events.matching import duplicates_inside, occur_again, split_inside

Ints = NDArray[np.int64]
_ACCEPTED = CODE[RecordClass.ACCEPTED]


def repeated(table: JoinTable, block: Block, generation_ms: int) -> tuple[Ints, int]:
    """int64[n] class codes (accepted, duplicate, duplicate_conflict), and how many accepted events came elsewhere too (E3).

    An event repeats what was kept before it: what the table remembers, or an event of this block that stays; so
    the answer does not depend on where the blocks are cut. Of several the lowest offset says whether the payload
    is the same. Events without id are never duplicates. The block holds each partition's events in offset order.
    """
    codes = np.full(len(block), _ACCEPTED, np.int64)
    known = np.flatnonzero(block.ids != NO_ID)
    if not len(known):
        return codes, 0
    generations = block.times_ms // generation_ms
    partitions = block.partitions.astype(np.int64)
    span = range(int(generations.min()) - 1, int(generations.max()) + 2)
    places, rows = table.find(span, block.ids[known])
    places = known[places]
    near = np.abs(rows["time_ms"] // generation_ms - generations[places]) <= 1
    same = rows["partition"] == partitions[places]
    split = np.zeros(len(block), np.bool_)
    split[places[near & ~same]] = True
    again, first_rows = _lowest_offsets(places[near & same], rows[near & same])
    _mark(codes, again, first_rows["payload"] != block.payloads[again].astype(np.uint32))
    fresh = known[codes[known] == _ACCEPTED]
    shared = fresh[occur_again(block.ids[fresh])]
    first = duplicates_inside(block.ids[shared], partitions[shared], generations[shared])
    inside, of = shared[first >= 0], shared[first[first >= 0]]
    _mark(codes, inside, block.payloads[inside] != block.payloads[of])
    kept = shared[first < 0]
    split[kept] |= split_inside(block.ids[kept], partitions[kept], generations[kept])
    return codes, int(np.count_nonzero(split & (codes == _ACCEPTED)))


def _lowest_offsets(places: Ints, rows: JoinRows) -> tuple[Ints, JoinRows]:
    """Each place once, with its row of the lowest offset."""
    order = np.lexsort((rows["offset"], places))
    places, rows = places[order], rows[order]
    first = np.ones(len(places), np.bool_)
    first[1:] = places[1:] != places[:-1]
    return places[first], rows[first]


def _mark(
    codes: Ints,
    places: Ints,
    conflict: NDArray[np.bool_],
    why: RecordClass = RecordClass.DUPLICATE_CONFLICT,
) -> None:
    codes[places] = np.where(conflict, CODE[why], CODE[RecordClass.DUPLICATE])


def prediction_rows(
    block: Block, codes: NDArray[np.int16], decisions: NDArray[np.int32], version: int
) -> JoinRows:
    """What n predictions (or features) leave behind."""
    rows = np.zeros(len(block), PREDICTION_ROW)
    rows["time_ms"], rows["offset"] = block.times_ms, block.offsets
    rows["score"] = block.scores if len(block.scores) else np.nan
    rows["payload"] = block.payloads.astype(np.uint32)
    rows["decision"], rows["version"] = decisions, version
    rows["partition"], rows["codes"] = block.partitions, codes
    return rows


def label_rows(block: Block, predictions: JoinRows) -> JoinRows:
    """What n joined labels leave behind: of which prediction each is the label, and its payload."""
    rows = np.zeros(len(block), LABEL_ROW)
    for name in ("time_ms", "offset", "partition"):
        rows[name] = predictions[name]
    rows["payload"] = block.payloads.astype(np.uint32)
    return rows


def labelled(table: JoinTable, block: Block, predictions: JoinRows, generation_ms: int) -> Ints:
    """int64[n] class codes of n labels in order, with the rows of their predictions (E2).

    The first label of a prediction is accepted, the next one repeats it or contradicts it. A prediction is named
    by partition and offset: its id can come again when it is old enough.
    """
    codes = np.full(len(block), _ACCEPTED, np.int64)
    if not len(block):
        return codes
    first = _first_of_same(predictions)
    repeats = np.flatnonzero(first != np.arange(len(block)))
    conflict = block.payloads[repeats] != block.payloads[first[repeats]]
    _mark(codes, repeats, conflict, RecordClass.LABEL_CONFLICT)
    generations = predictions["time_ms"] // generation_ms
    span = range(int(generations.min()), int(generations.max()) + 1)
    places, known = table.find(span, block.ids)
    same = known["offset"] == predictions["offset"][places]
    same &= known["partition"] == predictions["partition"][places]
    places, known = places[same], known[same]
    conflict = known["payload"] != block.payloads[places].astype(np.uint32)
    _mark(codes, places, conflict, RecordClass.LABEL_CONFLICT)
    return codes


def _first_of_same(rows: JoinRows) -> Ints:
    """int64[n]: for each row the position of the first one with its partition and offset."""
    order = np.lexsort((rows["offset"], rows["partition"]))
    partitions, offsets = rows["partition"][order], rows["offset"][order]
    new = np.ones(len(rows), np.bool_)
    new[1:] = (partitions[1:] != partitions[:-1]) | (offsets[1:] != offsets[:-1])
    first = np.empty(len(rows), np.int64)
    first[order] = order[np.flatnonzero(new)][np.cumsum(new) - 1]
    return first


def remember(table: JoinTable, ids: Ints, rows: JoinRows, times_ms: Ints, generation_ms: int) -> None:
    """Add rows to the generations of `times_ms` (the predictions' times); events without id leave nothing."""
    known = ids != NO_ID
    generations = times_ms // generation_ms
    for generation in np.unique(generations[known]).tolist():
        here = known & (generations == generation)
        table.add(generation, ids[here], rows[here])
