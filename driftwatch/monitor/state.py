"""What the checkpoint holds of one model, and whether it still means the same under the configuration of today."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from driftwatch.errors import StateError
from driftwatch.events.classes import Stream
from driftwatch.events.order import BEFORE_ALL, PartitionOrder
from driftwatch.events.times import format_duration
from driftwatch.monitor.changes import Saved
from driftwatch.monitor.counting import ALL_IDS
from driftwatch.monitor.learning import LearningState
from driftwatch.monitor.plan import ModelPlan

S = TypeVar("S", bound=msgspec.Struct)


class StreamState(msgspec.Struct):
    """What the checkpoint holds of one stream."""

    orders: dict[int, PartitionOrder]
    frontier_ms: int
    released_ms: int


class ModelState(msgspec.Struct):
    """What the checkpoint holds of one model, beside versions, decisions, panes and join rows."""

    streams: dict[Stream, StreamState] = {}
    tally: dict[Stream, dict[int, list[int]]] = {}
    versions: list[str] = []
    values: dict[str, list[str]] = {}
    limit: int = ALL_IDS
    forgotten_ms: int = BEFORE_ALL
    """Below it partners and repetitions may have expired."""
    learned: dict[str, str] = {}
    """Hash of the learned reference by version."""
    learning: dict[str, LearningState] = {}
    generation_ms: int | None = None
    counted_with: dict[str, str] = {}


def check(plan: ModelPlan, state: ModelState) -> None:
    """StateError where the state means something else under this plan: it would be counted on wrongly (E9)."""
    for key, now in plan.counted_with.items():
        if (then := state.counted_with.get(key, now)) != now:
            raise StateError(
                f"model {plan.name!r}: the state was counted with `{key}`: {then}; now it is: {now}; "
                "give it back its old value, or start with an empty state directory"
            )
    if plan.generation_ms < plan.least_generation_ms:
        raise StateError(
            f"model {plan.name!r}: the state was written for a shorter `join_within` and `lateness`: at most "
            f"{format_duration(plan.generation_ms)}; shorten them, or start with an empty state directory"
        )


def load(saved: Saved, key: str, kind: type[S]) -> S:
    """A small state of the last commit; a new one where there is none."""
    return msgspec.msgpack.decode(saved.states[key], type=kind) if key in saved.states else kind()
