"""How long join rows stay: until no stream can need them any more, and never more than the limit (E2, E12)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from driftwatch.events.classes import Stream
from driftwatch.events.joins import JoinTable
from driftwatch.monitor.counting import Counting
from driftwatch.monitor.inflow import Inflow
from driftwatch.monitor.plan import ModelPlan

REMEMBERED_MAX: Final = 10_000_000
"""Predictions that are remembered for finding repetitions where there are no labels."""


def expired_ms(plan: ModelPlan, decided_ms: Mapping[Stream, int], inflows: Mapping[Stream, Inflow]) -> int:
    """Below it no stream needs what is remembered, once each is decided up to `decided_ms`.

    Labels meet predictions up to `max_delay` before them, features and predictions meet each other, and all find
    their repetitions in the neighbouring generation (E2, E3). Labels that stand still are awaited; features that do
    must not keep everything for ever.
    """
    awaited = [
        decided
        for stream, decided in decided_ms.items()
        if stream is not Stream.FEATURES or not inflows[stream].stands_still
    ]
    before_ms = min(awaited) - plan.max_delay_ms - plan.spec.join_within
    return before_ms // plan.generation_ms * plan.generation_ms


def pass_over(plan: ModelPlan, decided_ms: Mapping[Stream, int], inflows: Mapping[Stream, Inflow]) -> None:
    """Let the frontier of features that stand still follow what expires (E4).

    So what waits is decided before its partner is gone, and whoever returns with something older is late.
    """
    features = inflows.get(Stream.FEATURES)
    if features is not None and features.stands_still:
        features.pass_over(expired_ms(plan, decided_ms, inflows))


def drop_generations(plan: ModelPlan, counting: Counting, expired: int) -> None:
    """Drop the generations that lie before the one next to what has expired, in ms: repetitions look there (E3)."""
    for table in _tables(counting):
        table.drop_before(expired // plan.generation_ms - 1)


def halve_sample(plan: ModelPlan, counting: Counting) -> list[int]:
    """At the hard limit the id-hash threshold halves until the rest fits; answers every new threshold (E12)."""
    most = plan.spec.labels.max_outstanding if plan.spec.labels else REMEMBERED_MAX
    limits: list[int] = []
    while len(counting.predictions) > most and counting.limit > 1:
        _lower(counting, counting.limit // 2)
        limits.append(counting.limit)
    return limits


def lower_sample(counting: Counting, limits: Iterable[int]) -> list[int]:
    """Halve the sample where the journal says so: how much is remembered is not known (E14)."""
    lowered = list(limits)
    for limit in lowered:
        _lower(counting, limit)
    return lowered


def _lower(counting: Counting, limit: int) -> None:
    counting.limit = limit
    for table in _tables(counting):
        table.drop_above(limit)


def _tables(counting: Counting) -> tuple[JoinTable, ...]:
    return counting.predictions, counting.features, counting.labels, *counting.class_scores.tables
