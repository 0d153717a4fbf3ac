"""What an alerting stream says to people: which share changed, in which direction, since when, and where it comes from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from driftwatch.events.classes import Stream
from driftwatch.evidence.comparison import Comparison
from driftwatch.evidence.detector import Detector, Listed, Member
from driftwatch.evidence.origin import Excess, origin
from driftwatch.summaries.slices import SliceTable

Ints = NDArray[np.int64]

PAID: Final = 5
"""Bets that are named, the likeliest first."""


@dataclass(frozen=True, slots=True)
class Bet:
    """One bet of a stream and what it has earned."""

    indicator: str
    step: float
    """Logits between the largest tolerable share and the one that it expects; negative: a smaller share."""
    log: float
    """Largest log likelihood ratio of all stretches that end now."""

    def __str__(self) -> str:
        """As a line for people."""
        return f"{self.indicator} {'up' if self.step > 0 else 'down'} by {abs(self.step):g} logit: {self.log:+.1f} nats"


@dataclass(frozen=True, slots=True)
class Found:
    """One stream with the numbers of the stretch that it was read over."""

    member: Member
    slice: str
    field: str
    indicator: str
    """The share that changed most surely, such as `<= 10.5`, `missing`, `errors`."""
    rising: bool
    now: float
    past: float
    said: float
    """Mean of the scores, where `now` and `past` are gaps between what came true and them; else 0."""
    error: float
    """Standard error of `now`."""
    tolerance: float
    events: int
    reference_events: int
    since_ms: int
    """Start of the first pane of the change: where the likelihood path is largest."""
    log_evidence: float
    log_limit: float
    bets: tuple[Bet, ...]
    origin: bool = True
    """Whether it belongs to the smallest set of slices that explains the change of its field."""

    @property
    def change(self) -> float:
        """Now less past, NaN where there is no number."""
        return self.now - self.past


class Describe:
    """Describes members of one detector by counts of one stretch; compares each bank once."""

    def __init__(self, detector: Detector, table: SliceTable, matrices: Mapping[Stream, Ints]) -> None:
        """`matrices`: int64[rows, columns] of the stretch, by stream."""
        self._detector, self._table, self._matrices = detector, table, matrices
        self._compared: dict[int, Comparison] = {}

    def all(self, listed: Iterable[Listed]) -> tuple[Found, ...]:
        """The members ordered by size of their change, those that explain the others first."""
        found = [self.one(each) for each in listed]
        marked = [replace(each, origin=self._explains(each, found)) for each in found]
        return tuple(sorted(marked, key=lambda f: (not f.origin, -_size(f.change), f.field, f.slice)))

    def one(self, listed: Listed) -> Found:
        """One member."""
        member, detector = listed.member, self._detector
        bank, design = detector.banks[member.bank], detector.designs[member.bank]
        steps = bank.observer.steps
        compared = self._compare(member.bank)
        bets = _bets(detector, member, compared)
        first: int = bank.indicators(member.watch).start
        place: int = first + bets[0][1]
        rising = steps[bets[0][0]] > 0
        at = member.row, place
        return Found(
            member=member,
            slice=self._table.rows[member.row],
            field=design.fields[member.watch],
            indicator=design.indicators[place],
            rising=rising,
            now=float(compared.now[at]),
            past=float(compared.past[at]),
            said=float(compared.said[at]),
            error=float(compared.error[at]),
            tolerance=float(compared.tolerance[at]),
            events=int(compared.events[at]),
            reference_events=int(compared.reference[at]),
            since_ms=detector.start_ms(int(bank.evidence.since[bets[0][0], member.row, place])),
            log_evidence=listed.log_evidence,
            log_limit=listed.log_limit,
            bets=tuple(Bet(design.indicators[first + j], steps[k], log) for k, j, log in bets[:PAID]),
        )

    def _compare(self, bank: int) -> Comparison:
        if bank not in self._compared:
            matrix = self._matrices[self._detector.designs[bank].stream]
            self._compared[bank] = self._detector.banks[bank].observer.compare(matrix)
        return self._compared[bank]

    def _explains(self, found: Found, others: list[Found]) -> bool:
        """By the share that changed most surely where the change is clearest."""
        same = [
            o for o in others
            if (o.member.bank, o.member.watch) == (found.member.bank, found.member.watch)
        ]  # fmt: skip
        lead = max(same, key=lambda o: (o.log_evidence, _size(o.change), -o.member.row))
        names = self._detector.designs[lead.member.bank].indicators
        part = self._detector.banks[lead.member.bank].indicators(lead.member.watch)
        place = part.start + names[part].index(lead.indicator)
        compared, sign = self._compare(lead.member.bank), 1 if lead.rising else -1
        excess = Excess(
            sign * (compared.hits - compared.expected)[:, place],
            compared.events[:, place],
            compared.spread[:, place],
            compared.tolerance[:, place],
        )
        return found.member.row in origin(self._table, [o.member.row for o in same], excess)


def _bets(detector: Detector, member: Member, compared: Comparison) -> list[tuple[int, int, float]]:
    """(step, indicator within the watch, path) of a stream's bets, the likeliest first.

    Where paths tie, the share that moved most in the bet's direction leads.
    """
    bank = detector.banks[member.bank]
    part = bank.indicators(member.watch)
    kept = bank.observer.kept[:, member.row, part]
    paths = np.where(kept, bank.evidence.path[:, member.row, part], -np.inf)
    moved = np.sign(bank.observer.steps)[:, None] * compared.change[member.row, part]
    order = np.lexsort((-moved.reshape(-1), -paths.reshape(-1)))
    places = zip(*np.unravel_index(order, paths.shape), strict=True)
    return [(int(k), int(j), float(paths[k, j])) for k, j in places]


def _size(change: float) -> float:
    return abs(change) if change == change else 0.0
