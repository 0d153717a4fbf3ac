"""What each stream of evidence can find and how soon; and which of the user's goals are out of its reach."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
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


class Powers:
    """Plans the streams of one detector at a given traffic."""

    def __init__(self, detector: Detector, slices: tuple[str, ...], panes: Mapping[Stream, float]) -> None:
        """`panes`: how many panes of live width the reference of each stream covers, to tell its traffic by."""
        self._detector, self._slices, self._panes = detector, slices, panes
        self._outlooks: dict[int, Outlook] = {}

    def all(self, change: float, slices: tuple[str, ...] = ()) -> Iterable[Power]:
        """Streams of these slices (default: all), with the delay to find a change of this size, by group, field and slice."""
        for group, pool in self._detector.pools.items():
            for member in pool.members:
                if not slices or self._slices[member.row] in slices:
                    yield self._power(group, member, change)

    def judge(self, goal: Goal) -> Reach:
        """The best stream that can find it: of its slice, its field and its kind."""
        delays = [
            self._delay_ms(group, member, goal.size)
            for group in goal.groups if group in self._detector.pools
            for member in self._detector.pools[group].members
            if self._slices[member.row] == goal.slice and self._looks(member, goal)
        ]  # fmt: skip
        return Reach(goal, min(delays, default=NEVER))

    def _looks(self, member: Member, goal: Goal) -> bool:
        return goal.what in (ACCURACY, CALIBRATION, *MISSING) or goal.what == self._field(member)

    def _field(self, member: Member) -> str:
        return self._detector.designs[member.bank].fields[member.watch]

    def _power(self, group: Group, member: Member, change: float) -> Power:
        detector = self._detector
        bank = detector.banks[member.bank]
        spread = bank.observer.spread
        at = member.row, member.watch
        per_ms = detector.pane_ms
        return Power(
            group=group,
            field=self._field(member),
            slice=self._slices[member.row],
            learned=bool(spread.learned[at]),
            factor=float(spread.factor[at]),
            tolerance=float(spread.tolerance[at]),
            events=float(self._events(member.bank)[at]),
            day=self._smallest(group, member, DAY_MS / per_ms),
            week=self._smallest(group, member, WEEK_MS / per_ms),
            delay_ms=self._delay_ms(group, member, change),
        )

    def _events(self, bank: int) -> Floats:
        stream = self._detector.designs[bank].stream
        return self._detector.banks[bank].observer.reference_events / max(self._panes.get(stream, 0.0), 1e-9)

    def _bets(self, group: Group, member: Member) -> tuple[Floats, tuple[Bets, ...]]:
        """Shares and bets of the indicator that speaks for the stream: the one in the middle."""
        detector = self._detector
        bank = detector.banks[member.bank]
        if member.bank not in self._outlooks:
            self._outlooks[member.bank] = bank.observer.outlook(self._events(member.bank))
        part = bank.indicators(member.watch)
        one = self._outlooks[member.bank].at(member.row, part)
        needed = detector.log_limit(group) + float(np.log(len(detector.pools[group].members)))
        needed += float(np.log(bank.bets[member.row, member.watch]))
        place = _speaker(group, one)
        chosen = Outlook(
            *(values[place : place + 1] for values in (one.share, one.up, one.down, one.effective))
        )
        return chosen.share, chosen.bets(bank.observer.steps, needed)

    def _smallest(self, group: Group, member: Member, panes: float) -> float:
        """The worse of the two directions, where both are bet on."""
        share, bets = self._bets(group, member)
        found = [
            abs(float(bet.smallest(panes)[0]) - float(share[0])) for bet in bets if not np.isnan(bet.q0[0])
        ]
        return max(found) if found else float("nan")

    def _delay_ms(self, group: Group, member: Member, change: float) -> float:
        share, bets = self._bets(group, member)
        panes = [
            float(bet.panes(np.clip(share + bet.sign * change, 0.0, 1.0))[0])
            for bet in bets
            if not np.isnan(bet.q0[0])
        ]
        return max(panes) * self._detector.pane_ms if panes else NEVER


def _speaker(group: Group, one: Outlook) -> int:
    """Of quality the first indicator (missing), of calibration the last (all scores), else the share nearest to a half."""
    bet_on = ~(np.isnan(one.up) & np.isnan(one.down))
    if group is Group.QUALITY and bet_on[0]:
        return 0
    if group is Group.CALIBRATION and bet_on[-1]:
        return len(one.share) - 1
    return int(np.argmin(np.where(bet_on, np.abs(one.share - 0.5), np.inf)))
