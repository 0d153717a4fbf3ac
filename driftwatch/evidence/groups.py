"""What kinds of evidence there are, which budget each draws on, and how large its share of that budget is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from fractions import Fraction
from typing import Final


class Family(StrEnum):
    """How loud an alert is; each family has a budget of its own."""

    PAGE = "page"
    TICKET = "ticket"


class Group(StrEnum):
    """What a stream of evidence rests on; alerts are told apart by it."""

    INPUTS = "inputs"
    SCORES = "scores"
    QUALITY = "quality"
    PERFORMANCE = "performance"
    CALIBRATION = "calibration"
    MARKED = "marked"
    """Fields that the user wants to be paged for."""

    @property
    def family(self) -> Family:
        """The budget that it draws on."""
        return Family.TICKET if self in _SHARES[Family.TICKET] else Family.PAGE


_SHARES: Final[Mapping[Family, Mapping[Group, int]]] = {
    Family.TICKET: {Group.INPUTS: 40, Group.SCORES: 40, Group.QUALITY: 20},
    Family.PAGE: {Group.PERFORMANCE: 40, Group.MARKED: 40, Group.CALIBRATION: 20},
}
"""Percent of the family's budget when all its groups are there (STATISTICS, section 4)."""


def shares(present: Iterable[Group]) -> dict[Group, Fraction]:
    """Share of its family's budget for every group that has streams; those of a family sum to 1."""
    groups = dict.fromkeys(present)
    totals = {
        family: sum(share for group, share in table.items() if group in groups)
        for family, table in _SHARES.items()
    }
    return {group: Fraction(_SHARES[group.family][group], totals[group.family]) for group in groups}
