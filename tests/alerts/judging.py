"""Findings and judgements for tests, said in few words."""

from __future__ import annotations

import numpy as np

from driftwatch.alerts.messages import About
from driftwatch.drift.statistic import Kind
from driftwatch.events.classes import Stream
from driftwatch.verdicts.spec import Severity
from driftwatch.verdicts.verdict import Finding, Judgement

ABOUT = About("https://driftwatch.internal", "c0ffee")
MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR


def finding(
    field: str = "age",
    slice_: str = "all",
    value: float = 0.4,
    *,
    rule: str = "psi",
    window: str = "1h",
    since_ms: int = 0,
    limit: float = 0.25,
    count: int = 1_000,
) -> Finding:
    return Finding(
        rule=rule,
        statistic=rule,
        window=window,
        slice=slice_,
        field=field,
        value=value,
        lower=value - 0.05,
        upper=value + 0.05,
        limit=limit,
        count=count,
        since_ms=since_ms,
        reference_count=10_000,
        cells=("18-25: 4.0 % -> 11.2 %",),
    )


def judgement(
    end_ms: int,
    firing: tuple[Finding, ...] = (),
    pending: tuple[Finding, ...] = (),
    *,
    rule: str = "psi",
    window: str = "1h",
    model: str = "credit",
    version: str = "1",
    kind: Kind = Kind.INPUT,
    severity: Severity = Severity.DRIFT,
    retrain: bool = False,
    clear: bool | None = None,
) -> Judgement:
    return Judgement(
        rule=rule,
        statistic=rule,
        model=model,
        version=version,
        stream=Stream.LABELS if kind.rests_on_labels else Stream.PREDICTIONS,
        window=window,
        end_ms=end_ms,
        fields=("age",),
        verdicts=np.zeros((1, 1), np.int8),
        firing=firing,
        pending=pending,
        clear=not (firing or pending) if clear is None else clear,
        kind=kind,
        severity=severity,
        retrain=retrain,
    )
