"""Why each rule said what it said at its last evaluation, with the numbers in a sentence."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from driftwatch.drift.reading import Floats, Ints, Reading
from driftwatch.monitor.snapshot import ModelView, RuleView, VersionView
from driftwatch.telemetry.answers import Explanation, Member
from driftwatch.telemetry.rows import finite
from driftwatch.telemetry.text import iso_time
from driftwatch.verdicts.condition import Condition, Number
from driftwatch.verdicts.verdict import VERDICTS, Verdict, loudest

_ORDER: Final = (Verdict.LEARNING, Verdict.INSUFFICIENT, Verdict.OK, Verdict.WARNING, Verdict.DRIFT)
_LOUDNESS: Final = np.array([_ORDER.index(verdict) for verdict in VERDICTS], np.int64)
"""By verdict code."""


def explain_model(model: ModelView, members: int, rule: str | None = None) -> Iterator[Explanation]:
    """One explanation per live version, rule and window; each with at most `members` slices and features."""
    for _, version in sorted(model.versions.items()):
        for view in version.rules:
            if rule in (None, view.rule):
                yield explain(model.model, version, view, members)


def explain(model: str, version: VersionView, view: RuleView, members: int) -> Explanation:
    """The last evaluation of one rule on one window."""
    reading = _reading(version, view)
    condition = Condition.parse(view.when) if view.when else None
    looked = [VERDICTS[code] for code in view.verdicts.ravel().tolist() if code >= 0]
    shown = [] if reading is None else _Look.of(view, reading, condition).loudest(members)
    return Explanation(
        model=model,
        version=version.version,
        rule=view.rule,
        when=view.when,
        statistic=view.statistic,
        number=str(condition.number if condition else Number.VALUE),
        limit=condition.limit if condition else None,
        min_events=view.min_events,
        stream=str(reading.stream) if reading else "",
        window=view.window,
        end=iso_time(reading.end_ms) if reading else "",
        verdict=str(loudest(looked)),
        verdicts={str(v): looked.count(v) for v in VERDICTS if v in looked},
        members=shown,
    )


def _reading(version: VersionView, view: RuleView) -> Reading | None:
    """The last reading that the rule saw; None while there is none (learning)."""
    for (stream, window), reading in sorted(version.readings.items()):
        if window == view.window and view.stream in (None, stream) and view.statistic in reading.estimates:
            return reading
    return None


@dataclass(frozen=True, eq=False)
class _Look:
    """What a rule saw, cut to the fields that it looks at."""

    view: RuleView
    condition: Condition | None
    slices: tuple[str, ...]
    value: Floats
    lower: Floats
    upper: Floats
    count: Ints

    @classmethod
    def of(cls, view: RuleView, reading: Reading, condition: Condition | None) -> _Look:
        estimate = reading.estimates[view.statistic]
        columns = [estimate.fields.index(field) for field in view.fields]
        return cls(
            view=view,
            condition=condition,
            slices=reading.layout.slices.rows,
            value=estimate.value[:, columns],
            lower=estimate.lower[:, columns],
            upper=estimate.upper[:, columns],
            count=estimate.count[:, columns],
        )

    @property
    def compared(self) -> Floats:
        """The numbers that the condition compares."""
        numbers = {Number.VALUE: self.value, Number.LOWER: self.lower, Number.UPPER: self.upper}
        return numbers[self.condition.number if self.condition else Number.VALUE]

    def loudest(self, limit: int) -> list[Member]:
        """At most `limit` members: by verdict, then farthest beyond the limit, then in the order of the layout."""
        codes = self.view.verdicts
        places = np.argwhere(codes >= 0)
        beyond = np.nan_to_num(self._beyond(), nan=-np.inf)[codes >= 0]
        order = np.lexsort((-beyond, -_LOUDNESS[codes[codes >= 0]]))[:limit]
        chosen: list[list[int]] = places[order].tolist()
        return [self._member(row, column) for row, column in chosen]

    def _beyond(self) -> Floats:
        if self.condition is None:
            return np.zeros_like(self.value)
        over = self.compared - self.condition.limit
        return over if self.condition.above else -over

    def _member(self, row: int, column: int) -> Member:
        verdict = VERDICTS[int(self.view.verdicts[row, column])]
        count = int(self.count[row, column])
        number = finite(float(self.compared[row, column]))
        return Member(
            slice=self.slices[row],
            feature=self.view.fields[column],
            value=finite(float(self.value[row, column])),
            lower=finite(float(self.lower[row, column])),
            upper=finite(float(self.upper[row, column])),
            count=count,
            verdict=str(verdict),
            why=why(verdict, number, count, self.view, self.condition),
        )


def why(
    verdict: Verdict, number: float | None, count: int, view: RuleView, condition: Condition | None
) -> str:
    """The verdict in one sentence with its numbers."""
    if verdict is Verdict.LEARNING:
        return "the reference is still being learned"
    if verdict is Verdict.INSUFFICIENT:
        if count < view.min_events:
            return f"{count} events are fewer than the {view.min_events} demanded"
        return f"{count} events do not give this number"
    if condition is None or number is None:
        return f"the rule says {verdict}"
    breaks = number > condition.limit if condition.above else number < condition.limit
    name = view.statistic if condition.number is Number.VALUE else f"{view.statistic}.{condition.number}"
    sign = (">" if breaks else "≤") if condition.above else ("<" if breaks else "≥")
    compared = f"{name} {number:.6g} {sign} {condition.limit:g} over {count} events"
    if verdict is Verdict.OK:
        return f"{compared}, not yet for {condition.panes} panes in a row" if breaks else compared
    return compared if breaks else f"{compared}, but it has not been clear for long enough yet"
