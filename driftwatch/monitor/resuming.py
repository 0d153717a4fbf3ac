"""Under which plan a model goes on from a checkpoint: the configuration's, and what is still counted as before (E9)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import msgspec

from driftwatch.events.classes import Stream
from driftwatch.monitor.changes import Saved
from driftwatch.monitor.plan import ModelPlan
from driftwatch.monitor.state import ModelState
from driftwatch.monitor.version import VersionState
from driftwatch.references.codec import decode
from driftwatch.references.reference import Reference


def version_states(model: str, saved: Saved) -> list[VersionState]:
    """The versions and layouts of a model in the checkpoint, by version, the oldest layout first."""
    prefix = f"{model}/version/"
    stored = [
        msgspec.msgpack.decode(data, type=VersionState)
        for name, data in saved.states.items()
        if name.startswith(prefix)
    ]
    return sorted(stored, key=lambda state: (state.name, state.starts_ms))


def resumed(plan: ModelPlan, state: ModelState, versions: Sequence[VersionState], saved: Saved) -> ModelPlan:
    """The plan as configured, with references learned or accepted before, columns in their places, and layouts that drain."""
    for name, hash_ in state.learned.items():
        choice = plan.choice(name)
        if choice is not None and choice.learn_ms is not None:  # else the configuration names another by now
            plan = plan.with_reference(name, decode(saved.references[hash_]))
    for name, (instead_of, hash_) in state.accepted.items():
        if _reference(plan, name) == instead_of:  # else the configuration names another by now
            plan = plan.with_reference(name, decode(saved.references[hash_]))
    return replace(
        plan,
        stored_generation_ms=state.generation_ms,
        counted_columns=tuple(state.columns),
        draining=tuple(_draining(plan, versions, saved)),
    )


def still_accepted(plan: ModelPlan, state: ModelState) -> dict[str, tuple[str, str]]:
    """What the resumed plan has taken up of the references that were accepted."""
    return {name: hashes for name, hashes in state.accepted.items() if _reference(plan, name) == hashes[1]}


def _reference(plan: ModelPlan, version: str) -> str:
    choice = plan.choice(version)
    return choice.reference.hash if choice is not None and choice.reference is not None else ""


def _draining(plan: ModelPlan, versions: Sequence[VersionState], saved: Saved) -> list[Reference]:
    found: dict[str, Reference] = {}
    for state in versions:
        choice = plan.choice(state.name)
        chosen = choice.reference if choice else None
        replaced = state.draining or chosen is None or chosen.layout.hash != state.layout
        if replaced and state.reference in saved.references:
            found[state.reference] = decode(saved.references[state.reference])
    return list(found.values())


def inputs_wait(saved: Saved, model: str) -> bool:
    """Whether predictions or features wait in the checkpoint, in columns of the plan that read them."""
    prefixes = tuple(f"{model}/{stream}/" for stream in (Stream.PREDICTIONS, Stream.FEATURES))
    return any(name.startswith(prefixes) for name in saved.chunks)
