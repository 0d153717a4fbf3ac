"""Evidence of all live versions of one model: each closed pane advances it once, and what it says is judged like a rule."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec
import numpy as np

from driftwatch.drift.moved import moved
from driftwatch.drift.reading import Pair
from driftwatch.drift.statistic import Kind
from driftwatch.events.classes import Stream
from driftwatch.evidence.design import designs
from driftwatch.evidence.detector import NOTHING, Detector, Listed, Member
from driftwatch.evidence.findings import Describe, Found
from driftwatch.evidence.first_panes import (
    LEARN_MS,
    SpreadState,
    relearned,
    spreads_of,
    untimed,
    with_spreads,
)
from driftwatch.evidence.groups import Group
from driftwatch.evidence.labels import CALIBRATION
from driftwatch.evidence.power import Traffic
from driftwatch.evidence.saved import EvidenceState, fingerprint, load, save
from driftwatch.evidence.telling import told
from driftwatch.monitor.changes import Saved
from driftwatch.monitor.plan import ModelPlan
from driftwatch.monitor.prospects import Lately, Prospects, prospects_of
from driftwatch.monitor.snapshot import EvidenceView
from driftwatch.monitor.version import Version
from driftwatch.summaries.layout import Part, is_output
from driftwatch.verdicts.spec import Severity
from driftwatch.verdicts.verdict import CODE, SEVERE, Finding, Judgement, Verdict
from driftwatch.windows.series import ClosedPane, Series, Window

EVIDENCE: Final = "evidence"
"""Name of the statistic and of the window of judgements on evidence; their rules are `evidence GROUP`."""
_KINDS: Final = {
    Group.INPUTS: Kind.INPUT,
    Group.SCORES: Kind.SCORE,
    Group.QUALITY: Kind.QUALITY,
    Group.PERFORMANCE: Kind.PERFORMANCE,
    Group.CALIBRATION: Kind.CALIBRATION,
    Group.MARKED: Kind.INPUT,
}
TRAFFIC_MS: Final = 3_600_000
"""Traffic of less time than this (or a whole window) says little of what can be found; told anew as often."""
TOLD: Final = 5
"""Findings of an alert whose evidence is told in full, those that lead."""
_NOT_LOOKED: Final = -1
_SURE: Final = 1.96


class _Row(msgspec.Struct, frozen=True, array_like=True):
    """A firing stream: which it is, and the evidence that it had and needed."""

    bank: int
    row: int
    watch: int
    log_evidence: float
    log_limit: float


class WatchState(msgspec.Struct):
    """What the checkpoint holds of one version's evidence."""

    evidence: EvidenceState = EvidenceState()
    firing: dict[Group, tuple[_Row, ...]] = {}
    first_ms: dict[Stream, int] = {}
    """Start of the first closed pane with data, of streams of which the reference has no panes."""
    spreads: dict[int, SpreadState] = {}
    """What the first closed panes taught instead, by number of the bank."""


def rule_of(group: Group) -> str:
    """How alerts on a group's evidence are called."""
    return f"{EVIDENCE} {group.value}"


RULES: Final = {rule_of(group): [EVIDENCE] for group in Group}
"""The rules that evidence may speak as, with their windows."""


