"""The picture of one model for the snapshot: values only, safe to hand to other threads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from driftwatch.monitor.partitions import Partitions
from driftwatch.monitor.snapshot import ModelView, VersionView
from driftwatch.verdicts.verdict import VERDICTS, Verdict, loudest

if TYPE_CHECKING:
    from driftwatch.monitor.model import ModelMonitor


def model_view(model: ModelMonitor, partitions: Partitions) -> ModelView:
    """Readings and arrays are never changed once made, so sharing them is safe."""
    counting = model.counting
    return ModelView(
        model=model.plan.name,
        task=model.plan.spec.task.value,
        versions={name: _version_view(model, name) for name in model.versions.live},
        alerts=model.decisions.alerts(),
        episodes=model.decisions.episodes(),
        classes={(stream, partitions.at(place), why): n for stream, place, why, n in model.tally.items()},
        frontiers_ms={stream: inflow.frontier_ms for stream, inflow in model.inflows.items()},
        waiting=sum(len(waiting) for waiting in model.waiting.values()),
        remembered=len(counting.predictions),
        sample=counting.limit / (2**63 - 1),
    )


def _version_view(model: ModelMonitor, name: str) -> VersionView:
    version, views = model.versions.live[name], tuple(model.versions.judging[name].views.values())
    said = {int(code) for view in views for code in set(view.verdicts.ravel().tolist()) if code >= 0}
    return VersionView(
        version=name,
        layout_hash=version.layout.hash,
        reference_hash=version.reference.hash,
        slices=version.layout.slices.rows,
        verdict=loudest(VERDICTS[code] for code in said) if said else Verdict.INSUFFICIENT,
        readings=dict(version.readings),
        rules=views,
        last_event_ms=version.state.last_event_ms,
    )
