"""The plans as the checkpoint keeps them: what `recompute` counts with, without any file of the daemon's machine."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

import msgspec

from driftwatch.alerts.messages import About
from driftwatch.evidence.budget import Budget
from driftwatch.monitor.plan import Choice, ModelPlan
from driftwatch.monitor.spec import ModelSpec
from driftwatch.references.codec import decode, encode

PLANS: Final = "plans"
"""The state that holds the hash of the plans in force; `plans/HASH` holds the plans themselves."""


class _Choice(msgspec.Struct, frozen=True, array_like=True):
    pattern: str
    reference: str | None
    """Hash."""
    learn_ms: int | None


class _Plan(msgspec.Struct, frozen=True):
    spec: str
    """The model's part of the configuration as JSON; secrets are no part of a model."""
    choices: list[_Choice]
    external_url: str
    configuration: str
    max_future_ms: int
    max_jump_ms: int
    budget: Budget | None = None
    sharers: int = 1


class Recorded(NamedTuple):
    """Plans as bytes, and the hash that names them in the journal."""

    hash: str
    data: bytes

    @property
    def states(self) -> dict[str, bytes]:
        """As the checkpoint keeps them."""
        return {PLANS: self.hash.encode(), f"{PLANS}/{self.hash}": self.data}


def record(plans: Iterable[ModelPlan]) -> Recorded:
    """The plans as configured; references only by their hashes."""
    data = msgspec.msgpack.encode([_recorded(plan) for plan in plans])
    return Recorded(hashlib.sha256(data).hexdigest()[:16], data)


def references_of(plans: Iterable[ModelPlan]) -> dict[str, bytes]:
    """The files of all references that plans name, by hash."""
    references = (choice.reference for plan in plans for choice in plan.choices)
    return {reference.hash: encode(reference) for reference in references if reference is not None}


def plans_of(data: bytes, references: Mapping[str, bytes]) -> list[ModelPlan]:
    """The plans again. Raises KeyError where a reference is not there, ReferenceFileError where one is damaged."""
    return [_plan(plan, references) for plan in msgspec.msgpack.decode(data, type=list[_Plan])]


def _recorded(plan: ModelPlan) -> _Plan:
    return _Plan(
        spec=plan.spec.model_dump_json(exclude_defaults=True),
        choices=[
            _Choice(c.pattern, c.reference.hash if c.reference else None, c.learn_ms) for c in plan.choices
        ],
        external_url=plan.about.external_url,
        configuration=plan.about.configuration,
        max_future_ms=plan.max_future_ms,
        max_jump_ms=plan.max_jump_ms,
        budget=plan.budget,
        sharers=plan.sharers,
    )


def _plan(plan: _Plan, references: Mapping[str, bytes]) -> ModelPlan:
    return ModelPlan(
        spec=ModelSpec.model_validate_json(plan.spec),
        choices=tuple(
            Choice(c.pattern, decode(references[c.reference]) if c.reference else None, c.learn_ms)
            for c in plan.choices
        ),
        about=About(plan.external_url, plan.configuration),
        max_future_ms=plan.max_future_ms,
        max_jump_ms=plan.max_jump_ms,
        budget=plan.budget,
        sharers=plan.sharers,
    )
