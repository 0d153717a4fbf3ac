"""What a rule says of one slice and field, with the named reason."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from driftwatch.drift.statistic import Kind
from driftwatch.events.classes import Stream
from driftwatch.verdicts.spec import Severity


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
    evidence: tuple[str, ...] = ()
    """Of evidence: how it grew, which bets paid and what was nearest beside it, a line each."""


@dataclass(frozen=True, slots=True, eq=False)
class Judgement:
    """What one rule says of one reading: the whole of what alerts may know of it.

    A member is a slice and field that the rule looks at. It is *pending* while it breaks the rule for fewer
    panes in a row than demanded, *firing* from then on until it has been within `clear` for `clear_for`
    panes in a row. A member with too little data keeps its state (E8): it neither counts nor resets.
    """

    rule: str
    statistic: str
    model: str
    version: str
    stream: Stream
    window: str
    end_ms: int
    """Event time at which the window ends."""
    fields: tuple[str, ...]
    verdicts: NDArray[np.int8]
    """int8[slices, fields]: position in `tuple(Verdict)`; -1 where the rule does not look."""
    firing: tuple[Finding, ...]
    """Loudest first. A member without enough data now shows the numbers of its last pane that had them."""
    pending: tuple[Finding, ...]
    """Loudest first."""
    clear: bool
    """No member fires or is pending: those that fired were within `clear` for `clear_for` panes in a row."""
    kind: Kind
    severity: Severity
    retrain: bool
    """Whether this rule may ask for a retraining."""

    @property
    def verdict(self) -> Verdict:
        """The loudest over its members."""
        return loudest(VERDICTS[code] for code in set(self.verdicts.ravel().tolist()) if code >= 0)


VERDICTS: Final[tuple[Verdict, ...]] = tuple(Verdict)
"""Every verdict; it travels in arrays as its position here."""

CODE: Final[dict[Verdict, int]] = {verdict: i for i, verdict in enumerate(VERDICTS)}

SEVERE: Final = {
    Severity.WARNING: Verdict.WARNING,
    Severity.TICKET: Verdict.WARNING,
    Severity.DRIFT: Verdict.DRIFT,
    Severity.PAGE: Verdict.DRIFT,
}
"""What a firing alert of a severity says of its members."""

_LOUDNESS: Final = (Verdict.INSUFFICIENT, Verdict.LEARNING, Verdict.OK, Verdict.WARNING, Verdict.DRIFT)


def loudest(verdicts: Iterable[Verdict]) -> Verdict:
    """The one that speaks for all: drift before warning before ok; `insufficient` where nobody knows more."""
    return max(verdicts, key=_LOUDNESS.index, default=Verdict.INSUFFICIENT)
