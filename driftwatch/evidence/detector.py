"""All evidence of one model version: advanced pane by pane, it says which streams alert together and which are calm again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from driftwatch.events.classes import Stream
from driftwatch.evidence.bank import Bank
from driftwatch.evidence.budget import Budget
from driftwatch.evidence.design import Design
from driftwatch.evidence.groups import Group, shares
from driftwatch.evidence.labels import CALIBRATION, DELAY, ERROR
from driftwatch.evidence.listing import listed

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

FORGET_MS: Final = 7 * 86_400_000
"""Evidence of a slice that has been silent for so long is forgotten: it is of another time."""


@dataclass(frozen=True, slots=True)
class Member:
    """One stream of evidence: a bank, a matrix row and a watch."""

    bank: int
    row: int
    watch: int


@dataclass(frozen=True, slots=True)
class Listed:
    """A stream that alerts now, with the evidence that it had and the evidence that it needed, as logarithms."""

    member: Member
    log_evidence: float
    log_limit: float


@dataclass(frozen=True, slots=True)
class Told:
    """What a closed pane changed."""

    listed: Mapping[Group, tuple[Listed, ...]]
    """Streams that alert together, by group."""
    resolved: tuple[Member, ...]
    """Firing streams that are calm again."""
    forgotten: tuple[Member, ...]
    """Firing streams whose slice has disappeared."""


NOTHING: Final = Told({}, (), ())


@dataclass(frozen=True, slots=True, eq=False)
class Pool:
    """The declared streams of one group: those that have bets, in a fixed order."""

    group: Group
    members: tuple[Member, ...]
    places: tuple[tuple[int, Ints], ...]
    """Per bank with streams of the group: its number, and their flat positions in [rows, watches]."""


class Detector:
    """Evidence of one model version under a budget, which `sharers` models and versions have in common."""

    def __init__(
        self,
        designs: Iterable[Design],
        budget: Budget,
        pane_ms: int,
        sharers: int = 1,
        origin_ms: int = 0,
    ) -> None:
        self.designs = tuple(designs)
        self.banks = tuple(Bank(design.observer) for design in self.designs)
        self.budget, self.pane_ms, self.sharers, self._origin_ms = budget, pane_ms, sharers, origin_ms
        self.pools = {pool.group: pool for pool in _pools(self.banks)}
        self.shares = shares(self.pools)

    def with_designs(self, designs: Iterable[Design]) -> Detector:
        """Of the same budget, without any evidence yet."""
        return Detector(designs, self.budget, self.pane_ms, self.sharers, self._origin_ms)

    def log_limit(self, group: Group) -> float:
        """Logarithm of A of a group: its share of the family's budget, as panes per false alert."""
        panes = self.budget.of(group.family).panes(self.pane_ms, self.sharers)
        return float(np.log(max(panes / float(self.shares[group]), 1.0)))

    def close(self, stream: Stream, matrix: Ints | None, start_ms: int) -> Told:
        """One closed pane of a stream, int64[rows, columns]; None where nothing was counted."""
        pane = (start_ms - self._origin_ms) // self.pane_ms
        resolved: list[Member] = []
        forgotten: list[Member] = []
        held: NDArray[np.bool_] | None = None
        for number, (design, bank) in enumerate(zip(self.designs, self.banks, strict=True)):
            if design.stream is not stream:
                continue
            if matrix is not None:
                counts = matrix if held is None or not _rests_on_labels(design) else _without(matrix, held)
                resolved += (Member(number, *place) for place in bank.tick(counts, pane, start_ms))
            forgotten += (Member(number, *place) for place in bank.forget(pane - FORGET_MS // self.pane_ms))
            if design.fields == (DELAY,):
                held = bank.firing.on[:, 0]
        found = self._list(stream)
        if not (found or resolved or forgotten):
            return NOTHING
        return Told(found, tuple(resolved), tuple(forgotten))

    def start_ms(self, pane: int) -> int:
        """Start of a pane by its number."""
        return self._origin_ms + pane * self.pane_ms

    def claims(self, group: Group) -> Floats:
        """float64[S]: ln E of the group's streams, -inf for those that fire."""
        pool = self.pools[group]
        return np.concatenate([self.banks[bank].claims.reshape(-1)[places] for bank, places in pool.places])

    def _list(self, stream: Stream) -> dict[Group, tuple[Listed, ...]]:
        found: dict[Group, tuple[Listed, ...]] = {}
        for group, pool in self.pools.items():
            if not any(self.designs[bank].stream is stream for bank, _ in pool.places):
                continue
            logs, limit = self.claims(group), self.log_limit(group)
            chosen = listed(logs, limit)
            if not len(chosen):
                continue
            needed = limit + float(np.log(len(logs))) - float(np.log(len(chosen)))
            places: list[int] = chosen.tolist()
            found[group] = tuple(Listed(pool.members[i], float(logs[i]), needed) for i in places)
            for each in found[group]:
                member = each.member
                self.banks[member.bank].fire(member.row, member.watch, each.log_limit)
        return found

    def firing(self) -> dict[Group, tuple[Member, ...]]:
        """All streams that fire, by group."""
        found: dict[Group, tuple[Member, ...]] = {}
        for group, pool in self.pools.items():
            on = tuple(m for m in pool.members if self.banks[m.bank].firing.limit[m.row, m.watch] > 0)
            if on:
                found[group] = on
        return found

    def restart(self, chosen: Callable[[Member], bool] = lambda _: True) -> None:
        """Forget the evidence of the chosen streams: what they saw is accepted."""
        for pool in self.pools.values():
            for member in filter(chosen, pool.members):
                self.banks[member.bank].restart(member.row, member.watch)


def _rests_on_labels(design: Design) -> bool:
    return design.fields in ((ERROR,), (CALIBRATION,))


def _without(matrix: Ints, rows: NDArray[np.bool_]) -> Ints:
    """While the delay of labels has changed, errors and calibration are not judged: slow labels are different labels."""
    return np.where(rows[:, None], 0, matrix)


def _pools(banks: tuple[Bank, ...]) -> Iterable[Pool]:
    for group in Group:
        members: list[Member] = []
        places: list[tuple[int, Ints]] = []
        for number, bank in enumerate(banks):
            mine = np.array([g is group for g in bank.observer.groups], np.bool_)
            found = np.flatnonzero((bank.bets > 0) & mine)
            if len(found):
                places.append((number, found))
                rows, watches = np.unravel_index(found, bank.bets.shape)
                pairs = zip(rows.tolist(), watches.tolist(), strict=True)
                members += (Member(number, row, watch) for row, watch in pairs)
        if members:
            yield Pool(group, tuple(members), tuple(places))
