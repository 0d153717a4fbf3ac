"""How long join rows stay: until no stream can need them any more, and never more than the limit (E2, E12)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from driftwatch.events.classes import Stream
from driftwatch.events.joins import JoinTable
from driftwatch.events.waiting import Waiting
from driftwatch.monitor.counting import Counting
from driftwatch.monitor.inflow import Inflow
from driftwatch.monitor.plan import ModelPlan

REMEMBERED_MAX: Final = 10_000_000
"""Predictions that are remembered for finding repetitions where there are no labels."""


def drop_generations(
    plan: ModelPlan, counting: Counting, inflows: Mapping[Stream, Inflow], waiting: Mapping[Stream, Waiting]
) -> None:
    """Drop generations that nothing can reach any more; what would need them is late from now on (E4)."""
    oldest = (
        _decided_ms(inflows, waiting) - plan.max_delay_ms - plan.spec.join_within
    ) // plan.generation_ms - 1
    for table in _tables(counting):
        table.drop_before(oldest)
    for stream, inflow in inflows.items():
        if stream is not Stream.LABELS:
            inflow.forgotten_ms = max(inflow.forgotten_ms, (oldest + 1) * plan.generation_ms)


def halve_sample(plan: ModelPlan, counting: Counting) -> list[int]:
    """At the hard limit the id-hash threshold halves until the rest fits; answers every new threshold (E12)."""
    most = plan.spec.labels.max_outstanding if plan.spec.labels else REMEMBERED_MAX
    limits: list[int] = []
    while len(counting.predictions) > most and counting.limit > 1:
        counting.limit //= 2
        for table in _tables(counting):
            table.drop_above(counting.limit)
        limits.append(counting.limit)
    return limits


def _tables(counting: Counting) -> tuple[JoinTable, ...]:
    return counting.predictions, counting.features, counting.labels


def _decided_ms(inflows: Mapping[Stream, Inflow], waiting: Mapping[Stream, Waiting]) -> int:
    """Up to where no stream needs what is remembered: labels, and predictions and features of their own (E2, E3).

    Labels that stand still are awaited. Features that do must not keep everything for ever: when they return,
    what would need the forgotten is late.
    """
    return min(
        waiting[stream].released_ms
        for stream, inflow in inflows.items()
        if stream is not Stream.FEATURES or not inflow.stands_still
    )
