"""Broken data of one model: what was noticed of a pane is inspected when it closes, and told like a rule."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final

import msgspec
import numpy as np

from driftwatch.drift.inspection import Pane, Rate, Repeats, inspect
from driftwatch.drift.reasons import Issue, Reason
from driftwatch.drift.statistic import Kind
from driftwatch.events.assemble import DEFAULT_VERSION
from driftwatch.events.block import Block
from driftwatch.events.classes import Stream
from driftwatch.events.records import Partition
from driftwatch.events.sampling import Candidate
from driftwatch.facts import Fact, QualityChanged
from driftwatch.monitor.noticed import Counted, NoticedState, in_order
from driftwatch.monitor.plan import ModelPlan
from driftwatch.monitor.snapshot import IssueView
from driftwatch.monitor.version import Ints, Version
from driftwatch.references.reference import Reference
from driftwatch.summaries.layout import Part
from driftwatch.summaries.patterns import matching
from driftwatch.summaries.totals import events_of
from driftwatch.verdicts.spec import Severity
from driftwatch.verdicts.verdict import CODE, SEVERE, Finding, Judgement
from driftwatch.windows.series import ClosedPane

QUALITY: Final = "quality"
"""Begins the names of rules and windows of judgements on broken data: `quality REASON`, `quality STREAM`."""
CALM: Final = 12
"""Panes with data in a row without a reason, after which it is over (F39)."""
HELD: Final = {Reason.CONSTANT: 3, Reason.EVENT_RATE: 3}
"""Panes in a row that a reason must hold before it is told; the others are told at once (F29)."""
RATE_PANES: Final = 20
"""Whole panes that a reference must have to say how many events are usual."""
RULES: Final = {f"{QUALITY} {reason}": [f"{QUALITY} {stream}" for stream in Stream] for reason in Reason}
"""The rules that broken data may speak as, with their windows."""
_ALL: Final = frozenset(Reason)
_NOT_LOOKED: Final = -1


class Held(msgspec.Struct, array_like=True):
    """A reason that holds for a field, or did within the last panes."""

    reason: Reason
    field: str
    share: float
    count: int
    example: str
    since_ms: int
    held: int
    """Panes in a row."""
    calm: int = 0
    """Panes in a row without it since."""
    firing: bool = False


class InspectState(msgspec.Struct):
    """What the checkpoint holds."""

    reads: str = ""
    """The fields that were read when records were looked at."""
    noticed: NoticedState = msgspec.field(default_factory=NoticedState)
    held: dict[str, dict[Stream, list[Held]]] = {}
    """By version."""


class Inspecting:
    """Notices between commits, inspects when panes close; everything in it follows from the logs alone."""

    def __init__(self, plan: ModelPlan, state: InspectState, at: Callable[[int], Partition]) -> None:
        """`at` gives the partition at a position in the monitor's list."""
        self._plan, self._at = plan, at
        self._width_ms = min(window.slide_ms for window in plan.windows)
        self._rates: dict[tuple[str, Stream], Rate | None] = {}
        self._facts: list[Fact] = []
        self.state = state
        self.replan(plan)

    def replan(self, plan: ModelPlan) -> None:
        """The fields that are read from now on; what was looked at with others says nothing of them."""
        self._plan = plan
        reads = plan.counted_with["features"]
        if self.state.reads != reads:
            self.state.reads, self.state.noticed.looked = reads, {}

    def look(self, stream: Stream, candidates: Iterable[Candidate]) -> None:
        """Records of events on time that may be kept as examples."""
        self.state.noticed.look(stream, candidates)

    def count(self, stream: Stream, block: Block, codes: Ints, versions: list[str] | None = None) -> None:
        """What became of n events by their class codes int64[n]; `versions` where the events do not say."""
        starts = block.times_ms - (block.times_ms - self._plan.spec.origin_ms) % self._width_ms
        self.state.noticed.count(stream, block, codes, starts, versions or block.versions)

    def close(self, version: Version, part: Part, closed: ClosedPane) -> list[Judgement]:
        """Inspect a closed pane; a judgement of every reason that is told of, or was until now."""
        stream = part.stream
        self.state.noticed.forget(stream, closed.start_ms)
        issues, judged = self._inspect(version, part, closed)
        if not judged:
            return []
        before = self.state.held.setdefault(version.name, {}).get(stream, [])
        after, told = self._advance(version.name, stream, before, issues, judged, closed.end_ms)
        self.state.held[version.name][stream] = after
        return [
            self._judge(version, stream, after, reason, closed.end_ms) for reason in Reason if reason in told
        ]

    def _inspect(
        self, version: Version, part: Part, closed: ClosedPane
    ) -> tuple[tuple[Issue, ...], frozenset[Reason]]:
        """What is wrong with a pane, and the reasons of which it can say anything: few events say only that they are few."""
        spec, stream = self._plan.spec.quality, part.stream
        looked, counted = self.state.noticed.of(stream, closed.start_ms, self._named(version, stream))
        current = closed.pane[0] if closed.pane is not None else np.zeros(part.columns, np.int64)
        events = int(events_of(part, current[None])[0])
        rate = self._rate(version.reference, stream)
        judged = _ALL - {Reason.EVENT_RATE} if rate is None else _ALL
        if events + counted.duplicates + counted.conflicts < spec.min_events:
            judged &= {Reason.EVENT_RATE}
        pane = Pane(
            part=part,
            reference=version.reference.totals[stream][0],
            current=current,
            events=events,
            looked=looked,
            known=version.reference.unread.get(stream),
            repeats=Repeats(counted.accepted, counted.duplicates, counted.conflicts, self._place(counted)),
            rate=rate,
        )
        found = inspect(pane, spec.min_events)
        ignored = matching(spec.ignore, [issue.field for issue in found])
        return tuple(i for i, leave in zip(found, ignored, strict=True) if not (leave and i.field)), judged

    def _named(self, version: Version, stream: Stream) -> str:
        """How the stream's records call a version."""
        plan = self._plan.streams.get(stream)
        unnamed = stream is Stream.FEATURES and plan is not None and plan.reading.version is None
        return DEFAULT_VERSION if unnamed else version.name

    def _place(self, counted: Counted) -> str:
        if counted.example is None:
            return ""
        return f"partition {self._at(counted.example[0]).number}, offset {counted.example[1]}"

    def _advance(
        self,
        version: str,
        stream: Stream,
        before: Iterable[Held],
        issues: Iterable[Issue],
        judged: frozenset[Reason],
        end_ms: int,
    ) -> tuple[list[Held], set[Reason]]:
        """The next state of every reason, and those of which something is to be told."""
        known = {(held.reason, held.field): held for held in before}
        told = {held.reason for held in known.values() if held.firing}
        after: list[Held] = []
        for issue in issues:
            past = known.pop((issue.reason, issue.field), None)
            held = _held(past, issue, end_ms)
            if held.firing:
                told.add(held.reason)
                if past is None or not past.firing:
                    self._tell(version, stream, held, end_ms, began=True)
            after.append(held)
        for held in known.values():
            if held.reason not in judged:  # too little data: it neither counts nor resets (E8)
                after.append(held)
                continue
            held = msgspec.structs.replace(held, calm=held.calm + 1)
            if held.firing and held.calm < CALM:
                after.append(held)
            elif held.firing:
                self._tell(version, stream, held, end_ms, began=False)
        return after, told

    def _tell(self, version: str, stream: Stream, held: Held, end_ms: int, *, began: bool) -> None:
        self._facts.append(
            QualityChanged(
                self._plan.name, version, stream, held.reason, held.field, held.example, began, end_ms
            )
        )

    def _judge(
        self, version: Version, stream: Stream, held: Iterable[Held], reason: Reason, end_ms: int
    ) -> Judgement:
        alerts = reason in self._plan.spec.quality.alert
        firing = [each for each in held if each.firing and each.reason is reason and alerts]
        verdicts = np.full((len(version.layout.slices.rows), len(firing)), _NOT_LOOKED, np.int8)
        verdicts[0] = CODE[SEVERE[Severity.TICKET]]
        return Judgement(
            rule=f"{QUALITY} {reason}",
            statistic=reason.value,
            model=self._plan.name,
            version=version.name,
            stream=stream,
            window=f"{QUALITY} {stream}",
            end_ms=end_ms,
            fields=tuple(each.field for each in firing),
            verdicts=verdicts,
            firing=tuple(_finding(each, stream) for each in firing),
            pending=(),
            clear=not firing,
            kind=Kind.QUALITY,
            severity=Severity.TICKET,
            retrain=False,
        )

    def views(self, version: str) -> Iterator[IssueView]:
        """What is told of a version now."""
        for stream, held in sorted(self.state.held.get(version, {}).items()):
            for each in held:
                if each.firing:
                    alerts = each.reason in self._plan.spec.quality.alert
                    yield IssueView(
                        stream,
                        each.reason,
                        each.field,
                        each.share,
                        each.count,
                        each.example,
                        each.since_ms,
                        alerts,
                    )

    def forget(self, version: str) -> None:
        """A version has ended."""
        self.state.held.pop(version, None)

    def take_facts(self) -> list[Fact]:
        """Facts since the last call."""
        facts, self._facts = self._facts, []
        return facts

    def encoded(self) -> bytes:
        """The state as the checkpoint keeps it: equal states have equal bytes, in whatever order they came about."""
        noticed, held = self.state.noticed, self.state.held
        ordered = NoticedState(in_order(noticed.looked), in_order(noticed.counted))
        return msgspec.msgpack.encode(InspectState(self.state.reads, ordered, in_order(held)))

    def _rate(self, reference: Reference, stream: Stream) -> Rate | None:
        key = (reference.hash, stream)
        if key not in self._rates:
            self._rates[key] = rate_of(reference, stream, self._width_ms)
        return self._rates[key]


