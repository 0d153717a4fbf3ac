"""How many labels come too late to count: a finding of data quality that names the setting to change (E5)."""

from __future__ import annotations

from typing import Final

import msgspec
import numpy as np

from driftwatch.drift.intervals import wilson
from driftwatch.drift.statistic import Kind
from driftwatch.events.classes import RecordClass, Stream
from driftwatch.events.spec import DAY_MS
from driftwatch.events.times import format_duration
from driftwatch.monitor.plan import ModelPlan
from driftwatch.monitor.tally import Tally
from driftwatch.verdicts.spec import Severity
from driftwatch.verdicts.verdict import CODE, Finding, Judgement, Verdict

LATE_LABELS: Final = "late labels"
"""The rule that judgements on lateness speak as, and their statistic."""
WINDOW: Final = "1d"
LIMIT: Final = 0.05
"""The share of late labels that is too much (EXACTNESS E5)."""
_SPAN_MS: Final = DAY_MS
_EVERY_MS: Final = _SPAN_MS // 96
_UNTIMED: Final = frozenset({RecordClass.FUTURE, RecordClass.FILTERED, RecordClass.OVER_LIMIT})
"""Classes of records whose time was not held against a frontier, as those that could not be read."""


class Mark(msgspec.Struct, frozen=True, array_like=True):
    """How many labels had been judged by the commit at which event time had come so far."""

    time_ms: int = 0
    late: int = 0
    judged: int = 0


class LateState(msgspec.Struct, frozen=True):
    """What the checkpoint holds: marks of the last day of event time, a quarter of an hour apart, and what fires."""

    marks: tuple[Mark, ...] = (Mark(),)
    since_ms: int | None = None
    """When the share passed the limit; None while it has not."""

    @property
    def verdict(self) -> Verdict:
        """What it says of every version; nothing, while it is calm."""
        return Verdict.INSUFFICIENT if self.since_ms is None else Verdict.WARNING


def counted(tally: Tally, time_ms: int) -> Mark:
    """The labels of all partitions so far."""
    late = judged = 0
    for stream, _, why, count in tally.items():
        if stream is not Stream.LABELS or why.family == "invalid" or why in _UNTIMED:
            continue
        judged += count
        late += count if why is RecordClass.LATE else 0
    return Mark(time_ms, late, judged)


def judge(plan: ModelPlan, state: LateState, now: Mark) -> tuple[LateState, Judgement | None]:
    """The labels of the last day of event time, at a commit that closed panes; None where they are too few to say.

    It fires where even the lower end of Wilson's interval lies above the limit, and is clear at or below the limit.
    """
    before = [mark for mark in state.marks if mark.time_ms <= now.time_ms - _SPAN_MS]
    marks = (*before[-1:], *state.marks[len(before) :])
    since = marks[0]
    if now.time_ms >= marks[-1].time_ms + _EVERY_MS:
        marks = (*marks, now)
    state = LateState(marks, state.since_ms)
    judged, late = now.judged - since.judged, now.late - since.late
    if judged < plan.spec.statistics.min_events:
        return state, None
    share = wilson(np.array([late]), np.array([judged]), plan.spec.statistics.confidence)
    value, lower, upper = (float(bound[0]) for bound in (share.value, share.lower, share.upper))
    if lower > LIMIT:
        state = LateState(marks, now.time_ms if state.since_ms is None else state.since_ms)
    elif value <= LIMIT:
        state = LateState(marks)
    firing: tuple[Finding, ...] = ()
    if state.since_ms is not None:
        firing = (_finding(plan, (value, lower, upper), judged, state.since_ms),)
    return state, _judgement(plan, now.time_ms, firing)


def _finding(plan: ModelPlan, share: tuple[float, float, float], judged: int, since_ms: int) -> Finding:
    lateness = format_duration(plan.spec.lateness_ms(Stream.LABELS))
    value, lower, upper = share
    return Finding(
        rule=LATE_LABELS,
        statistic=LATE_LABELS,
        window=WINDOW,
        slice="all",
        field="",
        value=value,
        lower=lower,
        upper=upper,
        limit=LIMIT,
        count=judged,
        since_ms=since_ms,
        cells=(f"late labels are not counted: raise `labels.lateness`, now {lateness}",),
    )


def _judgement(plan: ModelPlan, end_ms: int, firing: tuple[Finding, ...]) -> Judgement:
    """Of the whole model: a label that is late was never joined, so nobody knows its version."""
    verdict = Verdict.WARNING if firing else Verdict.OK
    return Judgement(
        rule=LATE_LABELS,
        statistic=LATE_LABELS,
        model=plan.name,
        version="",
        stream=Stream.LABELS,
        window=WINDOW,
        end_ms=end_ms,
        fields=("",),
        verdicts=np.array([[CODE[verdict]]], np.int8),
        firing=firing,
        pending=(),
        clear=not firing,
        kind=Kind.QUALITY,
        severity=Severity.WARNING,
        retrain=False,
    )
