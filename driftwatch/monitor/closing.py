"""Panes close in the order (pane end; inputs before performance); what ends with them is read, judged and decided (E1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from heapq import merge
from itertools import groupby
from typing import Any, Final, NamedTuple

from driftwatch.drift.reading import Reading
from driftwatch.events.classes import Stream
from driftwatch.facts import Fact, PaneClosed, VersionEstablished, WindowRead
from driftwatch.monitor.decisions import Decisions
from driftwatch.monitor.digest import digest
from driftwatch.monitor.history import History, HistoryState
from driftwatch.monitor.inspecting import Inspecting
from driftwatch.monitor.plan import ModelPlan
from driftwatch.monitor.snapshot import RuleView
from driftwatch.monitor.version import Version
from driftwatch.monitor.versions import Versions
from driftwatch.monitor.view import verdict_of
from driftwatch.monitor.watching import Watching
from driftwatch.summaries.layout import Part
from driftwatch.summaries.totals import events_of
from driftwatch.verdicts.verdict import Judgement, loudest
from driftwatch.windows.series import ClosedPane

ESTABLISHED: Final = 100
"""Events in one closed pane that establish a version (E11)."""


class _Step(NamedTuple):
    end_ms: int
    rank: int
    version: Version
    part: Part
    closed: ClosedPane


class Closing:
    """Closes what is decided, over all versions of one model."""

    def __init__(
        self,
        plan: ModelPlan,
        versions: Versions,
        decisions: Decisions,
        watching: Watching | None = None,
        inspecting: Inspecting | None = None,
        history: History | None = None,
        *,
        keep_readings: bool,
    ) -> None:
        self._model = plan.name
        self._windows = frozenset(window.name for window in plan.windows)
        self._versions, self._decisions = versions, decisions
        self._watching = watching or Watching(plan, {})
        self._inspecting = inspecting
        self._history = history or History(HistoryState())
        self._keep_readings = keep_readings
        self._readings: list[tuple[Reading, tuple[RuleView, ...]]] = []
        self._digests: list[list[Any]] = []

    def close(self, limits: Mapping[Stream, int]) -> list[Fact]:
        """Close everything that ends at or before the streams' limits; window by window, decision by decision."""
        facts: list[Fact] = []
        steps = merge(*self._panes(limits), key=lambda step: (step.end_ms, step.rank))
        for end_ms, group in groupby(steps, key=lambda step: step.end_ms):
            judgements: list[Judgement] = []
            read: dict[str, Version] = {}
            for step in group:
                judgements += self._read(step, facts)
                if not step.version.draining:
                    read[step.version.name] = step.version
            versions = {name: version.reference.hash for name, version in self._versions.live.items()}
            self._decisions.step(judgements, versions, end_ms)
            for name in read:
                self._note(name, end_ms)
        return facts

    def _note(self, version: str, end_ms: int) -> None:
        """Remember what is said of a version now, from what the checkpoint holds alone: a restart must change nothing."""
        evidence = self._watching.views.get(version, ())
        quality = self._inspecting.views(version) if self._inspecting is not None else ()
        verdict = loudest(
            [
                verdict_of((), evidence, quality, self._decisions.state.late.verdict),
                *self._history.said(version, self._windows),
            ]
        )
        self._history.judged(version, end_ms, verdict, evidence)

    def take_digests(self) -> list[list[Any]]:
        """[version, stream, layout, end in ms, digest of the pane, digest by window] of what closed since the last call."""
        digests, self._digests = self._digests, []
        return digests

    def take_readings(self) -> list[tuple[Reading, tuple[RuleView, ...]]]:
        """Readings since the last call with what the rules said of them; nothing unless they are kept."""
        readings, self._readings = self._readings, []
        return readings

    def _panes(self, limits: Mapping[Stream, int]) -> list[Iterator[_Step]]:
        def panes(version: Version, part: Part) -> Iterator[_Step]:
            rank = int(part.stream is Stream.LABELS)
            for closed in version.series[part.stream].close(limits[part.stream]):
                yield _Step(closed.end_ms, rank, version, part, closed)

        return [
            panes(version, part)
            for version in self._versions.all
            for part in version.layout.parts
            if part.stream in limits
        ]

    def _read(self, step: _Step, facts: list[Fact]) -> list[Judgement]:
        version, part, closed = step.version, step.part, step.closed
        name, stream = version.name, part.stream
        events = int(events_of(part, closed.pane)[0]) if closed.pane is not None else 0
        sums = {window.name: digest(total) for window, total in closed.windows}
        self._digests.append(
            [name, stream.value, version.layout.hash, closed.end_ms, digest(closed.pane), sums]
        )
        facts.append(PaneClosed(self._model, name, stream, closed.start_ms, closed.end_ms, events))
        if version.draining:  # another layout of it is judged by now (E9)
            return []
        if stream is Stream.PREDICTIONS and events >= ESTABLISHED and not version.state.established:
            version.state.established = True
            facts.append(VersionEstablished(self._model, name, events))
            self._decisions.new_version(name, closed.end_ms)
        judging = self._versions.judging[name]
        judgements: list[Judgement] = []
        for window, total in closed.windows:
            reading, said = judging.read(part, window, closed.end_ms, total)
            verdict = loudest(judgement.verdict for judgement in said)
            self._history.read(reading, verdict)
            count = int(reading.events[0])
            facts.append(WindowRead(self._model, name, stream, window.name, closed.end_ms, count, verdict))
            if self._keep_readings:
                self._readings.append((reading, judging.views_of(reading)))
            judgements += said
        judgements += self._watching.close(version, part, closed, len(self._versions.live))
        if self._inspecting is not None:
            judgements += self._inspecting.close(version, part, closed)
        return judgements
