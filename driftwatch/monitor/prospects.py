"""What a model's evidence can find and how soon, told from its references before anything happens."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from driftwatch.events.classes import Stream
from driftwatch.evidence.budget import USUAL
from driftwatch.evidence.design import designs
from driftwatch.evidence.detector import Detector
from driftwatch.evidence.goals import Goal
from driftwatch.evidence.power import Power, Powers, Reach, Traffic
from driftwatch.monitor.plan import ModelPlan
from driftwatch.references.reference import Reference
from driftwatch.summaries.slices import ALL

CHANGE: Final = 0.05
"""Change of a share for which delays are told unless another is asked for."""


@dataclass(frozen=True, slots=True)
class Prospects:
    """One model version pattern: its streams, and the user's goals."""

    model: str
    pattern: str
    """Of versions; of a running one its name."""
    pane_ms: int
    watched: bool
    """Whether evidence alerts for this model."""
    change: float
    """Of a share, for which the delays of `powers` are told."""
    streams: int
    """All declared ones; `powers` may be those of some slices."""
    powers: tuple[Power, ...]
    goals: tuple[Reach, ...]
    notes: tuple[str, ...]
    """What the reference does not know, in words."""
    seen_ms: int = 0
    """The traffic is that of so much event time until the last closed pane; 0: it is the reference's."""


@dataclass(frozen=True, slots=True)
class Lately:
    """The traffic of a running version."""

    span_ms: int
    traffic: Mapping[Stream, Traffic]


def prospects(
    plan: ModelPlan, change: float = CHANGE, slices: tuple[str, ...] = (ALL,)
) -> Iterator[Prospects]:
    """One per version pattern that has a reference; `slices` empty: all."""
    for choice in plan.choices:
        if choice.reference is not None:
            yield _of(plan, choice.pattern, choice.reference, change, slices)


def _of(
    plan: ModelPlan, pattern: str, reference: Reference, change: float, slices: tuple[str, ...]
) -> Prospects:
    pane_ms = min(window.slide_ms for window in plan.windows)
    budget = plan.budget or USUAL
    detector = Detector(designs(reference, plan.spec.evidence), budget, pane_ms, plan.sharers)
    return prospects_of(detector, plan, pattern, reference, change, slices)


def prospects_of(
    detector: Detector,
    plan: ModelPlan,
    pattern: str,
    reference: Reference,
    change: float = CHANGE,
    slices: tuple[str, ...] = (ALL,),
    lately: Lately | None = None,
) -> Prospects:
    """What this detector, designed from the reference, can find: at the traffic of `lately`, or at the reference's."""
    pane_ms = detector.pane_ms
    traffic = {
        part.stream: Traffic(
            reference.totals[part.stream], max(reference.span_of(part.stream) / pane_ms, 1.0)
        )
        for part in reference.layout.parts
    }
    powers = Powers(detector, reference.layout.slices.rows, {**traffic, **(lately.traffic if lately else {})})
    return Prospects(
        model=plan.name,
        pattern=pattern,
        pane_ms=pane_ms,
        watched=plan.budget is not None and plan.spec.evidence.enabled,
        change=change,
        streams=sum(len(pool.members) for pool in detector.pools.values()),
        powers=tuple(powers.all(change, slices)),
        goals=tuple(powers.judge(Goal.parse(line)) for line in plan.spec.evidence.must_detect),
        notes=tuple(_notes(reference, detector, own_labels=plan.own_labels, seen=lately is not None)),
        seen_ms=lately.span_ms if lately else 0,
    )


def _notes(reference: Reference, detector: Detector, *, own_labels: bool, seen: bool) -> Iterator[str]:
    """`seen`: its traffic is known from lately."""
    learned = all(design.learned[0].all() for design in detector.designs)
    if not reference.span_ms:
        clumping = (
            "clumping is learned from the first closed panes"
            if learned
            else "clumping is assumed (correlation 0.02 inside panes) until the first day of live panes tells it"
        )
        yield (
            f"the reference has no event times: {clumping}"
            + ("" if seen else ", and nothing can be said of its traffic; delays are as if it were one pane")
        )
    elif not learned:
        yield "the reference has too few panes to learn clumping from: correlation 0.02 inside panes is assumed"
    ages = next((design for design in detector.designs if design.fields == ("label_delay",)), None)
    if ages is not None and not own_labels:
        known = detector.banks[detector.designs.index(ages)].observer.compare(reference.totals[ages.stream])
        if known.events[0, 0] and (known.hits[0] == known.events[0]).all():
            yield (
                "all labels of the reference are as young as can be: if live labels come later than that, "
                "errors and calibration are not compared; build the reference with label times"
            )