class _Watched:
    """One version's detector, and the streams that fire."""

    def __init__(self, plan: ModelPlan, version: Version, stored: bytes | None) -> None:
        assert plan.budget is not None
        spec = plan.spec.evidence
        self.reference = version.reference.hash
        self.pane_ms = min(window.slide_ms for window in plan.windows)
        self.window = min(
            (w for w in plan.windows if w.slide_ms == self.pane_ms), key=lambda window: window.size_ms
        )
        self.name = fingerprint(version.reference.hash, spec, self.pane_ms)
        state = msgspec.msgpack.decode(stored, type=WatchState) if stored else WatchState()
        if state.evidence.fingerprint != self.name:
            state = WatchState()
        self._first_ms, self._spreads = state.first_ms, state.spreads
        self._learn_ms = min(LEARN_MS, max(window.size_ms for window in plan.windows))
        designed = with_spreads(
            designs(version.reference, spec), {k: stored.spread() for k, stored in self._spreads.items()}
        )
        self.detector = Detector(designed, plan.budget, self.pane_ms, plan.sharers, plan.spec.origin_ms)
        self.taken_up = load(self.detector, self.name, state.evidence)
        self.firing: dict[Group, dict[Member, Listed]] = {}
        if self.taken_up:
            self.firing = {group: _listed(rows) for group, rows in state.firing.items()}
        self._bytes = stored if self.taken_up else None
        self._plan, self._version, self._compared = plan, version.name, version.reference
        self._told: Prospects | None = None
        self._told_by = (0, 0)

    def share(self, live: int, models: int) -> None:
        """So many versions are live: more never become fewer, for evidence that grew under a share keeps it."""
        self.detector.sharers = max(self.detector.sharers, live * models)

    def learn(self, series: Series, stream: Stream, closed: ClosedPane) -> None:
        """Once the first closed panes are there, learn from them what a reference without event times does not say."""
        if closed.pane is not None:
            self._first_ms.setdefault(stream, closed.start_ms)
        first_ms = self._first_ms.get(stream)
        learned = any(self.detector.designs[bank].stream is stream for bank in self._spreads)
        if learned or first_ms is None or closed.end_ms < first_ms + self._learn_ms:
            return
        width_ms, held = series.closed_panes(first_ms)
        panes = {start: pane for start, pane in held.items() if start < first_ms + self._learn_ms}
        spreads = spreads_of(self.detector, stream, panes, width_ms)
        if not spreads:  # the windows hold none of them any more: the next pane with data is the first
            del self._first_ms[stream]
            return
        self.detector = relearned(self.detector, spreads)
        self._spreads |= {bank: SpreadState.of(spread) for bank, spread in spreads.items()}
        self._told = None

    def prospects(self, series: Mapping[Stream, Series], closed_ms: int) -> Prospects:
        """What can be found; told anew every hour of event time, and when more versions share the budget."""
        told_by = self.detector.sharers, closed_ms // TRAFFIC_MS
        if self._told is None or self._told_by != told_by:
            lately = _lately(series, self._plan.windows, self.pane_ms)
            self._told_by = told_by
            self._told = prospects_of(self.detector, self._plan, self._version, self._compared, lately=lately)
        return self._told

    def changed(self) -> None:
        """The state has to be written again."""
        self._bytes = None

    def state(self) -> bytes:
        """As it stands in the checkpoint."""
        if self._bytes is None:
            firing = {
                group: tuple(
                    _Row(m.bank, m.row, m.watch, x.log_evidence, x.log_limit) for m, x in sorted(
                        members.items(), key=lambda item: (item[0].bank, item[0].row, item[0].watch)
                    )
                )
                for group, members in self.firing.items()
            }  # fmt: skip
            saved = save(self.detector, self.name)
            self._bytes = msgspec.msgpack.encode(WatchState(saved, firing, self._first_ms, self._spreads))
        return self._bytes


def _listed(rows: Iterable[_Row]) -> dict[Member, Listed]:
    members = (Member(row.bank, row.row, row.watch) for row in rows)
    return {
        member: Listed(member, row.log_evidence, row.log_limit)
        for member, row in zip(members, rows, strict=True)
    }


def _lately(series: Mapping[Stream, Series], windows: Iterable[Window], pane_ms: int) -> Lately | None:
    """The traffic of the longest window that every stream has begun to fill; None while there is too little of it."""
    for window in sorted(windows, key=lambda window: -window.size_ms):
        covered = {stream: each.covered_ms(window.name) for stream, each in series.items()}
        if min(covered.values()) >= min(TRAFFIC_MS, window.size_ms):
            traffic = {
                s: Traffic(each.totals[window.name], covered[s] / pane_ms) for s, each in series.items()
            }
            return Lately(min(covered.values()), traffic)
    return None


