"""Readings as tidy rows, one per slice, feature and statistic: the API's windows and `replay --statistics`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Final

import msgspec

from driftwatch.drift.reading import Estimate, Reading
from driftwatch.monitor.snapshot import RuleView, VersionView
from driftwatch.telemetry.text import iso_time
from driftwatch.verdicts.verdict import VERDICTS, Verdict, loudest

Numbers = list[list[float]]
Codes = list[list[int]]


class Row(msgspec.Struct, frozen=True):
    """One number with what it rests on. No number means not enough data to say."""

    model: str
    version: str
    window: str
    start: str
    """ISO 8601, UTC."""
    end: str
    """ISO 8601, UTC."""
    slice: str
    feature: str
    """Empty for a statistic of the whole model."""
    statistic: str
    value: float | None
    lower: float | None
    upper: float | None
    count: int
    """Current events that the number rests on."""
    verdict: str
    """The loudest of the rules that look at it; empty where none does, `insufficient` where there is no number."""
    stream: str
    """Tells apart what is counted in several streams, such as `event_ratio`."""


COLUMNS: Final = Row.__struct_fields__


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which rows are asked for; None takes all."""

    slice: str | None = None
    feature: str | None = None
    statistic: str | None = None

    def takes(self, slice_: str, feature: str) -> bool:
        """Whether a slice and feature are asked for."""
        return self.slice in (None, slice_) and self.feature in (None, feature)


def rows(reading: Reading, rules: Iterable[RuleView] = (), chosen: Chosen | None = None) -> Iterator[Row]:
    """Rows of one reading in the order statistic (as in the catalogue's mapping), slice, feature."""
    rules, chosen = tuple(rules), chosen or Chosen()
    for name, estimate in reading.estimates.items():
        if chosen.statistic in (None, name):
            yield from _statistic_rows(reading, name, estimate, rules, chosen)


def version_rows(view: VersionView, chosen: Chosen, window: str | None = None) -> Iterator[Row]:
    """Rows of the last readings of a version, by stream and window."""
    for _, reading in sorted(view.readings.items()):
        if window in (None, reading.window):
            yield from rows(reading, view.rules, chosen)


def _statistic_rows(
    reading: Reading, name: str, estimate: Estimate, rules: Sequence[RuleView], chosen: Chosen
) -> Iterator[Row]:
    start, end = iso_time(reading.start_ms), iso_time(reading.end_ms)
    verdict_of = _verdicts(reading, name, rules)
    values: Numbers = estimate.value.tolist()
    lowers: Numbers = estimate.lower.tolist()
    uppers: Numbers = estimate.upper.tolist()
    counts: list[list[int]] = estimate.count.tolist()
    for row, slice_ in enumerate(reading.layout.slices.rows):
        for column, feature in enumerate(estimate.fields):
            if chosen.takes(slice_, feature):
                value = finite(values[row][column])
                yield Row(
                    model=reading.model,
                    version=reading.version,
                    window=reading.window,
                    start=start,
                    end=end,
                    slice=slice_,
                    feature=feature,
                    statistic=name,
                    value=value,
                    lower=finite(lowers[row][column]),
                    upper=finite(uppers[row][column]),
                    count=counts[row][column],
                    verdict=str(Verdict.INSUFFICIENT) if value is None else verdict_of(row, feature),
                    stream=str(reading.stream),
                )


def _verdicts(reading: Reading, name: str, rules: Sequence[RuleView]) -> Callable[[int, str], str]:
    """(slice row, feature) -> the loudest verdict of the rules that look there."""
    looking: list[tuple[dict[str, int], Codes]] = [
        ({field: column for column, field in enumerate(rule.fields)}, rule.verdicts.tolist())
        for rule in rules
        if rule.statistic == name and rule.window == reading.window and rule.stream in (None, reading.stream)
    ]

    def verdict_of(row: int, feature: str) -> str:
        codes = [codes[row][columns[feature]] for columns, codes in looking if feature in columns]
        found = [VERDICTS[code] for code in codes if code >= 0]
        return str(loudest(found)) if found else ""

    return verdict_of


def finite(number: float) -> float | None:
    """The number, or None where it is NaN or infinite."""
    return number if isfinite(number) else None
