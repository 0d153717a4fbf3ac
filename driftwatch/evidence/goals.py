"""What the user says must be found in time: `accuracy drop of 3 % within 1d`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from driftwatch.events.times import format_duration, parse_duration_ms
from driftwatch.evidence.groups import Group

_FORM: Final = re.compile(
    r"\s*(?P<what>\S+)\s+(?:drop|rise|change|gap|shift)\s+of\s+(?P<size>[0-9.]+)\s*(?P<unit>%)?\s+within\s+(?P<time>\S+)"
    r"(?:\s+in\s+(?P<slice>\S+))?\s*"
)
_HOW: Final = (
    "write `accuracy drop of 3 % within 1d`, `calibration gap of 5 % within 1d`, `missing rise of 2 % within 1h` "
    "or `FIELD change of 10 % within 6h`, and `in SLICE` after it for one slice (default: all)"
)
ACCURACY: Final = "accuracy"
CALIBRATION: Final = "calibration"
MISSING: Final = ("missing", "invalid")


@dataclass(frozen=True, slots=True)
class Goal:
    """A change of a share that must be found within so much event time."""

    what: str
    """`accuracy`, `calibration`, `missing`, `invalid`, or a field."""
    size: float
    """Change of the share (of the score's or label's gap for calibration)."""
    within_ms: int
    slice: str = "all"

    @classmethod
    def parse(cls, text: str) -> Goal:
        """Read a line of `must_detect`; raises ValueError that says how to write it."""
        match = _FORM.fullmatch(text)
        if match is None:
            raise ValueError(f"{text!r} says nothing that could be promised; {_HOW}")
        size = _size(match["size"], match["unit"], text)
        return cls(match["what"], size, parse_duration_ms(match["time"]), match["slice"] or "all")

    @property
    def groups(self) -> tuple[Group, ...]:
        """The kinds of streams that can find it."""
        if self.what == ACCURACY:
            return (Group.PERFORMANCE,)
        if self.what == CALIBRATION:
            return (Group.CALIBRATION,)
        return (Group.QUALITY,) if self.what in MISSING else (Group.INPUTS, Group.SCORES, Group.MARKED)

    def __str__(self) -> str:
        """As one would write it."""
        where = "" if self.slice == "all" else f" in {self.slice}"
        return f"{self.what} change of {100 * self.size:g} % within {format_duration(self.within_ms)}{where}"


def _size(number: str, unit: str | None, text: str) -> float:
    try:
        size = float(number) / (100 if unit else 1)
    except ValueError:
        size = float("nan")
    if not 0 < size < 1:
        raise ValueError(
            f"{number!r} in {text!r} is not a change of a share; write for example `3 %` or `0.03`"
        )
    return size
