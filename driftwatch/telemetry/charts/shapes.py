"""SVG as values: shapes, scales and ticks; colours come from classes, so that one picture serves light and dark."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from driftwatch.telemetry.markup import Child, Markup, tag
from driftwatch.telemetry.text import iso_time

WIDTH: Final = 400
"""Of a picture in units of its view box; it is scaled to the room that it gets."""
_MINUTE_MS: Final = 60_000
_STEPS_MS: Final = tuple(
    minutes * _MINUTE_MS
    for minutes in (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1_440, 2_880, 10_080, 43_200, 129_600)
)
_DAY_MS: Final = 1_440 * _MINUTE_MS
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def picture(label: str, height: float, *children: Child, width: float = WIDTH) -> Markup:
    """A whole picture; `label` says to those who do not see it what those who do would notice."""
    return shape(
        "svg",
        tag("desc", label),
        *children,
        viewBox=f"0 0 {number(width)} {number(height)}",
        role="img",
        aria_label=label,
        focusable="false",
    )


def shape(element: str, *children: Child, **attributes: str | float) -> Markup:
    """One SVG element; `stroke_width` becomes `stroke-width`, `class_` becomes `class`."""
    shown = {
        key.rstrip("_").replace("_", "-"): value if isinstance(value, str) else number(value)
        for key, value in attributes.items()
    }
    return tag(element, *children, **shown)


def rect(
    x: float, y: float, width: float, height: float, class_: str, title: str = "", round_: float = 0
) -> Markup:
    """A rectangle, with a text for who points at it."""
    told = [tag("title", title)] if title else []
    return shape(
        "rect", *told, x=x, y=y, width=max(0.0, width), height=max(0.0, height), rx=round_, class_=class_
    )


def line(x1: float, y1: float, x2: float, y2: float, class_: str) -> Markup:
    """A straight line."""
    return shape("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=class_)


def text(x: float, y: float, words: str, class_: str = "label", anchor: str = "start") -> Markup:
    """One line of text; `y` is its base line."""
    return shape("text", words, x=x, y=y, class_=class_, text_anchor=anchor)


def dot(x: float, y: float, radius: float, class_: str, title: str = "") -> Markup:
    """A circle, with a text for who points at it."""
    told = [tag("title", title)] if title else []
    return shape("circle", *told, cx=x, cy=y, r=radius, class_=class_)


def path(points: Sequence[tuple[float, float]], class_: str, *, closed: bool = False) -> Markup:
    """Straight lines from point to point."""
    steps = " ".join(f"{'L' if i else 'M'}{number(x)} {number(y)}" for i, (x, y) in enumerate(points))
    return shape("path", d=steps + (" Z" if closed else ""), class_=class_)


@dataclass(frozen=True, slots=True)
class Scale:
    """Values of `[low, high]` on positions `[start, stop]`; what lies outside is put at the end."""

    low: float
    high: float
    start: float
    stop: float

    def __call__(self, value: float) -> float:
        """The position of a value."""
        if self.high <= self.low:
            return (self.start + self.stop) / 2
        part = min(1.0, max(0.0, (value - self.low) / (self.high - self.low)))
        return self.start + part * (self.stop - self.start)


def ticks(low: float, high: float, count: int = 4) -> list[float]:
    """About `count` round values inside `[low, high]`."""
    if not (math.isfinite(low) and math.isfinite(high)) or high <= low:
        return [low] if math.isfinite(low) else []
    raw = (high - low) / count
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= raw * 0.999)
    first = math.ceil(low / step - 1e-9)
    return [round(i * step, 12) for i in range(first, math.floor(high / step + 1e-9) + 1)]


def time_ticks(low_ms: int, high_ms: int, count: int = 5) -> list[tuple[int, str]]:
    """About `count` round times (UTC) inside `[low_ms, high_ms]` with their names."""
    step = next((s for s in _STEPS_MS if s * count >= high_ms - low_ms), _STEPS_MS[-1])
    first = -(-low_ms // step) * step
    return [(at, clock(at, days=step >= _DAY_MS)) for at in range(first, high_ms + 1, step)]


def clock(time_ms: int, *, days: bool = False) -> str:
    """`14:30`, or `3 Mar` at midnight and where only days count (UTC)."""
    stamp = iso_time(time_ms)
    if "T" not in stamp:
        return stamp
    if days or time_ms % _DAY_MS == 0:
        return f"{int(stamp[8:10])} {_MONTHS[int(stamp[5:7]) - 1]}"
    return stamp[11:16]


def number(value: float) -> str:
    """A coordinate: at most one digit behind the point."""
    shown = f"{value:.1f}"
    return shown.removesuffix(".0")


def figures(value: float | None, digits: int = 3) -> str:
    """A statistic for people."""
    if value is None or not math.isfinite(value):
        return "unknown"
    return f"{value:.{digits}g}" if abs(value) < 1e5 else f"{value:,.0f}"


def short(words: str, characters: int) -> str:
    """Text that fits a picture; the table beside it has all of it."""
    return words if len(words) <= characters else words[: characters - 1] + "…"
