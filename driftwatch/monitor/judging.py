"""A window that ended is read: statistics, then rules; pure bookkeeping of which rule looks at which window."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from driftwatch.drift.catalogue import applicable, read
from driftwatch.drift.cell_shares import coarse_counts
from driftwatch.drift.clumped import error_clumping, widened
from driftwatch.drift.gather import Gather, Side
from driftwatch.drift.post_stratified import strata_of
from driftwatch.drift.reading import Pair, Reading
from driftwatch.events.classes import Stream
from driftwatch.events.packing import pack_array, unpack_array
from driftwatch.monitor.plan import ModelPlan
from driftwatch.monitor.snapshot import RuleView
from driftwatch.monitor.version import Ints, Version
from driftwatch.summaries.layout import Part
from driftwatch.summaries.totals import events_of
from driftwatch.verdicts.evaluate import judge, last_said
from driftwatch.verdicts.rule import Rule, bind_all
from driftwatch.verdicts.state import RuleState
from driftwatch.verdicts.verdict import Judgement
from driftwatch.windows.series import Window

PREDICTED_MAX: Final = 1_000
"""Windows of predictions that are remembered for label coverage, per window; more where labels may be later."""
STRATA_BYTES: Final = 4_000_000
"""Packed counts by stratum that are remembered per version, until the labels of the same time are read."""


class Judging:
    """Reads the windows of one version; keeps its bound rules and the last view of each."""

    def __init__(self, plan: ModelPlan, version: Version) -> None:
        self._plan, self._version = plan, version
        self._asked = plan.spec.asked
        labels = version.layout.part(Stream.LABELS)
        asked = applicable(version.layout, labels, self._asked.also) if labels is not None else ()
        factor = (
            error_clumping(version.layout, labels, version.reference.panes[Stream.LABELS]) if labels else 1.0
        )
        self._clumped = self._asked.model_copy(update={"confidence": widened(self._asked.confidence, factor)})
        self._stratified = any("strata" in statistic.needs.beside for statistic in asked)
        self._rules: dict[tuple[Stream, str], tuple[Rule, ...]] = {}
        self._references: dict[Stream, Side] = {}
        self._coarse: dict[Stream, Ints] = {}
        self.views: dict[tuple[Stream, str, str], RuleView] = {}
        self.restored = False
        """Whether all that is shown is of the last commit before the start: no pane has closed since."""
        for part in version.layout.parts:
            totals = version.reference.totals[part.stream]
            self._references[part.stream] = Side(Gather.of(part), np.ascontiguousarray(totals))
            self._coarse[part.stream] = coarse_counts(part, totals)
            for window in plan.windows:
                self._rules[part.stream, window.name] = bind_all(
                    plan.spec.rules, version.layout, part.stream, window.name, plan.spec.statistics
                )

    def read(self, part: Part, window: Window, end_ms: int, total: Ints) -> tuple[Reading, list[Judgement]]:
        """The statistics of a window that ended, and what every rule says of them."""
        self.restored = False
        version = self._version
        stream = part.stream
        pair, reading = self._look(part, window, end_ms, total)
        if stream is Stream.LABELS:
            _forget(version.predicted, window, end_ms)
            _forget(version.strata, window, end_ms)
        if stream is Stream.PREDICTIONS and Stream.LABELS in version.series:
            self._predict(window, end_ms, reading.events)
            if self._stratified:
                self._stratify(part, window, end_ms, total)
        return reading, [self._judge(rule, reading, pair) for rule in self._rules[stream, window.name]]

    def restore(self) -> None:
        """Read the windows of the last commit once more: what they show, and what the rules said of it then."""
        states = self._version.state.rules
        for part in self._version.layout.parts:
            series = self._version.series[part.stream]
            if series.closed_ms is None:
                continue
            for window in self._plan.windows:
                end_ms = series.floor_ms(series.closed_ms, window.slide_ms)
                _, reading = self._look(part, window, end_ms, series.totals[window.name])
                self.restored = True
                for rule in self._rules[part.stream, window.name]:
                    if (state := states.get(rule.fingerprint)) is not None:  # else it has not judged yet
                        self._show(rule, reading, last_said(rule, reading, state))

    def _look(self, part: Part, window: Window, end_ms: int, total: Ints) -> tuple[Pair, Reading]:
        labels = part.stream is Stream.LABELS
        predicted = self._predicted(window, end_ms) if labels else None
        strata = self._strata(part, window, end_ms) if labels and self._stratified else None
        pair = self._pair(part, window, total, predicted, strata)
        reading = self._reading(pair, window, end_ms)
        self._version.readings[part.stream, window.name] = reading
        return pair, reading

    def _pair(
        self,
        part: Part,
        window: Window,
        total: Ints,
        predicted: Ints | None = None,
        strata: Ints | None = None,
    ) -> Pair:
        reference, stream = self._version.reference, part.stream
        return Pair(
            layout=self._version.layout,
            part=part,
            reference=reference.totals[stream],
            current=total,
            reference_span_ms=reference.span_of(stream),
            window_ms=window.size_ms,
            predicted=predicted,
            strata=strata,
            labelled=reference.totals.get(Stream.LABELS) if stream is Stream.PREDICTIONS else None,
        )

    def _reading(self, pair: Pair, window: Window, end_ms: int) -> Reading:
        version, part = self._version, pair.part
        labels = part.stream is Stream.LABELS
        asked = self._clumped if labels else self._asked
        return Reading(
            model=self._plan.name,
            version=version.name,
            stream=part.stream,
            window=window.name,
            start_ms=end_ms - window.size_ms,
            end_ms=end_ms,
            layout=version.layout,
            reference_hash=version.reference.hash,
            events=events_of(part, pair.current),
            estimates=read(pair, asked, self._references[part.stream]),
            confidence=asked.confidence,
            labels=(pair.reference, pair.current.copy()) if labels else None,  # the sum goes on
            cells=(self._coarse[part.stream], coarse_counts(part, pair.current)) if part.fields else None,
        )

    def views_of(self, reading: Reading) -> tuple[RuleView, ...]:
        """What the rules say of the window's last reading."""
        return tuple(v for (s, w, _), v in self.views.items() if (s, w) == (reading.stream, reading.window))

    def _predict(self, window: Window, end_ms: int, events: Ints) -> None:
        """Remember how many predictions a window held, until labels of a later one are read; labels may never come (P7)."""
        predicted = self._version.predicted
        predicted[window.name, end_ms] = pack_array(events)
        ends = [end for name, end in predicted if name == window.name]
        late = 2 * self._plan.spec.lateness_ms(Stream.LABELS) // window.slide_ms
        for end in sorted(ends)[: -max(PREDICTED_MAX, late)]:
            del predicted[window.name, end]

    def _predicted(self, window: Window, end_ms: int) -> Ints:
        """Predictions in the label window's time range; zeros, of which no share is known, where none are remembered."""
        version = self._version
        known = version.predicted.get((window.name, end_ms))
        return np.zeros(len(version.layout.slices.rows), np.int64) if known is None else unpack_array(known)

    def _stratify(self, part: Part, window: Window, end_ms: int, total: Ints) -> None:
        """Remember the predictions by stratum too, packed; the oldest go first where they become too large (P7)."""
        kept = self._version.strata
        side = Side(self._references[part.stream].gather, np.ascontiguousarray(total))
        strata = strata_of(self._version.layout, side)
        if strata is None:
            return
        kept[window.name, end_ms] = pack_array(strata)
        while len(kept) > 1 and sum(len(packed[-1]) for packed in kept.values()) > STRATA_BYTES:
            del kept[min(kept, key=lambda key: (key[1], key[0]))]

    def _strata(self, part: Part, window: Window, end_ms: int) -> Ints:
        """All predictions by stratum in the label window's time range; zeros where they are not remembered."""
        version, block = self._version, part.block("strata")
        assert block is not None
        packed = version.strata.get((window.name, end_ms))
        shape = (len(version.layout.slices.rows), *block.shape[:2])
        return np.zeros(shape, np.int64) if packed is None else unpack_array(packed)

    def _judge(self, rule: Rule, reading: Reading, pair: Pair) -> Judgement:
        states = self._version.state.rules
        state, judgement = judge(rule, reading, states.get(rule.fingerprint, RuleState()), pair)
        states[rule.fingerprint] = state
        self._show(rule, reading, judgement.verdicts)
        return judgement

    def _show(self, rule: Rule, reading: Reading, verdicts: NDArray[np.int8]) -> None:
        self.views[reading.stream, reading.window, rule.name] = RuleView(
            rule=rule.name,
            statistic=rule.condition.statistic.name,
            window=reading.window,
            fields=rule.fields,
            verdicts=verdicts,
            when=str(rule.condition),
            min_events=rule.min_events,
            stream=reading.stream,
        )


def _forget(remembered: dict[tuple[str, int], Any], window: Window, end_ms: int) -> None:
    """What an earlier window has been read with is not asked for again; this one is, after a restart."""
    for key in [key for key in remembered if key[0] == window.name and key[1] < end_ms]:
        del remembered[key]
