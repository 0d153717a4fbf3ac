"""A failing case made small: steps and records are taken out as long as it still fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from tests.scenarios.case import Case, Read

Fails = Callable[[Case], bool]


def shrink(case: Case, fails: Fails) -> Case:
    """The smallest case that greedy removal finds; `fails(case)` holds."""
    smaller: Case | None = case
    while smaller is not None:
        case = smaller
        smaller = next((c for c in _smaller(case) if fails(c)), None)
    return case


def _smaller(case: Case) -> Iterator[Case]:
    """Cases with something taken out, the largest pieces first."""
    size = max(len(case.steps), case.records)
    while size > 0:
        for first in range(1, len(case.steps), size):  # the first step says what there is
            yield replace(case, steps=case.steps[:first] + case.steps[first + size :])
        for partition, lines in case.logs.items():
            for first in range(0, len(lines), size):
                kept = [*lines[:first], *lines[first + size :]]
                yield replace(case, logs={**case.logs, partition: kept})
        size //= 2
    for place, step in enumerate(case.steps):
        if isinstance(step, Read) and step.wall_ms is not None:
            yield replace(
                case, steps=(*case.steps[:place], replace(step, wall_ms=None), *case.steps[place + 1 :])
            )
    if case.finish:
        yield replace(case, finish=False)


def show(case: Case) -> str:
    """A case as a person reads it: logs, then steps."""
    lines = [f"seed {case.seed}, world {case.world!r}, blocks of {case.block}, finish {case.finish}"]
    for partition, log in case.logs.items():
        lines += [
            f"  {partition.topic}-{partition.number} @{r.offset} stamp {r.stamp_ms} {r.value!r}" for r in log
        ]
    lines += [f"  {step}" for step in case.steps]
    return "\n".join(lines)
