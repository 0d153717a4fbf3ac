"""One live version of a model: its reference, its layout compiled for counting, its panes and windows."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
import numpy as np
from numpy.typing import NDArray

from driftwatch.drift.reading import Reading
from driftwatch.events.block import Block
from driftwatch.events.classes import Stream
from driftwatch.events.joins import JoinRows
from driftwatch.events.order import AFTER_ALL, BEFORE_ALL
from driftwatch.events.packing import PackedArray
from driftwatch.monitor.changes import PaneKey
from driftwatch.monitor.cohorts import Cohorts
from driftwatch.monitor.plan import ModelPlan
from driftwatch.monitor.snapshot import CohortView
from driftwatch.monitor.values import Codes, SliceValues
from driftwatch.references.reference import Reference
from driftwatch.summaries.cells import PartCoder
from driftwatch.summaries.count import add, by_pane
from driftwatch.summaries.decisions import Decider
from driftwatch.summaries.layout import Layout
from driftwatch.summaries.performance import LabelCounter, Labelled
from driftwatch.summaries.rows import Joint, SliceCoder
from driftwatch.verdicts.state import RuleState
from driftwatch.windows.series import Series

Ints = NDArray[np.int64]
Cells = NDArray[np.int32]
PredictedKey = tuple[str, int]
"""(window, end in ms)."""


class VersionState(msgspec.Struct):
    """What the checkpoint holds of a version beside its panes."""

    name: str
    layout: str
    reference: str
    closed: dict[Stream, int] = {}
    rules: dict[str, RuleState] = {}
    predicted_in: list[tuple[str, int, PackedArray]] = []
    strata: list[tuple[str, int, PackedArray]] = []
    cohorts: dict[int, list[int]] = {}
    last_event_ms: int = BEFORE_ALL
    starts_ms: int = BEFORE_ALL
    """Events before it are counted in another layout (E9), or belong to the time in which the reference was learned (E10)."""
    ends_ms: int = AFTER_ALL
    """Events from here on are counted in the layout that came after this one: it drains (E9)."""
    established: bool = False

    @property
    def draining(self) -> bool:
        """Whether another layout has taken its place."""
        return self.ends_ms != AFTER_ALL


class Version:
    """Counts events of one version and hands out closed panes; knows nothing of rules."""

    def __init__(
        self, plan: ModelPlan, reference: Reference, state: VersionState, values: SliceValues
    ) -> None:
        self.name = state.name
        self.state = state
        self.reference = reference
        self.layout: Layout = reference.layout
        self.readings: dict[tuple[Stream, str], Reading] = {}
        self.predicted: dict[PredictedKey, PackedArray] = {
            (window, end_ms): packed for window, end_ms, packed in state.predicted_in
        }
        self.strata: dict[PredictedKey, PackedArray] = {
            (window, end_ms): packed for window, end_ms, packed in state.strata
        }
        self._cohorts = Cohorts(self.layout.age_edges_ms, plan.max_delay_ms, state.cohorts)
        self._model = plan.name
        self._values = values
        self._coder = SliceCoder(self.layout.slices)
        self._translation: list[NDArray[np.int16]] = []
        self._coders: dict[Stream, PartCoder] = {}
        self.decider = Decider(self.layout)
        self._no_decision = int(self.decider.cells([None], np.empty(0))[0])
        self._labels = LabelCounter(self.layout) if self.layout.part(Stream.LABELS) else None
        self.scored: tuple[str, ...] = self._labels.part.scored if self._labels else ()
        """Fields of the classes' own scores that its labels are counted with."""
        self.series: dict[Stream, Series] = {}
        rows = len(self.layout.slices.rows)
        for part in self.layout.parts:
            shape = (rows, part.columns)
            closed_ms = state.closed.get(part.stream)
            self.series[part.stream] = Series(shape, plan.windows, plan.spec.origin_ms, closed_ms)
        self.replan(plan)
        self.translate()

    @property
    def draining(self) -> bool:
        """Whether another layout has taken its place: it is counted to its end, and judged no more (E9)."""
        return self.state.draining

    def holds(self, times_ms: Ints) -> NDArray[np.bool_]:
        """bool[n]: which events of this version are counted in this layout."""
        return (times_ms >= self.state.starts_ms) & (times_ms < self.state.ends_ms)

    def next_pane_ms(self) -> int:
        """Start of the first pane after every event that was counted; before all times where none was."""
        if self.state.last_event_ms == BEFORE_ALL:
            return BEFORE_ALL
        series = self.series[Stream.PREDICTIONS]
        return series.floor_ms(self.state.last_event_ms, series.width_ms) + series.width_ms

    def replan(self, plan: ModelPlan) -> None:
        """Take up the order of columns in which the plan's decoders read."""
        for part in self.layout.parts:
            if (stream := plan.streams.get(part.stream)) and part.stream is not Stream.LABELS:
                reading = stream.reading
                self._coders[part.stream] = PartCoder(part, reading.number_names, reading.text_names)

    def translate(self) -> None:
        """Take up slice values that got their codes since."""
        self._translation = self._values.translation(self.layout.slices)

    def load(self, panes: Mapping[PaneKey, Ints]) -> None:
        """Take up the stored panes of this version and layout."""
        for stream, series in self.series.items():
            series.load(
                {
                    (key.width_ms, key.start_ms): pane
                    for key, pane in panes.items()
                    if (key.model, key.version, key.stream, key.layout)
                    == (self._model, self.name, stream, self.layout.hash)
                }
            )

    def decisions(self, decisions: list[str | None], scores: NDArray[np.float64], events: int) -> Cells:
        """int32[n] decision cells; binary without mapped decisions decides by the threshold."""
        if not decisions and not len(scores):
            return np.full(events, self._no_decision, np.int32)
        return self.decider.cells(decisions, scores)

    def joint(self, codes: Codes) -> Joint:
        """The slice rows of n events with the model's value codes int16[n, 8]."""
        own = np.empty((len(codes), len(self._translation)), np.int16)
        for place, column in enumerate(self.layout.slices.columns):
            own[:, place] = self._translation[place].take(codes[:, self._values.columns.index(column)])
        return self._coder.joint(own)

    def count(self, stream: Stream, block: Block, decisions: Cells, codes: Codes) -> None:
        """Count n predictions (with decision cells int32[n]) or features into the panes of their times."""
        part, coder, series = self.layout.part(stream), self._coders.get(stream), self.series.get(stream)
        if part is None or coder is None or series is None or not len(block):
            return
        scores = block.scores if len(block.scores) else None
        cells = coder.cells(block.numbers, block.texts, scores, decisions)
        for start_ms, cells_of, joint in by_pane(series.starts_ms(block.times_ms), cells, self.joint(codes)):
            add(part, self.layout.slices, series.pane(start_ms), cells_of, joint)
        if stream is Stream.PREDICTIONS and self._labels is not None:
            self._cohorts.predict(block.times_ms)
        self.state.last_event_ms = max(self.state.last_event_ms, int(block.times_ms.max()))

    def count_labels(
        self,
        times_ms: Ints,
        rows: JoinRows,
        labels: list[float | str | None],
        codes: Codes,
        class_scores: NDArray[np.float64] | None = None,
    ) -> None:
        """Count n labels with their predictions' rows into the panes of the labels' own times.

        `class_scores` float64[n, K] are those of the predictions, in the order of `scored`.
        """
        series = self.series.get(Stream.LABELS)
        if self._labels is None or series is None:
            return
        ages_ms = np.maximum(times_ms - rows["time_ms"], 0)
        self._cohorts.label(rows["time_ms"].astype(np.int64), ages_ms)
        values = self.decider.labels(labels)
        labelled = Labelled(rows["score"], rows["decision"], values, ages_ms, class_scores)
        starts, joint = series.starts_ms(times_ms), self.joint(codes)
        for start_ms in np.unique(starts).tolist():
            here = np.flatnonzero(starts == start_ms)
            self._labels.add(series.pane(start_ms), labelled.take(here), joint.take(here))

    def saved(self) -> VersionState:
        """As it stands in the checkpoint, beside its panes."""
        self.state.closed = {s: x.closed_ms for s, x in self.series.items() if x.closed_ms is not None}
        self.state.predicted_in = [(w, end_ms, packed) for (w, end_ms), packed in self.predicted.items()]
        self.state.strata = [(w, end_ms, packed) for (w, end_ms), packed in self.strata.items()]
        self.state.cohorts = self._cohorts.state
        return self.state

    def cohort_view(self) -> CohortView | None:
        """Coverage and completeness by prediction day and label age; None where no labels are counted."""
        series = self.series.get(Stream.LABELS)
        return self._cohorts.view(series.closed_ms) if series is not None else None

    def changes(self) -> dict[PaneKey, Ints | None]:
        """Panes that changed since the last call."""
        return {
            PaneKey(self._model, self.name, stream, self.layout.hash, width_ms, start_ms): pane
            for stream, series in self.series.items()
            for (width_ms, start_ms), pane in series.changes().items()
        }


def encoded(version: Version) -> bytes:
    """A version's state as the checkpoint keeps it."""
    return msgspec.msgpack.encode(version.saved())
