"""Why a stream alerts, in text: how its evidence grew pane by pane, which bets paid, and what was nearest beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from driftwatch.events.classes import Stream
from driftwatch.evidence.detector import Detector, Member
from driftwatch.evidence.findings import Found
from driftwatch.evidence.groups import Group
from driftwatch.evidence.recursion import CAP
from driftwatch.summaries.slices import SliceTable

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

PANES_MAX: Final = 48
"""Panes of a path, the last ones."""
PAID: Final = 3
NEAREST: Final = 3
_BARS: Final = "▁▂▃▄▅▆▇█"


def told(
    detector: Detector, table: SliceTable, group: Group, found: Found, panes: Mapping[int, Ints]
) -> Iterator[str]:
    """Lines for people; `panes` are the closed panes that are still held, int64[rows, columns] by start."""
    streams = len(detector.pools[group].members)
    yield (
        f"ln E {found.log_evidence:.1f} when it alerted, needed {found.log_limit:.1f}, "
        f"as one of {streams} streams of {group.value}"
    )
    grown = path(detector, found.member, found, panes)
    if len(grown):
        yield f"path of its best bet over the last {len(grown)} panes: {bars(grown)} ({grown[-1]:+.1f} nats)"
    paid = [bet for bet in found.bets if bet.log > 0][:PAID]
    if paid:
        yield "bets that paid: " + "; ".join(map(str, paid))
    stream = detector.designs[found.member.bank].stream
    if nearest := list(_nearest(detector, table, group, stream)):
        yield "nearest that do not fire: " + "; ".join(nearest)


def path(detector: Detector, member: Member, found: Found, panes: Mapping[int, Ints]) -> Floats:
    """The running sum of what the best bet of a stream earned in each pane, at most `CAP` nats in each, from 0 up."""
    bank, best = detector.banks[member.bank], found.bets[0]
    part = bank.indicators(member.watch)
    names = detector.designs[member.bank].indicators
    indicator = part.start + names[part].index(best.indicator)
    step = bank.observer.steps.index(best.step)
    total = 0.0
    sums: list[float] = []
    for start_ms in sorted(panes)[-PANES_MAX:]:
        alone = np.zeros_like(panes[start_ms])
        alone[member.row] = panes[start_ms][member.row]
        seen = bank.observer.observe(alone, start_ms)
        if len(seen.rows):
            penalty = list(seen.penalties)[step][0, indicator]
            total = max(0.0, total + min(CAP, best.step * seen.hits[0, indicator] + penalty))
        sums.append(total)
    return np.array(sums)


def bars(values: Floats) -> str:
    """Values from 0 to their largest as one character each."""
    largest = float(values.max(initial=0.0))
    places = np.rint(values / largest * (len(_BARS) - 1)) if largest > 0 else np.zeros(len(values))
    return "".join(_BARS[int(place)] for place in places)


def _nearest(detector: Detector, table: SliceTable, group: Group, stream: Stream) -> Iterator[str]:
    """Only of the same stream: how far others have come just now is no business of a pane of this one (E1)."""
    members, logs = detector.pools[group].members, detector.claims(group)
    limit = detector.log_limit(group) + float(np.log(len(members)))
    order: list[int] = np.argsort(-logs, kind="stable").tolist()
    calm = [i for i in order if np.isfinite(logs[i]) and detector.designs[members[i].bank].stream is stream]
    for place in calm[:NEAREST]:
        member = members[place]
        field = detector.designs[member.bank].fields[member.watch]
        yield f"{field} in {table.rows[member.row]} ({logs[place]:.1f} of {limit:.1f})"
