"""The classes' own scores of remembered predictions, kept beside their join rows until the labels come."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from driftwatch.events.block import Block
from driftwatch.events.classes import Stream
from driftwatch.events.joins import JoinRows, JoinTable, JoinTables, class_score_row
from driftwatch.monitor.joining import remember
from driftwatch.monitor.plan import ModelPlan

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
KIND: Final = "class_scores"


class ClassScores:
    """A join table for each list of classes that was ever configured: rows are written to that of today's alone.

    A model without class scores has none and pays nothing. A prediction that came before its class had a score of
    its own has none of it (NaN), so its label counts in no cell of that class.
    """

    def __init__(self, plan: ModelPlan, joins: JoinTables, known: Iterable[Sequence[str]] = ()) -> None:
        """`known` are the lists of fields for which the state may hold rows."""
        self._generation_ms = plan.generation_ms
        names = plan.streams[Stream.PREDICTIONS].reading.number_names
        self._places = {name: names.index(name) for name in plan.scored}
        self.kept: tuple[str, ...] = plan.scored if plan.spec.labels is not None else ()
        """Fields whose values are remembered for labels to come."""
        lists = dict.fromkeys(map(tuple, known)) | ({self.kept: None} if self.kept else {})
        self._tables: dict[tuple[str, ...], JoinTable] = {
            fields: joins.table(plan.name, kind_of(fields), class_score_row(len(fields))) for fields in lists
        }

    @property
    def known(self) -> list[list[str]]:
        """The lists of fields for which there may be rows, for the state."""
        return [list(fields) for fields in self._tables]

    @property
    def tables(self) -> tuple[JoinTable, ...]:
        """The join tables, that they forget what the predictions' table forgets."""
        return tuple(self._tables.values())

    def remember(self, block: Block) -> None:
        """Keep the class scores of n predictions whose rows are remembered too."""
        table = self._tables[self.kept]
        rows = np.zeros(len(block), table.dtype)
        rows["time_ms"], rows["offset"], rows["partition"] = block.times_ms, block.offsets, block.partitions
        rows["scores"] = block.numbers[:, [self._places[name] for name in self.kept]]
        remember(table, block.ids, rows, block.times_ms, self._generation_ms)

    def inside(self, block: Block, wanted: Sequence[str]) -> Floats | None:
        """float64[n, wanted] from the events themselves; NaN for a class that is not read, None where none is wanted."""
        if not wanted:
            return None
        found = np.full((len(block), len(wanted)), np.nan)
        for column, name in enumerate(wanted):
            if (place := self._places.get(name)) is not None:
                found[:, column] = block.numbers[:, place]
        return found

    def of(self, ids: Ints, predictions: JoinRows, wanted: Sequence[str]) -> Floats | None:
        """float64[n, wanted] of the predictions with these ids and rows; NaN where nothing is remembered.

        A prediction is named by partition and offset: its id can have several rows (E3).
        """
        if not wanted:
            return None
        scores = np.full((len(ids), len(wanted)), np.nan)
        if not len(ids):
            return scores
        generations = predictions["time_ms"] // self._generation_ms
        span = range(int(generations.min()), int(generations.max()) + 1)
        for fields, table in self._tables.items():
            shared = [(column, fields.index(name)) for column, name in enumerate(wanted) if name in fields]
            if not shared or not len(table):
                continue
            places, rows = table.find(span, ids)
            same = rows["offset"] == predictions["offset"][places]
            same &= rows["partition"] == predictions["partition"][places]
            places, held = places[same], rows["scores"][same]
            for column, place in shared:
                scores[places, column] = held[:, place]
        return scores


def kind_of(fields: Sequence[str]) -> str:
    """The kind of the join table for these fields in this order: other classes never meet rows of another type."""
    digest = hashlib.sha256(msgspec.json.encode(fields)).hexdigest()
    return f"{KIND}-{digest[:8]}"
