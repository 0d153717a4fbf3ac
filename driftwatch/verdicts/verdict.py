"""What a rule says of one slice and field, with the named reason."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """The closed list, ordered from calm to loud except for the two that say that nothing is known."""

    OK = "ok"
    WARNING = "warning"
    DRIFT = "drift"
    INSUFFICIENT = "insufficient"
    LEARNING = "learning"


@dataclass(frozen=True, slots=True)
class Finding:
    """One slice and field that breaks (or broke) a rule, with the numbers that say so."""

    rule: str
    statistic: str
    window: str
    slice: str
    field: str
    value: float
    lower: float
    upper: float
    limit: float
    count: int
    since_ms: int
    """End of the first pane of this breach."""
    reference_count: int = 0
    cells: tuple[str, ...] = ()
    """The cells that moved most, for people: `18-25: 4.0 % -> 11.2 %`."""
