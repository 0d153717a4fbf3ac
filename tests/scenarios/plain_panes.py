"""What the plain model counts of one version: panes by their starts, and which of them close, are held and kept (E1, E7)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from driftwatch.summaries.layout import Layout
from tests.scenarios.plain_rules import ALWAYS, NEVER, Rules

Counts = Counter[tuple[int, int]]
"""Amounts by (row, column)."""
Pane = tuple[str, int]
"""(stream, start)."""


@dataclass
class Version:
    """What is counted of one version in one layout: events from `starts_ms` on, below `ends_ms` (E9)."""

    name: str
    layout: Layout
    starts_ms: int = NEVER
    ends_ms: int = ALWAYS
    panes: dict[Pane, Counts] = field(default_factory=dict)
    """Counts by (row, column)."""
    closed_ms: dict[str, int] = field(default_factory=dict)
    last_event_ms: int = NEVER
    established: bool = False

    @property
    def drains(self) -> bool:
        """Whether another layout has taken its place."""
        return self.ends_ms != ALWAYS

    def holds(self, time_ms: int) -> bool:
        """Whether an event of this time is counted in this layout."""
        return self.starts_ms <= time_ms < self.ends_ms

    def ends_of(self, rules: Rules, stream: str, limit_ms: int) -> list[int]:
        """Ends of the panes that close now: one after the other while some window holds something, else on to the next."""
        width, ends = rules.pane_ms, []
        while True:
            closed_ms = self.closed_ms.get(stream, NEVER)
            open_ = sorted(s for (of, s) in self.panes if of == stream and s >= closed_ms)
            if self.filled(rules, stream, closed_ms):
                start_ms = closed_ms
            elif open_:
                start_ms = open_[0]
            else:
                return ends
            if start_ms + width > limit_ms:
                return ends
            self.closed_ms[stream] = start_ms + width
            ends.append(start_ms + width)

    def filled(self, rules: Rules, stream: str, now_ms: int) -> bool:
        return any(self.held(rules, stream, size, slide, now_ms) for _, size, slide in rules.windows)

    def held(self, rules: Rules, stream: str, size: int, slide: int, now_ms: int) -> list[int]:
        """Starts of counted panes that the window still holds at `now_ms`: read up to its last end, or since."""
        last_end_ms = rules.start(now_ms, slide)
        return [
            s
            for (of, s) in self.panes
            if of == stream and _in(rules, s, size, slide, last_end_ms) and s < now_ms
        ]

    def events(self, stream: str, start_ms: int, end_ms: int) -> int:
        """Events in the panes of this stretch: each adds one to one cell of the first field; matched labels have a counter."""
        (part,) = (part for part in self.layout.parts if part.stream == stream)
        quality = next((block.start + 2 for block in part.blocks if block.name == "quality"), None)
        columns = [quality] if quality is not None else range(part.fields[0].start, part.fields[0].stop)
        inside = [pane for (of, s), pane in self.panes.items() if of == stream and start_ms <= s < end_ms]
        return sum(pane[0, column] for pane in inside for column in columns)

    def alive(self, rules: Rules, stream: str) -> bool:
        closed_ms = self.closed_ms.get(stream, NEVER)
        return self.filled(rules, stream, closed_ms) or any(
            of == stream and s >= closed_ms for (of, s) in self.panes
        )

    def kept(self, rules: Rules) -> dict[tuple[str, int, int], Counts]:
        """Panes that some window still needs, by (stream, width, start)."""
        found: dict[tuple[str, int, int], Counts] = {}
        for (stream, start_ms), counts in self.panes.items():
            closed_ms = self.closed_ms.get(stream, NEVER)
            if start_ms >= closed_ms:
                found[stream, rules.pane_ms, start_ms] = counts
                continue
            for _, size, slide in rules.windows:
                if start_ms in self.held(rules, stream, size, slide, closed_ms):
                    key = (stream, slide, rules.start(start_ms, slide))
                    if key not in found:
                        found[key] = self._sum(stream, key[2], slide, closed_ms)
        return found

    def _sum(self, stream: str, start_ms: int, width_ms: int, before_ms: int) -> Counts:
        total: Counts = Counter()
        for (of, s), counts in self.panes.items():
            if of == stream and start_ms <= s < min(start_ms + width_ms, before_ms):
                for place, amount in counts.items():
                    total[place] += amount
        return total


def _in(rules: Rules, start_ms: int, size: int, slide: int, last_end_ms: int) -> bool:
    return rules.start(start_ms, slide) >= last_end_ms - size