class Watching:
    """Keeps the evidence of every live version; nothing where the model's evidence does not alert."""

    def __init__(self, plan: ModelPlan, stored: Mapping[str, bytes]) -> None:
        """`stored`: the states of the last commit, by version."""
        self._plan, self._stored = plan, dict(stored)
        self._watched: dict[str, _Watched] = {}
        self.views: dict[str, tuple[EvidenceView, ...]] = {}
        self.prospects: dict[str, Prospects] = {}

    @property
    def on(self) -> bool:
        """Whether evidence is watched at all."""
        return self._plan.budget is not None and self._plan.spec.evidence.enabled

    def close(self, version: Version, part: Part, closed: ClosedPane, live: int) -> list[Judgement]:
        """One closed pane of a version, of which `live` are there; a judgement of every group that changed."""
        if not self.on:
            return []
        watched = self._of(version)
        watched.share(live, self._plan.sharers)
        news = watched.detector.close(part.stream, closed.pane, closed.start_ms)
        watched.changed()
        changed: set[Group] = set() if watched.taken_up else set(Group)  # what another state said must end
        watched.taken_up = True
        if news is not NOTHING:
            for group, listed in news.listed.items():
                watched.firing.setdefault(group, {}).update({each.member: each for each in listed})
                changed.add(group)
            for group, members in watched.firing.items():
                for member in (*news.resolved, *news.forgotten):
                    if members.pop(member, None) is not None:
                        changed.add(group)
        judgements = [
            self._judge(version, watched, group, closed.end_ms) for group in Group if group in changed
        ]
        if untimed(version.reference, part.stream):
            watched.learn(version.series[part.stream], part.stream, closed)
        self._show(version, watched)
        return judgements

    def restore(self, version: Version) -> None:
        """Show the evidence of the last commit once more, before a pane closes; what another setting wrote is not shown.

        It changes nothing that the checkpoint holds.
        """
        stored = self._stored.get(version.name)
        if not self.on or stored is None:
            return
        watched = _Watched(self._plan, version, stored)
        if watched.taken_up:
            self._watched[version.name] = watched
            del self._stored[version.name]
            self._show(version, watched)

    def _show(self, version: Version, watched: _Watched) -> None:
        self.views[version.name] = tuple(_views(version, watched))
        closed = (series.closed_ms for series in version.series.values())
        self.prospects[version.name] = watched.prospects(
            version.series, max(ms for ms in closed if ms is not None)
        )

    def forget(self, name: str) -> None:
        """A version has ended, or what it saw is accepted."""
        self._watched.pop(name, None)
        self.views.pop(name, None)
        self.prospects.pop(name, None)
        self._stored.pop(name, None)

    def states(self) -> dict[str, bytes]:
        """What the checkpoint holds, by version."""
        return self._stored | {name: watched.state() for name, watched in self._watched.items()}

    def _of(self, version: Version) -> _Watched:
        found = self._watched.get(version.name)
        if found is None or found.reference != version.reference.hash:
            found = _Watched(self._plan, version, self._stored.pop(version.name, None))
            self._watched[version.name] = found
        return found

    def _judge(self, version: Version, watched: _Watched, group: Group, end_ms: int) -> Judgement:
        listed = watched.firing.get(group, {})
        matrices = {s: series.totals[watched.window.name] for s, series in version.series.items()}
        describe = Describe(watched.detector, version.layout.slices, matrices)
        found = describe.all(listed.values())
        findings = tuple(
            self._finding(version, watched, each, rank, len(found) - sum(f.origin for f in found))
            for rank, each in enumerate(f for f in found if f.origin)
        )
        views = (v for v in _views(version, watched) if v.group == group.value)
        view = next(views, None)
        nowhere = np.zeros((len(version.layout.slices.rows), 0), np.int8)
        return Judgement(
            rule=rule_of(group),
            statistic=EVIDENCE,
            model=self._plan.name,
            version=version.name,
            stream=_stream(watched.detector, group),
            window=EVIDENCE,
            end_ms=end_ms,
            fields=view.fields if view else (),
            verdicts=view.verdicts if view else nowhere,
            firing=findings,
            pending=(),
            clear=not findings,
            kind=_kind(group, {f.field for f in findings}),
            severity=Severity(group.family.value),
            retrain=_KINDS[group].rests_on_labels,
        )

    def _finding(self, version: Version, watched: _Watched, found: Found, rank: int, others: int) -> Finding:
        design = watched.detector.designs[found.member.bank]
        cells = [_sentence(found)]
        if rank == 0 and others:
            cells.append(f"seen in {others} more slices and fields, which these explain")
        group, said = design.observer.groups[found.member.watch], tuple[str, ...]()
        if rank < TOLD:
            panes = version.series[design.stream].panes_of(watched.window.name)
            said = tuple(told(watched.detector, version.layout.slices, group, found, panes))
        part = version.layout.part(design.stream)
        if rank < 20 and part is not None and any(f.name == found.field for f in part.fields):
            pair = _pair(version, design.stream, watched)
            cells += moved(pair, found.member.row, found.field)
        return Finding(
            rule=rule_of(group),
            statistic=EVIDENCE,
            window=EVIDENCE,
            slice=found.slice,
            field=found.field,
            value=found.now,
            lower=found.now - _SURE * found.error,
            upper=found.now + _SURE * found.error,
            limit=found.past + (found.tolerance if found.rising else -found.tolerance),
            count=found.events,
            since_ms=found.since_ms,
            reference_count=found.reference_events,
            cells=tuple(cells),
            evidence=said,
        )


