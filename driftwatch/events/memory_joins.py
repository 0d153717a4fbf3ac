"""The join tables in memory: sorted runs of ids by generation, for replay and for tests of the core."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from driftwatch.events.joins import JoinRows

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class _Run:
    """Rows of one generation in ascending order of id; equal ids in the order in which they were added."""

    ids: Ints
    rows: JoinRows

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(slots=True)
class _State:
    """Everything a table holds; runs are immutable, so a copy of the dictionary is a whole picture."""

    runs: dict[int, tuple[_Run, ...]] = field(default_factory=dict[int, tuple[_Run, ...]])
    floor: int | None = None
    length: int = 0

    def copy(self) -> _State:
        return _State(dict(self.runs), self.floor, self.length)


class MemoryJoinTable:
    """A JoinTable in memory. Rows of one id come ordered by generation, then as they were added."""

    def __init__(self, dtype: np.dtype[np.void]) -> None:
        self._dtype = dtype
        self._now = _State()
        self._committed = _State()

    @property
    def dtype(self) -> np.dtype[np.void]:
        """The type of its rows."""
        return self._dtype

    def add(self, generation: int, ids: Ints, rows: JoinRows) -> None:
        """Remember rows; a generation that was dropped stays empty."""
        if not len(ids) or (self._now.floor is not None and generation < self._now.floor):
            return
        order = np.argsort(ids, kind="stable")
        runs = [*self._now.runs.get(generation, ()), _Run(ids[order], rows[order])]
        while len(runs) > 1 and len(runs[-2]) <= 2 * len(runs[-1]):
            newer, older = runs.pop(), runs.pop()
            runs.append(_merged(older, newer))
        self._now.runs[generation] = tuple(runs)
        self._now.length += len(ids)

    def find(self, generations: range, ids: Ints) -> tuple[Ints, JoinRows]:
        """All rows of these ids in these generations: (position in `ids` of each row, rows), ordered by position."""
        order = np.argsort(ids, kind="stable")
        asked = ids[order]
        places = [np.empty(0, np.int64)]
        rows = [np.empty(0, self._dtype)]
        for generation in sorted(g for g in self._now.runs if g in generations):
            for run in self._now.runs[generation]:
                asking, found = _hits(run.ids, asked)
                places.append(order[asking])
                rows.append(run.rows[found])
        positions = np.concatenate(places)
        final = np.argsort(positions, kind="stable")
        return positions[final], np.concatenate(rows)[final]

    def drop_before(self, generation: int) -> int:
        """Forget every older generation; returns the number of rows dropped."""
        old = [g for g in self._now.runs if g < generation]
        dropped = sum(len(run) for g in old for run in self._now.runs.pop(g))
        floor = self._now.floor
        self._now.floor = generation if floor is None else max(floor, generation)
        self._now.length -= dropped
        return dropped

    def drop_above(self, limit: int) -> int:
        """Forget ids above `limit` in every generation; returns the number of rows."""
        before = self._now.length
        for generation, runs in list(self._now.runs.items()):
            kept = [(run, int(np.searchsorted(run.ids, limit, "right"))) for run in runs]
            self._now.runs[generation] = tuple(
                _Run(r.ids[:n].copy(), r.rows[:n].copy()) for r, n in kept if n
            )
        self._now.length = sum(len(run) for runs in self._now.runs.values() for run in runs)
        return before - self._now.length

    def __len__(self) -> int:
        return self._now.length

    def commit(self) -> None:
        """What is held now is what a rollback returns to."""
        self._committed = self._now.copy()

    def rollback(self) -> None:
        """Back to the last commit."""
        self._now = self._committed.copy()


class MemoryJoinTables:
    """JoinTables in memory."""

    def __init__(self) -> None:
        self._tables: dict[tuple[str, str], MemoryJoinTable] = {}

    def table(self, model: str, kind: str, dtype: np.dtype[np.void]) -> MemoryJoinTable:
        """The table of this name, made empty at first use; ValueError if it holds rows of another type."""
        table = self._tables.setdefault((model, kind), MemoryJoinTable(dtype))
        if table.dtype != dtype:
            raise ValueError(f"the join table {model}/{kind} holds rows of another type")
        return table

    def commit(self) -> None:
        """What all tables hold now is what a rollback returns to."""
        for table in self._tables.values():
            table.commit()

    def rollback(self) -> None:
        """All tables back to the last commit."""
        for table in self._tables.values():
            table.rollback()


def _merged(older: _Run, newer: _Run) -> _Run:
    ids = np.concatenate((older.ids, newer.ids))
    order = np.argsort(ids, kind="stable")
    return _Run(ids[order], np.concatenate((older.rows, newer.rows))[order])


def _hits(held: Ints, asked: Ints) -> tuple[Ints, Ints]:
    """Pairs (position in `asked`, position in `held`) of equal ids; both arrays ascending."""
    first = np.searchsorted(held, asked, "left")
    counts = np.searchsorted(held, asked, "right") - first
    asking = np.repeat(np.arange(len(asked), dtype=np.int64), counts)
    # 0, 1, 2, … inside each group of equal ids
    inside = np.arange(len(asking), dtype=np.int64) - np.repeat(np.cumsum(counts) - counts, counts)
    return asking, first[asking] + inside
