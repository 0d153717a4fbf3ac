"""What each stream of evidence can find and how soon; and which of the user's goals are out of its reach."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import Final

import numpy as np
from numpy.typing import NDArray

from driftwatch.events.classes import Stream
from driftwatch.events.spec import DAY_MS
from driftwatch.evidence.detector import Detector, Member
from driftwatch.evidence.goals import ACCURACY, CALIBRATION, MISSING, Goal
from driftwatch.evidence.groups import Group
from driftwatch.evidence.outlook import Outlook
from driftwatch.evidence.planning import NEVER, Bets

Floats = NDArray[np.float64]

WEEK_MS: Final = 7 * DAY_MS


@dataclass(frozen=True, slots=True)
class Power:
    """One stream: what it tolerates and what it can find, as changes of a share."""

    group: Group
    field: str
    slice: str
    learned: bool
    """Whether clumping is learned from the reference's panes; else it is assumed."""
    factor: float
    """phi: events per independent one."""
    tolerance: float
    """delta: a change that does not matter."""
    events: float
    """Per pane."""
    day: float
    """The smallest change found within a day on average; NaN where none is."""
    week: float
    delay_ms: float
    """To the alert for the change that was asked for; infinite where it is never found."""


@dataclass(frozen=True, slots=True)
class Reach:
    """A goal beside what to expect; the delay is infinite where no stream finds it at all."""

    goal: Goal
    delay_ms: float

    @property
    def underpowered(self) -> bool:
        """Whether it will most likely not be found in time."""
        return not self.delay_ms <= self.goal.within_ms


@dataclass(frozen=True, slots=True)
class Traffic:
    """What a stream brought in some time: of the reference, or lately."""

    counts: NDArray[np.int64]
    """int64[slices, columns]."""
    panes: float
    """Panes of live width in that time."""


class Powers:
    """Plans the streams of one detector at a given traffic."""

    def __init__(
        self, detector: Detector, slices: tuple[str, ...], traffic: Mapping[Stream, Traffic]
    ) -> None:
        self._detector, self._slices, self._traffic = detector, slices, traffic
        self._outlooks: dict[int, Outlook] = {}

    def all(self, change: float, slices: tuple[str, ...] = ()) -> Iterator[Power]:
        """Streams of these slices (default: all), with the delay to find a change of this size, by group, field and slice."""
        for group, pool in self._detector.pools.items():
            chosen = (m for m in pool.members if not slices or self._slices[m.row] in slices)
            for bank, members in groupby(chosen, attrgetter("bank")):
                yield from self._powers(group, bank, list(members), change)

    def judge(self, goal: Goal) -> Reach:
        """The best stream that can find it: of its slice, its field and its kind."""
        delays: list[float] = []
        for group in goal.groups:
            pool = self._detector.pools.get(group)
            chosen = (m for m in pool.members if self._can_find(m, goal)) if pool else ()
            for bank, members in groupby(chosen, attrgetter("bank")):
                delays += _delays(*self._bets(group, bank, list(members)), goal.size).tolist()
        return Reach(goal, min(delays, default=NEVER) * self._detector.pane_ms)

    def _can_find(self, member: Member, goal: Goal) -> bool:
        if self._slices[member.row] != goal.slice:
            return False
        return goal.what in (ACCURACY, CALIBRATION, *MISSING) or goal.what == self._field(member)

    def _field(self, member: Member) -> str:
        return self._detector.designs[member.bank].fields[member.watch]

    def _powers(self, group: Group, bank: int, members: list[Member], change: float) -> Iterator[Power]:
        pane_ms = self._detector.pane_ms
        spread, events = self._detector.banks[bank].observer.spread, self._events(bank)
        share, bets = self._bets(group, bank, members)
        day, week = (_smallest(share, bets, span / pane_ms) for span in (DAY_MS, WEEK_MS))
        delays = _delays(share, bets, change)
        for place, member in enumerate(members):
            at = member.row, member.watch
            yield Power(
                group=group,
                field=self._field(member),
                slice=self._slices[member.row],
                learned=bool(spread.learned[at]),
                factor=float(spread.factor[at]),
                tolerance=float(spread.tolerance[at]),
                events=float(events[at]),
                day=float(day[place]),
                week=float(week[place]),
                delay_ms=float(delays[place]) * pane_ms,
            )

    def _events(self, bank: int) -> Floats:
        seen = self._traffic[self._detector.designs[bank].stream]
        return self._detector.banks[bank].observer.sizes(seen.counts) / max(seen.panes, 1e-9)

    def _bets(self, group: Group, number: int, members: list[Member]) -> tuple[Floats, tuple[Bets, ...]]:
        """Shares float64[members] and bets of the indicator that speaks for each stream of one bank."""
        detector = self._detector
        bank = detector.banks[number]
        if number not in self._outlooks:
            self._outlooks[number] = bank.observer.outlook(self._events(number))
        outlook = self._outlooks[number]
        rows, watches = np.array([(m.row, m.watch) for m in members], np.int64).T
        parts = [bank.indicators(m.watch) for m in members]
        places = [
            part.start + _speaker(group, outlook.at(m.row, part))
            for m, part in zip(members, parts, strict=True)
        ]
        chosen = outlook.at(rows, np.array(places, np.int64))
        needed = detector.log_limit(group) + float(np.log(len(detector.pools[group].members)))
        return chosen.share, chosen.bets(bank.observer.steps, needed + np.log(bank.bets[rows, watches]))


def _smallest(share: Floats, bets: tuple[Bets, ...], panes: float) -> Floats:
    """The worse of the two directions, where both are bet on; NaN where one of them finds nothing in time."""
    found = [np.where(np.isnan(bet.q0), -np.inf, np.abs(bet.smallest(panes) - share)) for bet in bets]
    worst = np.maximum.reduce(found)
    return np.where(worst == -np.inf, np.nan, worst)


def _delays(share: Floats, bets: tuple[Bets, ...], change: float) -> Floats:
    """Panes to the alert for a change of the share in the worse direction, where both are bet on."""
    found = [
        np.where(np.isnan(bet.q0), -np.inf, bet.panes(np.clip(share + bet.sign * change, 0.0, 1.0)))
        for bet in bets
    ]
    worst = np.maximum.reduce(found)
    return np.where(worst == -np.inf, NEVER, worst)


def _speaker(group: Group, one: Outlook) -> int:
    """Of quality the first indicator (missing), of calibration the last (all scores), else the share nearest to a half."""
    bet_on = ~(np.isnan(one.up) & np.isnan(one.down))
    if group is Group.QUALITY and bet_on[0]:
        return 0
    if group is Group.CALIBRATION and bet_on[-1]:
        return len(one.share) - 1
    return int(np.argmin(np.where(bet_on, np.abs(one.share - 0.5), np.inf)))
