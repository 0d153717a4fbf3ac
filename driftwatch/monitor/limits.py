"""Up to which event time each stream is decided, from how far all of them have come (E2)."""

from __future__ import annotations

from collections.abc import Mapping

from driftwatch.events.classes import Stream
from driftwatch.monitor.plan import ModelPlan


def release_limits(
    plan: ModelPlan, frontiers_ms: Mapping[Stream, int], holding_ms: Mapping[Stream, int]
) -> dict[Stream, int]:
    """Per stream the time below which its events may be counted for good; none waits for labels (E4).

    `frontiers_ms` are the streams' own frontiers, `holding_ms` the same as other streams must respect them. An event
    that may join another stream's within ± `join_within` waits until that stream has passed so far; a label that
    needs a prediction's slices waits for the features of that prediction too.
    """
    within = plan.spec.join_within
    limits = dict(frontiers_ms)
    if plan.predictions_wait:
        limits[Stream.PREDICTIONS] = min(limits[Stream.PREDICTIONS], holding_ms[Stream.FEATURES] - within)
    if plan.features_wait:
        limits[Stream.FEATURES] = min(limits[Stream.FEATURES], holding_ms[Stream.PREDICTIONS] - within)
    if Stream.LABELS in limits:
        limits[Stream.LABELS] = min(limits[Stream.LABELS], holding_ms[Stream.PREDICTIONS] - within)
        if plan.predictions_wait:
            limits[Stream.LABELS] = min(limits[Stream.LABELS], holding_ms[Stream.FEATURES] - 2 * within)
    return limits
