"""The live versions of a model: which are admitted, in which layouts they are counted, and when one has ended (E9, E11)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from driftwatch.errors import StateError
from driftwatch.events.classes import RecordClass, Stream
from driftwatch.events.order import BEFORE_ALL
from driftwatch.facts import Fact, VersionSeen
from driftwatch.monitor.changes import PaneKey, Saved
from driftwatch.monitor.judging import Judging
from driftwatch.monitor.learning import Learning, LearningState
from driftwatch.monitor.plan import ModelPlan
from driftwatch.monitor.values import SliceValues
from driftwatch.monitor.version import Ints, Version, VersionState, encoded
from driftwatch.references.reference import Reference

LIVE_MAX: Final = 4
"""Versions that are watched at the same time."""
DRAINING_MAX: Final = 4
"""Layouts that are still counted in after others took their place: live layouts are limited (E9)."""
NAME_MAX: Final = 200
REFUSED_MAX: Final = 100
"""Unknown versions that are told of; what the data holds must not grow memory."""
NO_LAYOUT: Final = ""


class Versions:
    """Versions by name; `names` gives each (version, layout) a small number for join rows and only grows."""

    def __init__(self, plan: ModelPlan, values: SliceValues, names: list[tuple[str, str]]) -> None:
        self.names = names
        self.live: dict[str, Version] = {}
        """By name, each in the layout in which it is judged."""
        self.drained: list[Version] = []
        """Layouts that others have replaced, while events or labels can still count in them (E9)."""
        self.judging: dict[str, Judging] = {}
        self._facts: list[Fact] = []
        self._dropped: dict[PaneKey, Ints | None] = {}
        self.learning: dict[str, Learning] = {}
        self.learned_hashes: dict[str, str] = {}
        self.accepted: dict[str, tuple[str, str]] = {}
        """As `ModelState.accepted`."""
        self._plan, self._values = plan, values
        for choice in plan.choices:  # not only when a version is seen: features may come before it
            if choice.reference is not None:
                values.learn(choice.reference.layout.slices)
        self._refused: set[str] = set()
        self._admitted: list[str] = []
        self.admissible: frozenset[str] | None = None
        """`recompute`: the versions that the journal admits before the next commit; None: whoever comes first."""

    @property
    def all(self) -> list[Version]:
        """Every layout of every version in which something can still be counted, by name, the oldest first."""
        return sorted([*self.live.values(), *self.drained], key=lambda v: (v.name, v.state.starts_ms))

    def restore(self, states: list[VersionState], saved: Saved) -> list[str]:
        """Take up the versions of the checkpoint; answers those whose layout the configuration has replaced (E9).

        StateError where a reference that was counted with is gone, or too many layouts would be live.
        """
        replaced: list[str] = []
        for state in states:
            chosen = self._chosen(state.name)
            same = chosen is not None and chosen.layout.hash == state.layout
            if same and not state.draining:
                assert chosen is not None
                self._admit(state, chosen).load(saved.panes)
                self.judging[state.name].restore()
                continue
            version = self._counted_in(state, self._stored(state, saved))
            self.drained.append(version)
            version.load(saved.panes)
            if not version.draining:
                replaced.append(state.name)
                self._replace(version, chosen)
        self._check_layouts()
        return replaced

    def _chosen(self, name: str) -> Reference | None:
        choice = self._plan.choice(name)
        return choice.reference if choice else None

    def _stored(self, state: VersionState, saved: Saved) -> Reference:
        found = next((r for r in self._plan.draining if r.hash == state.reference), None)
        if found is None:
            raise StateError(
                f"model {self._plan.name!r}, version {state.name!r}: the state was counted with another reference or "
                "layout, and holds no copy of it; give back that reference, or start with an empty state directory"
            )
        return found

    def _replace(self, old: Version, reference: Reference | None) -> None:
        """From the first pane after everything counted on, the version is counted in another layout, or no more."""
        starts_ms = old.next_pane_ms()
        if (
            starts_ms == BEFORE_ALL
        ):  # no event was ever counted in it: the new one takes over its place in time
            starts_ms = old.state.starts_ms
            if all(series.empty for series in old.series.values()):  # nor a label of an earlier life
                self.drained.remove(old)
        old.state.ends_ms = starts_ms
        if reference is not None:
            state = VersionState(name=old.name, layout=NO_LAYOUT, reference="", starts_ms=starts_ms)
            self._admit(state, reference)

    def _check_layouts(self) -> None:
        counted = [(version.name, version.layout.hash) for version in self.all]
        again = sorted({name for name, layout in counted if counted.count((name, layout)) > 1})
        if again or len(self.drained) > DRAINING_MAX:
            why = (
                f"the layout of version {again[0]!r} that it goes back to"
                if again
                else f"{DRAINING_MAX} layouts"
            )
            raise StateError(
                f"model {self._plan.name!r}: {why} still drain; wait until their last labels are decided, "
                "or start with an empty state directory"
            )

    def find(self, name: str, *, learn: bool = True) -> Version | RecordClass:
        """The version of this name, admitted at first sight, or the class of its records.

        With `learn` false a version without reference does not begin to be learned: labels teach nothing.
        """
        if (version := self.live.get(name)) is not None:
            return version
        if name in self.learning:
            return RecordClass.LEARNING
        choice = self._plan.choice(name)
        if choice is None or not self._may_come(name) or self._drains(name, choice.reference):
            self._refuse(name)
            return RecordClass.UNKNOWN_VERSION
        if choice.reference is None and not learn:
            return RecordClass.UNKNOWN_VERSION
        self._admitted.append(name)
        if choice.reference is not None:
            # one that ended and is back goes on where a layout that still drains leaves off: no time has two layouts
            starts_ms = max((v.state.ends_ms for v in self.drained if v.name == name), default=BEFORE_ALL)
            state = VersionState(name=name, layout=NO_LAYOUT, reference="", starts_ms=starts_ms)
            return self._admit(state, choice.reference)
        self.learning[name] = Learning(self._plan, name, LearningState(), {})
        self._facts.append(VersionSeen(self._plan.name, name, known=True))
        return RecordClass.LEARNING

    def of(self, number: int) -> Version | RecordClass:
        """The layout in which a prediction was counted, by its number; or the class of its labels."""
        name, layout = self.names[number]
        if layout != NO_LAYOUT:
            for version in self.drained:
                if (version.name, version.layout.hash) == (name, layout):
                    return version
        found = self.find(name, learn=False)
        if isinstance(found, Version) and layout != found.layout.hash:
            return RecordClass.LEARNING if layout == NO_LAYOUT else RecordClass.UNKNOWN_VERSION
        return found

    def split(self, name: str, times_ms: Ints) -> Iterator[tuple[Version | RecordClass, Ints]]:
        """N events of a version by the layout in which each is counted, or by its class: (which, positions)."""
        found = self.find(name)
        left = np.ones(len(times_ms), np.bool_)
        of_this = [version for version in self.all if version.name == name]
        for version in of_this:
            here = left & version.holds(times_ms)  # nothing counts twice
            left &= ~here
            if here.any():
                yield version, np.flatnonzero(here)
        if left.any():
            rest = RecordClass.LEARNING if isinstance(found, Version) else found
            yield rest, np.flatnonzero(left)

    def _may_come(self, name: str) -> bool:
        """Whether there is room for one more; it only grows at commits, so between two the first four are in (E11)."""
        if self.admissible is not None and name not in self.admissible:
            return False
        return len(self.live) + len(self.learning) < LIVE_MAX and len(name) <= NAME_MAX

    def _drains(self, name: str, reference: Reference | None) -> bool:
        """Whether the layout that the version would be counted in still drains: it ended, and reloads went back to it.

        Two of one layout would share their panes; a reload that goes back to it while the version lives is refused.
        """
        return reference is not None and any(
            (old.name, old.layout.hash) == (name, reference.layout.hash) for old in self.drained
        )

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
        version = self._admit(VersionState(name=name, layout=NO_LAYOUT, reference=""), reference)
        series = version.series[Stream.PREDICTIONS]
        version.state.starts_ms = series.floor_ms(newest_ms, series.width_ms) + series.width_ms
        version.state.last_event_ms = newest_ms  # it lives on, though nothing is counted yet
        return version.state.starts_ms

    def accept(self, plan: ModelPlan, name: str, reference: Reference) -> None:
        """Compare a live version with another reference in its layout, under a plan that names it."""
        version = self.live[name]
        instead_of, _ = self.accepted.get(name, (version.reference.hash, ""))
        self.accepted[name] = instead_of, reference.hash
        version.reference, version.state.reference = reference, reference.hash
        version.state.rules.clear()
        self._plan = plan
        self.judging[name] = Judging(plan, version)

    def replan(self, plan: ModelPlan) -> None:
        """Count what another plan's decoders read."""
        self._plan = plan
        for version in self.all:
            version.replan(plan)

    def number(self, name: str, layout: str = NO_LAYOUT) -> int:
        """The small number of a version in a layout."""
        if (name, layout) not in self.names:
            self.names.append((name, layout))
        return self.names.index((name, layout))

    def _admit(self, state: VersionState, reference: Reference) -> Version:
        new = state.layout == NO_LAYOUT
        state.reference = reference.hash
        version = self._counted_in(state, reference)
        if new:
            self._facts.append(VersionSeen(self._plan.name, state.name, known=True))
        self.live[state.name] = version
        self.judging[state.name] = Judging(self._plan, version)
        return version

    def _counted_in(self, state: VersionState, reference: Reference) -> Version:
        """A version in a layout, not judged (yet)."""
        self._values.learn(reference.layout.slices)
        version = Version(self._plan, reference, state, self._values)
        state.layout = version.layout.hash
        self.number(state.name, state.layout)
        for other in self.all:
            other.translate()
        return version

    def ended(self, frontier_ms: int, expired_ms: int) -> list[Version]:
        """Versions that left every window, while a later one lives, and layouts that have drained; they are forgotten, in
        the order of their names: which was seen first is not known after a restart.
        """
        longest_ms = max(window.size_ms for window in self._plan.windows)
        newest = max((v.state.last_event_ms for v in self.live.values()), default=0)

        def over(version: Version) -> bool:
            if version.draining:
                return version.state.ends_ms <= min(frontier_ms, expired_ms)
            return version.state.last_event_ms < min(newest, frontier_ms - longest_ms)

        gone = [v for v in self.all if over(v) and all(series.empty for series in v.series.values())]
        self._forget(gone)
        return gone

    def end(self, named: frozenset[tuple[str, str]]) -> list[Version]:
        """End these (version, layout): the journal says that they had left every window (E14)."""
        gone = [v for v in self.all if (v.name, v.layout.hash) in named]
        self._forget(gone)
        return gone

    def _forget(self, gone: list[Version]) -> None:
        for version in gone:
            self._dropped |= version.changes()
            if version.draining:
                self.drained.remove(version)
            else:
                del self.live[version.name], self.judging[version.name]

    def take_dropped(self) -> dict[PaneKey, Ints | None]:
        """The last changes to panes of versions that ended since the last call."""
        dropped, self._dropped = self._dropped, {}
        return dropped

    def take_facts(self) -> list[Fact]:
        """Facts since the last call."""
        facts, self._facts = self._facts, []
        return facts

    def states(self) -> dict[str, bytes]:
        """What the checkpoint holds of each version and layout, by name."""
        return {f"{v.name}/{v.layout.hash}": encoded(v) for v in self.all}
