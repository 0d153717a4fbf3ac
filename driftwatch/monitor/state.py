"""What the checkpoint holds of one model, and whether it still means the same under the configuration of today."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from driftwatch.errors import StateError
from driftwatch.events.classes import Stream
from driftwatch.events.joins import SLICE_COLUMNS_MAX
from driftwatch.events.order import BEFORE_ALL, PartitionOrder
from driftwatch.events.times import format_duration
from driftwatch.monitor.changes import Saved
from driftwatch.monitor.counting import ALL_IDS
from driftwatch.monitor.learning import LearningState
from driftwatch.monitor.plan import ModelPlan
from driftwatch.references.reference import Reference
from driftwatch.summaries.layout import DECISION, SCORE

S = TypeVar("S", bound=msgspec.Struct)


class StreamState(msgspec.Struct):
    """What the checkpoint holds of one stream."""

    orders: dict[int, PartitionOrder]
    frontier_ms: int
    released_ms: int
    reached_ms: int = BEFORE_ALL
    """The greatest event time that was taken: later panes hold only records from later offsets (E14)."""


class ModelState(msgspec.Struct):
    """What the checkpoint holds of one model, beside versions, decisions, panes and join rows."""

    streams: dict[Stream, StreamState] = {}
    tally: dict[Stream, dict[int, list[int]]] = {}
    versions: list[tuple[str, str]] = []
    """(version, layout) by the small number that join rows carry; no layout while a version was being learned."""
    columns: list[str] = []
    """Slice columns by their place in join rows."""
    scored: list[list[str]] = []
    """Lists of fields of the classes' own scores for which join rows may be held."""
    values: dict[str, list[str]] = {}
    limit: int = ALL_IDS
    learned: dict[str, str] = {}
    """Hash of the learned reference by version."""
    accepted: dict[str, tuple[str, str]] = {}
    """By version: hash of the reference that it would be compared with, and of the one accepted in its place."""
    learning: dict[str, LearningState] = {}
    generation_ms: int | None = None
    counted_with: dict[str, str] = {}


def check(plan: ModelPlan, state: ModelState, *, inputs_wait: bool = False) -> None:
    """StateError where the state means something else under this plan: it would be counted on wrongly (E9).

    Other features are another layout, which is what a reload is for; but events that wait are kept in the columns
    of the plan that read them.
    """
    if len(plan.slice_columns) > SLICE_COLUMNS_MAX:
        raise StateError(
            f"model {plan.name!r}: it was counted by {', '.join(state.columns)}; with the new slice columns there are more "
            f"than {SLICE_COLUMNS_MAX}: use fewer new ones, or start with an empty state directory"
        )
    for reference in plan.draining:
        if dropped := _unread(plan, reference):
            raise StateError(
                f"model {plan.name!r}: {', '.join(dropped)} can no longer be read, and what was counted with them still drains; "
                "keep them declared until their last labels are decided, or start with an empty state directory"
            )
    for key, now in plan.counted_with.items():
        if key == "features" and not inputs_wait:
            continue
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


def _unread(plan: ModelPlan, reference: Reference) -> list[str]:
    """Features of a reference that the plan's decoders do not read."""
    missing: list[str] = []
    for part in reference.layout.parts:
        if part.stream is Stream.LABELS or part.stream not in plan.streams:
            continue
        reading = plan.streams[part.stream].reading
        read = {SCORE, DECISION, *reading.number_names, *reading.text_names}
        missing += [field.name for field in part.own if field.name not in read]
    return missing


def load(saved: Saved, key: str, kind: type[S]) -> S:
    """A small state of the last commit; a new one where there is none."""
    return msgspec.msgpack.decode(saved.states[key], type=kind) if key in saved.states else kind()
