"""A time line: what was said when, a lane for each who says something."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from driftwatch.telemetry.charts.shapes import (
    WIDTH,
    Scale,
    clock,
    line,
    picture,
    rect,
    shape,
    short,
    text,
    time_ticks,
)
from driftwatch.telemetry.markup import Markup

STRIP: Final = 120
"""Width of a strip."""
_LEFT: Final = 158
_TOP: Final = 6
_LANE: Final = 24
_BAR: Final = 15
_NAME: Final = 20
"""Characters of a lane's name that fit."""


class Span(NamedTuple):
    """A stretch of event time in which the same was said."""

    start_ms: int
    end_ms: int
    word: str
    """A verdict, or a state that stands for one; also the class of its colour."""


class Lane(NamedTuple):
    """All that one of them said, in order."""

    name: str
    spans: tuple[Span, ...]


def lanes(label: str, rows: Sequence[Lane], start_ms: int, end_ms: int) -> Markup:
    """The lanes between two event times (UTC)."""
    at = Scale(start_ms, end_ms, _LEFT, WIDTH - 8)
    foot = _TOP + _LANE * len(rows)
    grid: list[Markup] = []
    for time_ms, name in time_ticks(start_ms, end_ms):
        grid += [
            line(at(time_ms), _TOP, at(time_ms), foot, "grid"),
            text(at(time_ms), foot + 15, name, "tick", "middle"),
        ]
    drawn = [part for place, row in enumerate(rows) for part in _lane(row, at, _TOP + place * _LANE)]
    return picture(label, foot + 22, *grid, *drawn)


def strip(spans: Sequence[Span]) -> Markup:
    """What was said over time, small enough for a table's cell."""
    start_ms, end_ms = spans[0].start_ms, spans[-1].end_ms
    at = Scale(start_ms, end_ms, 0, STRIP)
    bars = [
        rect(at(s.start_ms), 0, max(1.0, at(s.end_ms) - at(s.start_ms) - 0.5), 12, f"v-{s.word}", "", 1)
        for s in spans
    ]
    said = ", ".join(f"{s.word} from {clock(s.start_ms)}" for s in spans[-3:])
    return shape(
        "svg",
        *bars,
        viewBox=f"0 0 {STRIP} 12",
        role="img",
        aria_label=f"Verdicts until {clock(end_ms)}: {said}",
        class_="strip",
        focusable="false",
    )


def spans_of(points: Sequence[tuple[int, str]], width_ms: int) -> tuple[Span, ...]:
    """Points in time, each true from the one before (at most `width_ms` back) on, joined where they say the same."""
    made: list[Span] = []
    before_ms = None
    for end_ms, word in points:
        start_ms = end_ms - width_ms if before_ms is None else max(before_ms, end_ms - width_ms)
        if made and made[-1].word == word and made[-1].end_ms == start_ms:
            made[-1] = Span(made[-1].start_ms, end_ms, word)
        else:
            made.append(Span(start_ms, end_ms, word))
        before_ms = end_ms
    return tuple(made)


def _lane(lane: Lane, at: Scale, y: float) -> list[Markup]:
    name = text(_LEFT - 8, y + _BAR - 2, short(lane.name, _NAME), "label", "end")
    bars = [
        rect(
            at(span.start_ms),
            y + 1,
            max(2.0, at(span.end_ms) - at(span.start_ms) - 0.6),
            _BAR,
            f"v-{span.word}",
            f"{lane.name}: {span.word}, {clock(span.start_ms)} to {clock(span.end_ms)}",
            2,
        )
        for span in lane.spans
        if span.end_ms > at.low and span.start_ms < at.high
    ]
    return [name, rect(_LEFT, y + 1, at.stop - _LEFT, _BAR, "track", "", 2), *bars]
