"""The condition of a rule as people write it: `psi > 0.25 for 3 panes`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from driftwatch.drift.catalogue import STATISTICS, unknown_name
from driftwatch.drift.statistic import Statistic


class Number(StrEnum):
    """Which number of an estimate is compared."""

    VALUE = "value"
    LOWER = "lower"
    UPPER = "upper"


_FORM: Final = re.compile(
    r"\s*(?P<name>[^\s.<>=]+)(?:\.(?P<number>[^\s<>=]+))?\s*(?P<sign>[<>]=?|==?)\s*(?P<limit>\S+)"
    r"(?:\s+for\s+(?P<panes>\d+)\s+panes?)?\s*",
)
_HOW: Final = "write `STATISTIC[.lower|.upper] >|< NUMBER [for N panes]`, such as `psi > 0.25 for 3 panes`"


@dataclass(frozen=True, slots=True)
class Condition:
    """What must hold for a breach."""

    statistic: Statistic
    number: Number
    above: bool
    """True for `>`, False for `<`."""
    limit: float
    panes: int
    """Breaches in a row that it takes."""

    @classmethod
    def parse(cls, text: str) -> Condition:
        """Read a condition; raises ValueError that names the offending word and what to write instead."""
        match = _FORM.fullmatch(text)
        if match is None:
            raise ValueError(f"{text!r} is not a condition; {_HOW}")
        sign, panes = match["sign"], int(match["panes"] or 1)
        if sign not in ("<", ">"):
            raise ValueError(f"{sign!r} in {text!r} compares nothing here; {_HOW}")
        if panes < 1:
            raise ValueError(f"`for {panes} panes` in {text!r} never holds; write at least `for 1 pane`")
        return cls(
            _statistic(match["name"]), _number(match["number"]), sign == ">", _limit(match["limit"]), panes
        )

    def __str__(self) -> str:
        """The condition as one would write it."""
        number = "" if self.number is Number.VALUE else f".{self.number}"
        hold = f" for {self.panes} panes" if self.panes > 1 else ""
        return f"{self.statistic.name}{number} {'>' if self.above else '<'} {self.limit:g}{hold}"


def _statistic(name: str) -> Statistic:
    found = STATISTICS.get(name)
    if found is None:
        raise ValueError(unknown_name(name))
    return found


def _number(word: str | None) -> Number:
    if word is None:
        return Number.VALUE
    if word not in tuple(Number):
        raise ValueError(f"an estimate has no {word!r}; write `.lower` or `.upper`, or neither for the value")
    return Number(word)


def _limit(text: str) -> float:
    try:
        limit = float(text)
    except ValueError:
        limit = float("nan")
    if abs(limit) == float("inf") or limit != limit or "_" in text:
        raise ValueError(f"{text!r} is not a number that a statistic can pass; write for example 0.25")
    return limit