def rate_of(reference: Reference, stream: Stream, width_ms: int) -> Rate | None:
    """Events in the quietest and busiest pane of a reference but its first and last, for panes of `width_ms`.

    None for labels, whose rate is their delay's, and where the reference has too few panes to say.
    """
    panes, part = reference.panes[stream], reference.layout.part(stream)
    if stream is Stream.LABELS or part is None or not part.fields or len(panes.times_ms) < RATE_PANES + 2:
        return None
    field = part.fields[0]
    inside = (panes.cells >= field.start) & (panes.cells < field.stop)  # row 0 stands first
    events = np.add.reduceat(np.where(inside, panes.counts, 0).astype(np.int64), panes.starts[:-1])[1:-1]
    whole = int((panes.times_ms[-1] - panes.times_ms[0]) // panes.width_ms) - 1
    quiet = int(events.min()) if len(events) == whole else 0  # a pane without events is left out
    scale = width_ms / panes.width_ms
    return Rate(quiet * scale, int(events.max()) * scale)


def _held(before: Held | None, issue: Issue, end_ms: int) -> Held:
    in_a_row = before.held + 1 if before is not None else 1
    firing = (before is not None and before.firing) or in_a_row >= HELD.get(issue.reason, 1)
    since_ms = before.since_ms if before is not None else end_ms
    return Held(
        issue.reason, issue.field, issue.share, issue.count, issue.example, since_ms, in_a_row, 0, firing
    )


def _finding(held: Held, stream: Stream) -> Finding:
    return Finding(
        rule=f"{QUALITY} {held.reason}",
        statistic=held.reason.value,
        window=f"{QUALITY} {stream}",
        slice="all",
        field=held.field,
        value=held.share,
        lower=held.share,
        upper=held.share,
        limit=0.0,
        count=held.count,
        since_ms=held.since_ms,
        cells=(held.example,) if held.example else (),
    )