def _pair(version: Version, stream: Stream, watched: _Watched) -> Pair:
    part = version.layout.part(stream)
    assert part is not None
    return Pair(
        layout=version.layout,
        part=part,
        reference=version.reference.totals[stream],
        current=version.series[stream].totals[watched.window.name],
        reference_span_ms=version.reference.span_of(stream),
        window_ms=watched.window.size_ms,
    )


def _sentence(found: Found) -> str:
    """The change in words, such as `errors rose: 5.6 % → 8.7 %`; at most 80 characters, which a message takes."""
    if found.field == CALIBRATION:
        scores = found.indicator.removeprefix("score ")
        where = "over all scores" if scores == "all scores" else f"where scores are {scores}"
        true, past = found.said + found.now, found.said + found.past
        return f"{where}, {_percent(true)} came true; they said {_percent(found.said)}, the reference {_percent(past)}"
    verb = "rose" if found.rising else "fell"
    text = f"{found.indicator} {verb}: {_percent(found.past)} → {_percent(found.now)}"
    if found.indicator == "errors":
        text += f" (accuracy {100 * (1 - found.past):.1f} % → {100 * (1 - found.now):.1f} %)"
    return text


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"


def _kind(group: Group, fields: set[str]) -> Kind:
    if group is Group.MARKED and fields and all(map(is_output, fields)):
        return Kind.SCORE
    return _KINDS[group]


def _stream(detector: Detector, group: Group) -> Stream:
    pool = detector.pools.get(group)
    return detector.designs[pool.places[0][0]].stream if pool else Stream.PREDICTIONS


def _views(version: Version, watched: _Watched) -> Iterable[EvidenceView]:
    """What each group's streams say: ok, insufficient where nothing was seen yet, loud where they fire."""
    detector, slices = watched.detector, version.layout.slices.rows
    for group, pool in detector.pools.items():
        fields = tuple(dict.fromkeys(detector.designs[m.bank].fields[m.watch] for m in pool.members))
        shape = (len(slices), len(fields))
        verdicts = np.full(shape, _NOT_LOOKED, np.int8)
        logs = np.full(shape, np.nan)
        loud = CODE[SEVERE[Severity(group.family.value)]]
        for number, places in pool.places:
            bank, design = detector.banks[number], detector.designs[number]
            rows, watches = np.unravel_index(places, bank.bets.shape)
            columns = np.array([fields.index(design.fields[w]) for w in watches.tolist()], np.int64)
            seen, firing = bank.seen.reshape(-1)[places] >= 0, bank.firing.on.reshape(-1)[places]
            calm = np.where(seen, CODE[Verdict.OK], CODE[Verdict.INSUFFICIENT])
            verdicts[rows, columns] = np.where(firing, loud, calm)
            logs[rows, columns] = bank.log_evidence.reshape(-1)[places]
        count = len(pool.members)
        yield EvidenceView(
            group=group.value,
            family=group.family.value,
            fields=fields,
            verdicts=verdicts,
            logs=logs,
            log_limit=detector.log_limit(group) + float(np.log(count)),
            end_ms=version.series[_stream(detector, group)].closed_ms or 0,
            streams=count,
            firing=len(watched.firing.get(group, {})),
        )


def stored_evidence(model: str, saved: Saved) -> dict[str, bytes]:
    """The states of the last commit, by version."""
    prefix = f"{model}/evidence/"
    return {k.removeprefix(prefix): v for k, v in saved.states.items() if k.startswith(prefix)}
