"""Readings made by hand: a layout with three slices and two fields, and numbers for one statistic."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from driftwatch.drift.reading import Estimate, Reading
from driftwatch.events.classes import Stream
from driftwatch.summaries.layout import Layout, Part, Task
from driftwatch.verdicts.rule import Rule
from driftwatch.verdicts.spec import RuleSpec
from tests.drift import counting as c

MINUTE_MS = 60_000
FIELDS = (c.categorical("age", 0, "ab"), c.categorical("score", 5, "ab"))
INPUTS = c.fields_part(*FIELDS)
LABELS = c.labels_part(confusion=(2, 2), quality=(3,))


def layout(rows: int = 3, *parts: Part) -> Layout:
    """Rows `all`, `s=v0`…, `s=__other__`, `s=__unknown__`."""
    return c.layout(Task.BINARY, *(parts or (INPUTS, LABELS)), rows=rows)


def rule(when: str, stream: Stream = Stream.PREDICTIONS, rows: int = 3, **more: object) -> Rule:
    spec = RuleSpec.model_validate({"name": "r", "when": when, "slices": ["*"], "min_events": 10, **more})
    bound = Rule.bind(spec, layout(rows), stream, "1h")
    assert bound is not None
    return bound


def reading(
    of: Rule,
    values: Sequence[Sequence[float]] | np.ndarray,
    minute: int = 1,
    counts: Sequence[Sequence[int]] | np.ndarray | None = None,
    half: float = 0.0,
) -> Reading:
    """Values [slices, fields] of the rule's statistic, each with ± half as its interval."""
    value = np.array(values, np.float64)
    count = np.full(value.shape, 100) if counts is None else np.array(counts)
    estimate = Estimate(of.fields, value, value - half, value + half, count)
    return Reading(
        "credit", "v1", of.stream, "1h", 0, minute * MINUTE_MS, layout(len(value)), "ref", count[:, 0],
        {of.condition.statistic.name: estimate},
    )  # fmt: skip
