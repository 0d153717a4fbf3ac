"""A rule ready to be judged: its condition, and the slices and fields of one layout and window that it looks at."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from driftwatch.drift.spec import StatisticsSpec
from driftwatch.drift.statistic import Kind
from driftwatch.events.classes import Stream
from driftwatch.summaries.layout import Layout
from driftwatch.summaries.patterns import matching
from driftwatch.verdicts.condition import Condition
from driftwatch.verdicts.spec import RuleSpec, Severity


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """One rule bound to a layout, stream and window; made once per version and kept."""

    name: str
    condition: Condition
    stream: Stream
    window: str
    fields: tuple[str, ...]
    """Fields of the statistic's estimate, in its order."""
    slices: tuple[str, ...]
    mask: NDArray[np.bool_]
    """bool[slices, fields]: where the rule looks."""
    clear: float
    """A member recovers at or beyond this value."""
    clear_for: int
    min_events: int
    severity: Severity
    kind: Kind
    retrain: bool
    fingerprint: str
    """Changes with everything that makes an old state meaningless: its limits, patterns, layout, window."""

    @classmethod
    def bind(
        cls,
        spec: RuleSpec,
        layout: Layout,
        stream: Stream,
        window: str,
        settings: StatisticsSpec | None = None,
    ) -> Rule | None:
        """The rule for one stream and window; None where it has nothing to look at there.

        Raises ValueError where the rule's text is wrong.
        """
        condition = Condition.parse(spec.when)
        part, statistic = layout.part(stream), condition.statistic
        if part is None or not statistic.applies(layout, part) or not all(matching(spec.windows, [window])):
            return None
        fields, slices = statistic.fields(part), layout.slices.rows
        looked = matching(spec.features, fields)
        mask = np.outer(matching(spec.slices, slices), looked).astype(np.bool_)
        if not mask.any():
            return None
        settings = settings or StatisticsSpec()
        kind = statistic.kind_of(tuple(f for f, look in zip(fields, looked, strict=True) if look))
        clear = condition.limit if spec.clear is None else spec.clear
        return cls(
            name=spec.name,
            condition=condition,
            stream=stream,
            window=window,
            fields=fields,
            slices=slices,
            mask=mask,
            clear=clear,
            clear_for=spec.clear_for,
            min_events=settings.min_events if spec.min_events is None else spec.min_events,
            severity=spec.severity,
            kind=kind,
            retrain=kind is not Kind.ESTIMATE
            and (kind.rests_on_labels if spec.retrain is None else spec.retrain),
            fingerprint=_fingerprint(spec, clear, layout.hash, stream, window),
        )


def bind_all(
    specs: list[RuleSpec],
    layout: Layout,
    stream: Stream,
    window: str,
    settings: StatisticsSpec | None = None,
) -> tuple[Rule, ...]:
    """The rules that have something to look at in this stream and window, in their order."""
    bound = (Rule.bind(spec, layout, stream, window, settings) for spec in specs)
    return tuple(rule for rule in bound if rule is not None)


def _fingerprint(spec: RuleSpec, clear: float, layout: str, stream: Stream, window: str) -> str:
    """Only of what gives a state its meaning: another severity or hold time carries on with the old one."""
    parts = (spec.when, clear, spec.features, spec.slices, layout, stream.value, window)
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]
