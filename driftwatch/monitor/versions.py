"""The live versions of a model: which are admitted, with which reference, and when one has ended (E11)."""

from __future__ import annotations

from typing import Final

import msgspec

from driftwatch.errors import StateError
from driftwatch.events.classes import RecordClass, Stream
from driftwatch.facts import Fact, VersionSeen
from driftwatch.monitor.changes import PaneKey, Saved
from driftwatch.monitor.judging import Judging
from driftwatch.monitor.learning import Learning, LearningState
from driftwatch.monitor.plan import ModelPlan
from driftwatch.monitor.values import SliceValues
from driftwatch.monitor.version import Ints, Version, VersionState
from driftwatch.references.reference import Reference

LIVE_MAX: Final = 4
"""Versions that are watched at the same time."""
NAME_MAX: Final = 200
REFUSED_MAX: Final = 100
"""Unknown versions that are told of; what the data holds must not grow memory."""


class Versions:
    """Versions by name; `names` gives each a small number for join rows and only grows."""

    def __init__(self, plan: ModelPlan, values: SliceValues, names: list[str]) -> None:
        self.names = names
        self.live: dict[str, Version] = {}
        self.judging: dict[str, Judging] = {}
        self._facts: list[Fact] = []
        self._dropped: dict[PaneKey, Ints | None] = {}
        self.learning: dict[str, Learning] = {}
        self.learned_hashes: dict[str, str] = {}
        self._plan, self._values = plan, values
        for choice in plan.choices:  # not only when a version is seen: features may come before it
            if choice.reference is not None:
                values.learn(choice.reference.layout.slices)
        self._refused: set[str] = set()
        self._admitted: list[str] = []
        self.admissible: frozenset[str] | None = None
        """`recompute`: the versions that the journal admits before the next commit; None: whoever comes first."""

    def restore(self, states: list[VersionState], saved: Saved) -> None:
        """Take up the versions of the checkpoint; StateError where a reference is no longer the one counted with."""
        for state in states:
            choice = self._plan.choice(state.name)
            reference = choice.reference if choice else None
            if reference is None or reference.layout.hash != state.layout:
                raise StateError(
                    f"model {self._plan.name!r}, version {state.name!r}: the state was counted with another reference or "
                    "layout; give back that reference, or start with an empty state directory"
                )
            self._admit(state, reference).load(saved.panes)

    def find(self, name: str, *, learn: bool = True) -> Version | RecordClass:
        """The version of this name, admitted at first sight, or the class of its records.

        With `learn` false a version without reference does not begin to be learned: labels teach nothing.
        """
        if (version := self.live.get(name)) is not None:
            return version
        if name in self.learning:
            return RecordClass.LEARNING
        choice = self._plan.choice(name)
        if choice is None or not self._may_come(name):
            self._refuse(name)
            return RecordClass.UNKNOWN_VERSION
        if choice.reference is None and not learn:
            return RecordClass.UNKNOWN_VERSION
        self._admitted.append(name)
        if choice.reference is not None:
            return self._admit(VersionState(name=name, layout="", reference=""), choice.reference)
        self.learning[name] = Learning(self._plan, name, LearningState(), {})
        self._facts.append(VersionSeen(self._plan.name, name, known=True))
        return RecordClass.LEARNING

    def _may_come(self, name: str) -> bool:
        """Whether there is room for one more; it only grows at commits, so between two the first four are in (E11)."""
        if self.admissible is not None and name not in self.admissible:
            return False
        return len(self.live) + len(self.learning) < LIVE_MAX and len(name) <= NAME_MAX

    def take_admitted(self) -> list[str]:
        """Versions admitted since the last call, by name: which of two came first in one interval says nothing."""
        admitted, self._admitted = sorted(self._admitted), []
        return admitted

    def _refuse(self, name: str) -> None:
        if name not in self._refused and len(self._refused) < REFUSED_MAX:
            self._refused.add(name)
            self._facts.append(VersionSeen(self._plan.name, name[:NAME_MAX], known=False))

    def learned(self, name: str, reference: Reference, newest_ms: int) -> int:
        """A reference was learned: the version is counted from the first pane after everything seen; answers when."""
        del self.learning[name]
        self.learned_hashes[name] = reference.hash
        version = self._admit(VersionState(name=name, layout="", reference=""), reference)
        width_ms = version.series[Stream.PREDICTIONS].width_ms
        version.state.starts_ms = version.series[Stream.PREDICTIONS].floor_ms(newest_ms, width_ms) + width_ms
        return version.state.starts_ms

    def replan(self, plan: ModelPlan) -> None:
        """Count what another plan's decoders read."""
        self._plan = plan
        for version in self.live.values():
            version.replan(plan)

    def number(self, name: str) -> int:
        """The small number of a version's name."""
        if name not in self.names:
            self.names.append(name)
        return self.names.index(name)

    def _admit(self, state: VersionState, reference: Reference) -> Version:
        self._values.learn(reference.layout.slices)
        new = not state.layout
        version = Version(self._plan, reference, state, self._values)
        if new:
            state.layout, state.reference = version.layout.hash, reference.hash
            self._facts.append(VersionSeen(self._plan.name, state.name, known=True))
        self.number(state.name)
        self.live[state.name] = version
        self.judging[state.name] = Judging(self._plan, version)
        for other in self.live.values():
            other.translate()
        return version

    def ended(self, frontier_ms: int) -> list[str]:
        """Versions that left every window, while a later one lives; they are forgotten, in the order of their names:
        which was seen first is not known after a restart.
        """
        longest_ms = max(window.size_ms for window in self._plan.windows)
        newest = max((v.state.last_event_ms for v in self.live.values()), default=0)
        gone = [
            name
            for name, version in sorted(self.live.items())
            if version.state.last_event_ms < min(newest, frontier_ms - longest_ms)
            and all(series.empty for series in version.series.values())
        ]
        for name in gone:
            version = self.live.pop(name)
            self._dropped |= version.changes()
            del self.judging[name]
        return gone

    def take_dropped(self) -> dict[PaneKey, Ints | None]:
        """The last changes to panes of versions that ended since the last call."""
        dropped, self._dropped = self._dropped, {}
        return dropped

    def take_facts(self) -> list[Fact]:
        """Facts since the last call."""
        facts, self._facts = self._facts, []
        return facts

    def states(self) -> dict[str, bytes]:
        """What the checkpoint holds of each live version, by name."""
        return {name: msgspec.msgpack.encode(version.saved()) for name, version in self.live.items()}
