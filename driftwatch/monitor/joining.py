"""Joins: duplicates inside a partition, rows left behind for later streams, and what a row says of its event."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from driftwatch.events.block import Block
from driftwatch.events.classes import CODE, RecordClass
from driftwatch.events.ids import NO_ID
from driftwatch.events.joins import LABEL_ROW, PREDICTION_ROW, JoinRows, JoinTable
from driftwatch.events.matching import duplicates_inside

Ints = NDArray[np.int64]
_ACCEPTED = CODE[RecordClass.ACCEPTED]


def repeated(table: JoinTable, block: Block, generation_ms: int) -> tuple[Ints, int]:
    """int64[n] class codes (accepted, duplicate, duplicate_conflict), and how many ids also came elsewhere (E3).

    Events without id are never duplicates. The block holds each partition's events in offset order.
    """
    codes = np.full(len(block), _ACCEPTED, np.int64)
    known = np.flatnonzero(block.ids != NO_ID)
    if not len(known):
        return codes, 0
    generations = block.times_ms // generation_ms
    first = duplicates_inside(block.ids, block.partitions.astype(np.int64), generations)
    inside = np.flatnonzero((first >= 0) & (block.ids != NO_ID))
    _mark(codes, inside, block.payloads[inside] != block.payloads[first[inside]])
    span = range(int(generations.min()) - 1, int(generations.max()) + 2)
    places, rows = table.find(span, block.ids[known])
    places = known[places]
    near = np.abs(rows["time_ms"] // generation_ms - generations[places]) <= 1
    same = rows["partition"] == block.partitions[places]
    again = near & same
    _mark(codes, places[again], rows["payload"][again] != block.payloads[places[again]].astype(np.uint32))
    return codes, len(np.unique(places[near & ~same]))


def _mark(codes: Ints, places: Ints, conflict: NDArray[np.bool_]) -> None:
    codes[places] = CODE[RecordClass.DUPLICATE]
    codes[places[conflict]] = CODE[RecordClass.DUPLICATE_CONFLICT]


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


def label_rows(block: Block) -> JoinRows:
    """What n joined labels leave behind."""
    rows = np.zeros(len(block), LABEL_ROW)
    rows["time_ms"], rows["offset"] = block.times_ms, block.offsets
    rows["payload"], rows["partition"] = block.payloads.astype(np.uint32), block.partitions
    return rows


def remember(table: JoinTable, ids: Ints, rows: JoinRows, times_ms: Ints, generation_ms: int) -> None:
    """Add rows to the generations of `times_ms` (the predictions' times); events without id leave nothing."""
    known = ids != NO_ID
    generations = times_ms // generation_ms
    for generation in np.unique(generations[known]).tolist():
        here = known & (generations == generation)
        table.add(generation, ids[here], rows[here])
