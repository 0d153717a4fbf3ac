"""Where a recomputation can begin when the first records are gone, and from when on what it finds is provable (E14)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Final

import msgspec

from driftwatch.errors import SourceError, StateError
from driftwatch.events.classes import Stream
from driftwatch.events.order import AFTER_ALL
from driftwatch.events.records import Partition
from driftwatch.monitor.changes import Entry, Journaled, Saved
from driftwatch.monitor.plan import ModelPlan
from driftwatch.monitor.recorded import PLANS, plans_of
from driftwatch.monitor.savepoints import Savepoint
from driftwatch.monitor.state import ModelState
from driftwatch.recompute.steps import partition_of


@dataclass(frozen=True, slots=True)
class Horizon:
    """From which event time on a model's numbers rest on records that are still there alone."""

    inputs_ms: int
    labels_ms: int
    width_ms: int
    """Of a base pane."""
    sizes_ms: Mapping[str, int]
    """By window."""

    def of(self, stream: Stream) -> int:
        """The event time from which on panes of a stream are provable."""
        return self.labels_ms if stream is Stream.LABELS else self.inputs_ms

    def begins(self, state: ModelState) -> bool:
        """Whether alerts can begin where a model stood so: every window to come lies behind the horizon."""
        longest_ms = max(self.sizes_ms.values(), default=0)
        return all(at.released_ms - longest_ms >= self.of(stream) for stream, at in state.streams.items())


@dataclass(frozen=True, slots=True)
class Beginning:
    """The commit after which a recomputation begins."""

    sequence: int = 0
    """Number of the commit; 0 before the first one, where counting itself began."""
    number: int = 0
    """Number of its journal row."""
    states: Mapping[str, bytes] = field(default_factory=dict[str, bytes])
    offsets: Mapping[Partition, int] = field(default_factory=dict[Partition, int])
    """Where it had read each partition to."""
    first: Mapping[Partition, int] = field(default_factory=dict[Partition, int])
    """Where each partition is read from, those that came later included."""
    horizons: Mapping[str, Horizon] = field(default_factory=dict[str, Horizon])
    """By model; none where everything can be counted again."""


WHOLE: Final = 1
"""Number of the row with which a whole journal begins."""


def first_offsets(journal: Sequence[Journaled]) -> dict[Partition, int]:
    """Where counting began in every partition whose start the journal names."""
    found: dict[Partition, int] = {}
    for _, _, row in journal:
        if row.kind == Entry.START:
            found.setdefault(partition_of(row), int(row.details["first"]))
    return found


def beginning(live: Saved, journal: Sequence[Journaled], earliest: Mapping[Partition, int]) -> Beginning:
    """The earliest commit after which every record is still there: where counting began, or else a savepoint.

    `earliest`: the first offset that each partition still has. Raises StateError or SourceError where none is left.
    """
    whole = not journal or journal[0].number == WHOLE
    candidates = [Beginning(first=first_offsets(journal))] if whole else []
    for found in chain(candidates, _savepoints(live, journal)):
        if all(earliest.get(p, 0) <= at or at >= live.offsets.get(p, at) for p, at in found.first.items()):
            return found
    if not whole:
        raise StateError(
            "the oldest rows of the journal are gone: it no longer says how counting began, and there is no later savepoint"
        )
    raise SourceError(_gone(candidates[0].first, earliest))


def _gone(first: Mapping[Partition, int], earliest: Mapping[Partition, int]) -> str:
    partition, at = next((p, at) for p, at in sorted(first.items()) if earliest.get(p, 0) > at)
    return (
        f"{partition.topic}-{partition.number}: counting began at offset {at}, and the topic's first record is now "
        f"{earliest[partition]}, later than every savepoint: what is gone cannot be checked; "
        "keep a topic as long as it is to be provable"
    )


def _savepoints(live: Saved, journal: Sequence[Journaled]) -> Iterator[Beginning]:
    """Those that are still stored, the earliest first; one at which a reference was being learned begins nothing, for
    what was learned from is not kept.
    """
    for number, sequence, row in journal:
        if row.kind != Entry.SAVEPOINT or (data := live.states.get(row.details["name"])) is None:
            continue
        kept = Savepoint.decoded(data)
        if any(state.learning for state in model_states(kept.states).values()):
            continue
        later = [entry for entry in journal if entry.number > number]
        first = kept.positions | {p: at for p, at in first_offsets(later).items() if p not in kept.positions}
        yield Beginning(
            sequence, number, kept.states, kept.positions, first, _horizons(live, kept.states, later)
        )


def model_states(states: Mapping[str, bytes]) -> dict[str, ModelState]:
    """The state of each model among the states of a checkpoint or savepoint."""
    return {
        name.removesuffix("/model"): msgspec.msgpack.decode(data, type=ModelState)
        for name, data in states.items()
        if name.endswith("/model")
    }


def _horizons(live: Saved, states: Mapping[str, bytes], later: Sequence[Journaled]) -> dict[str, Horizon]:
    """Of the models that had counted something by then, under every configuration that was in force since."""
    hashes = [
        states[PLANS].decode(),
        *(row.details["hash"] for _, _, row in later if row.kind == Entry.PLANS),
    ]
    plans = [
        p for name in dict.fromkeys(hashes) for p in plans_of(live.states[f"{PLANS}/{name}"], live.references)
    ]
    found: dict[str, Horizon] = {}
    for model, state in model_states(states).items():
        of = [plan for plan in plans if plan.name == model]
        found[model] = horizon(state, of) if of else _NEVER
    return found


_NEVER: Final = Horizon(AFTER_ALL, AFTER_ALL, 1, {})
"""Of a model that the configuration does not have any more: it is not counted on."""


def horizon(state: ModelState, plans: Sequence[ModelPlan]) -> Horizon:
    """What is provable of a model that is counted on from this state with neither panes nor join rows (E14).

    No event that was taken by then lies above `reached`. A repetition of one lies at most one generation above its
    own (E3), so from the second generation on nothing repeats what is not known. What joins does so within
    ± `join_within`; a label needs its prediction, at most `max_delay` before it, with all that joined that.
    """
    reached_ms = max((at.reached_ms for at in state.streams.values()), default=0)
    generation_ms = state.generation_ms or plans[0].generation_ms
    known_ms = (reached_ms // generation_ms + 2) * generation_ms
    inputs_ms = known_ms + max(plan.spec.join_within for plan in plans)
    return Horizon(
        inputs_ms=inputs_ms,
        labels_ms=inputs_ms + max(plan.max_delay_ms for plan in plans),
        width_ms=min(window.slide_ms for window in plans[0].windows),
        sizes_ms={window.name: window.size_ms for window in plans[0].windows},
    )
