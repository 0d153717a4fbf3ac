"""The rules of EXACTNESS.md read aloud: one model, one record after the other, in dictionaries and loops.

It is told what the logs do not determine, commit by commit, as the journal has it (E1), and shares with the product
the configuration, the layouts and the shape of journal rows, but no line that decides.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, Final, NamedTuple

from driftwatch.events.records import Partition
from driftwatch.monitor.changes import JournalRow
from driftwatch.summaries.layout import FieldKind, Layout
from tests.scenarios.plain_counts import (
    INVALID,
    Entry,
    Value,
    decision_of,
    field_entries,
    label_entries,
    rows_of,
)
from tests.scenarios.plain_panes import Version
from tests.scenarios.plain_records import Event, Line, number, read, text
from tests.scenarios.plain_rules import ALWAYS, NEVER, Rules, StreamRules

STREAMS: Final = ("predictions", "features", "labels")
VERSIONS_LIVE: Final = 4


Logs = Mapping[Partition, Sequence[Line]]


@dataclass
class Way:
    """How far one partition of one stream has come."""

    running_ms: int = NEVER
    floor_ms: int = NEVER
    idle: bool = False


class Closed(NamedTuple):
    """A pane that became final, or a window that ended with it."""

    version: str
    stream: str
    window: str
    """Empty for a pane."""
    end_ms: int
    events: int


@dataclass
class Told:
    """What one commit decided."""

    closed: list[Closed] = field(default_factory=list)
    established: list[str] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    limits: dict[str, int] = field(default_factory=dict)


class Plain:
    """One model; `commit` is told the offsets reached and the journal rows, and decides the rest."""

    def __init__(self, rules: Rules, logs: Logs, hash_of: Callable[[str], int]) -> None:
        self.rules, self._logs, self._hash_of = rules, logs, hash_of
        self.classes: dict[tuple[str, Partition], Counter[str]] = {}
        self.versions: dict[str, Version] = {}
        self.drained: list[Version] = []
        """Layouts that others have replaced."""
        self.reloads: dict[str, Rules] = {}
        """The configurations by the hash that the journal names."""
        self.learned: dict[str, Layout] = {}
        """By version, once the journal says so (E10)."""
        self.layouts: dict[str, Layout] = {}
        """By hash: the layouts of learned references, for journal rows to name."""
        self.learning: set[str] = set()
        self._seen_ms: dict[str, int] = {}
        """The newest event of each version that is being learned."""
        self.frontier_ms = dict.fromkeys(rules.streams, NEVER)
        self._released_ms = dict.fromkeys(rules.streams, NEVER)
        self._limit = int(rules.sample * (2**63 - 1))
        self._offsets: dict[Partition, int] = {}
        self._ways: dict[tuple[str, Partition], Way] = {}
        self._aside: set[tuple[Partition, int]] = set()
        self._kept: dict[str, dict[str, list[Event]]] = {"predictions": {}, "features": {}}
        self._waiting: dict[str, list[Event]] = {stream: [] for stream in rules.streams}
        self._labels: dict[tuple[Partition, int], Value] = {}
        """The first label of each prediction."""

    # -- a commit (E1) ------------------------------------------------------------------------------

    def commit(
        self, offsets: Mapping[Partition, int], journal: Sequence[JournalRow], *, finish: bool
    ) -> Told:
        """Read up to `offsets`, then decide; `journal` holds this commit's rows, in their order."""
        for row in journal:
            self._before_reading(row)
        for partition in sorted(offsets):
            self._read_on(partition, offsets[partition])
        self._advance()
        for row in journal:
            if row.kind == "idle":
                for stream in self._streams_of(_partition(row)):
                    self._ways[stream, _partition(row)].idle = True
        self._advance()
        if finish:
            self.frontier_ms = dict.fromkeys(self.frontier_ms, ALWAYS)
        if "features" in self.rules.streams and self._stands_still("features"):
            self._pass_over()
        told = Told(limits=self._release())
        self._close(told, finish)
        for row in journal:
            if row.kind == "learning" and row.details["became"] == "given_up":
                self.learning.discard(row.details["version"])
                del self._seen_ms[row.details["version"]]
            elif row.kind == "layout":
                self._learn(row.details["version"], row.details["layout"], row.details["starts_ms"])
        self._end_versions(told)
        for row in journal:
            if row.kind == "halve":
                self._halve(row.details["limit"])
        return told

    def _before_reading(self, row: JournalRow) -> None:
        if row.kind == "plans":
            self._reload(self.reloads[row.details["hash"]])
        elif row.kind == "start":
            partition = _partition(row)
            self._offsets[partition] = row.details["first"]
            for stream in self._streams_of(partition):
                floor_ms = self.frontier_ms[stream]
                empty = row.details["first"] == row.details["end"]
                self._ways[stream, partition] = Way(floor_ms=floor_ms, idle=empty)
        elif row.kind == "active":
            for stream in self._streams_of(_partition(row)):
                way = self._ways[stream, _partition(row)]
                if way.idle:
                    way.idle, way.floor_ms = False, self.frontier_ms[stream]
        elif row.kind == "admit":
            self.version(row.details["version"])
        elif row.kind == "set_aside":
            first, last = row.details["first"], row.details["last"]
            self._aside.update((_partition(row), offset) for offset in range(first, last + 1))

    def _stands_still(self, stream: str) -> bool:
        return all(way.idle for (of, _), way in self._ways.items() if of == stream)

    def _streams_of(self, partition: Partition) -> list[str]:
        return [name for name, stream in self.rules.streams.items() if stream.topic == partition.topic]

    # -- reading ------------------------------------------------------------------------------------

    def _read_on(self, partition: Partition, end: int) -> None:
        first = self._offsets.get(partition, 0)
        for line in self._logs.get(partition, ()):
            if first <= line.offset < end:
                for stream in self._streams_of(partition):
                    self._take(stream, partition, line)
        self._offsets[partition] = end

    def _take(self, stream: str, partition: Partition, line: Line) -> None:
        rules, way = self.rules.streams[stream], self._ways[stream, partition]
        if (partition, line.offset) in self._aside:
            self._ends(stream, partition, "future")
            return
        time_ms, found = read(stream, rules, self.rules.task, self._numeric(), partition, line)
        if isinstance(found, str):
            self._ends(stream, partition, found)
            if found == "filtered" and time_ms is not None:
                self._timely(way, rules, time_ms, line.stamp_ms)
            return
        why = self._timely(way, rules, found.time_ms, line.stamp_ms)
        if why is not None:
            self._ends(stream, partition, why)
        elif stream == "labels":
            self._waits(found)
        elif stream == "predictions":
            self._predicted(found)
        else:
            self._featured(found)

    def _numeric(self) -> set[str]:
        """Features that some layout has as numbers."""
        layouts = [*(layout for _, layout in self.rules.layouts if layout), *self.learned.values()]
        return {f.name for of in layouts for p in of.parts for f in p.fields if f.kind is FieldKind.NUMERIC}

    def _timely(self, way: Way, rules: StreamRules, time_ms: int, stamp_ms: int) -> str | None:
        """Late or future, or None; moves the running maximum by min(event time, record timestamp) (E6)."""
        stamped = stamp_ms >= 0
        if stamped and time_ms > stamp_ms + self.rules.max_future_ms:
            return "future"
        late = time_ms < max(way.running_ms - rules.lateness_ms, way.floor_ms)
        reached = min(time_ms, stamp_ms) if stamped else time_ms
        if not stamped and way.running_ms != NEVER:
            reached = min(reached, way.running_ms + self.rules.max_jump_ms)
        way.running_ms = max(way.running_ms, reached)
        return "late" if late else None

    def _ends(self, stream: str, partition: Partition, why: str, count: int = 1) -> None:
        self.classes.setdefault((stream, partition), Counter())[why] += count

    def _waits(self, event: Event) -> None:
        self._ends(event.stream, event.partition, "waiting")
        self._waiting[event.stream].append(event)

    def _repeats(self, event: Event) -> str | None:
        """The same id in the same partition, in the event time's generation or a neighbour, lowest offset first (E3)."""
        if not event.id:
            return None
        generation = event.time_ms // self.rules.generation_ms
        for kept in self._kept[event.stream].get(event.id, ()):
            near = abs(kept.time_ms // self.rules.generation_ms - generation) <= 1
            if kept.partition == event.partition and near:
                return "duplicate" if kept.payload == event.payload else "duplicate_conflict"
        return None

    def _keep(self, event: Event) -> None:
        if event.id and self._hash_of(event.id) <= self._limit:
            self._kept[event.stream].setdefault(event.id, []).append(event)

    def _predicted(self, event: Event) -> None:
        version = self.version(event.version)
        if version == "learning":
            self._seen_ms[event.version] = max(self._seen_ms.get(event.version, NEVER), event.time_ms)
        if version == "unknown_version":
            self._ends("predictions", event.partition, "unknown_version")
            return
        place = self._place(event.version, event.time_ms)
        if (why := self._repeats(event)) is None:
            event.layout = place.layout.hash if isinstance(place, Version) else ""
            self._keep(event)
            why = place if isinstance(place, str) else None
        if why is not None:
            self._ends("predictions", event.partition, why)
        elif self.rules.predictions_wait:
            self._waits(event)
        else:
            assert isinstance(place, Version)
            self._count_prediction(place, event, event.slices)
            self._ends("predictions", event.partition, "accepted")

    def _featured(self, event: Event) -> None:
        why = self._repeats(event)
        if why is None:
            self._keep(event)
            if self.rules.features_wait:
                self._waits(event)
                return
            place = self._place(event.version, event.time_ms)
            if isinstance(place, Version):
                self._count_features(place, event, event.slices)
            why = "accepted" if isinstance(place, Version) else place
        self._ends("features", event.partition, why)

    # -- versions (E11) -----------------------------------------------------------------------------

    def version(self, name: str, *, learn: bool = True) -> Version | str:
        """The live version of this name, admitted at first sight, or the class of its events."""
        if name in self.versions:
            return self.versions[name]
        if name in self.learning:
            return "learning"
        matching = [layout for pattern, layout in self.rules.layouts if fnmatchcase(name, pattern)]
        if not matching or len(self.versions) + len(self.learning) >= VERSIONS_LIVE:
            return "unknown_version"
        layout = self.learned.get(name, matching[0])
        if layout is None:
            if not learn:
                return "unknown_version"
            self.learning.add(name)
            return "learning"
        if any((old.name, old.layout.hash) == (name, layout.hash) for old in self.drained):
            return "unknown_version"  # two of one layout would share their panes (E9)
        starts_ms = max((old.ends_ms for old in self.drained if old.name == name), default=NEVER)
        self.versions[name] = Version(name, layout, starts_ms)
        return self.versions[name]

    def all_versions(self) -> list[Version]:
        """Every layout in which something can be counted, by name, the oldest first."""
        return sorted([*self.versions.values(), *self.drained], key=lambda v: (v.name, v.starts_ms))

    def _place(self, name: str, time_ms: int) -> Version | str:
        """The layout of a version in which an event of this time counts, or its class (E9)."""
        found = self.version(name)
        for version in self.all_versions():
            if version.name == name and version.holds(time_ms):
                return version
        return "learning" if isinstance(found, Version) else found

    def _place_of_label(self, prediction: Event) -> Version | str:
        """Labels count in the layout of their predictions, as long as that lives."""
        for version in self.drained:
            if (version.name, version.layout.hash) == (prediction.version, prediction.layout):
                return version
        found = self.version(prediction.version, learn=False)
        if isinstance(found, Version) and prediction.layout != found.layout.hash:
            return "learning" if not prediction.layout else "unknown_version"
        return found

    def _reload(self, rules: Rules) -> None:
        """Versions whose layout changes are counted in the new one from the first pane after all that was counted."""
        self.rules = rules
        for name, old in sorted(self.versions.items()):
            layout = next(layout for pattern, layout in rules.layouts if fnmatchcase(name, pattern))
            assert layout is not None
            if layout.hash == old.layout.hash:
                continue
            starts_ms = old.starts_ms
            if old.last_event_ms != NEVER:
                starts_ms = rules.start(old.last_event_ms, rules.pane_ms) + rules.pane_ms
            if old.last_event_ms != NEVER or any(old.alive(rules, part.stream) for part in old.layout.parts):
                self.drained.append(old)
            old.ends_ms = starts_ms
            self.versions[name] = Version(name, layout, starts_ms)

    def _learn(self, name: str, layout: str, starts_ms: int) -> None:
        """The learned layout starts at the first pane after everything that was seen (E10)."""
        self.learning.discard(name)
        self.learned[name] = self.layouts[layout]
        newest_ms = self._seen_ms.pop(name)
        assert starts_ms == self.rules.start(newest_ms, self.rules.pane_ms) + self.rules.pane_ms
        self.versions[name] = Version(name, self.learned[name], starts_ms, last_event_ms=newest_ms)

    # -- deciding (E2) ------------------------------------------------------------------------------

    def _advance(self) -> None:
        for stream, rules in self.rules.streams.items():
            active = [
                max(way.running_ms - rules.lateness_ms, way.floor_ms)
                for (of, _), way in self._ways.items()
                if of == stream and not way.idle
            ]
            if active:
                self.frontier_ms[stream] = max(self.frontier_ms[stream], min(active))

    def _pass_over(self) -> None:
        """Generations expire by labels and predictions (E2); features that stand still are decided up to there."""
        expired_ms = self._expired_ms(self._limits())
        self.frontier_ms["features"] = max(self.frontier_ms["features"], expired_ms)

    def _expired_ms(self, decided_ms: Mapping[str, int]) -> int:
        """Below it no stream needs what is remembered (E2); features that stand still are not asked (E4)."""
        asked = [
            decided_ms[stream]
            for stream in decided_ms
            if stream != "features" or not self._stands_still("features")
        ]
        reach_ms, generation_ms = (
            self.rules.max_delay_ms + self.rules.join_within_ms,
            self.rules.generation_ms,
        )
        return (min(asked) - reach_ms) // generation_ms * generation_ms

    def _holds(self, stream: str) -> int:
        """How far another stream may go for this one's sake: one that stands still holds nobody (E4)."""
        return ALWAYS if self._stands_still(stream) else self.frontier_ms[stream]

    def _limits(self) -> dict[str, int]:
        """The times below which each stream is decided."""
        rules, within = self.rules, self.rules.join_within_ms
        limits = dict(self.frontier_ms)
        if rules.predictions_wait:
            limits["predictions"] = min(limits["predictions"], self._holds("features") - within)
        if rules.features_wait:
            limits["features"] = min(limits["features"], self._holds("predictions") - within)
        if "labels" in limits:
            limits["labels"] = min(limits["labels"], self._holds("predictions") - within)
            if rules.predictions_wait:
                limits["labels"] = min(limits["labels"], self._holds("features") - 2 * within)
        return {stream: max(limit, self._released_ms[stream]) for stream, limit in limits.items()}

    def _release(self) -> dict[str, int]:
        limits = self._limits()
        for stream in STREAMS:
            if stream in limits:
                self._released_ms[stream] = limits[stream]
                due = sorted(
                    (e for e in self._waiting[stream] if e.time_ms < limits[stream]), key=lambda e: e.order
                )
                self._waiting[stream] = [e for e in self._waiting[stream] if e.time_ms >= limits[stream]]
                for event in due:
                    self._ends(stream, event.partition, "waiting", -1)
                    self._ends(stream, event.partition, self._decide(event))
        return limits

    def _decide(self, event: Event) -> str:
        if event.stream == "predictions":
            met = self._near("features", event.id, event.time_ms)
            place = self._place(event.version, event.time_ms)
            if isinstance(place, str):
                return place
            self._count_prediction(place, event, _merged(event.slices, met))
            return "accepted" if met else "unjoined"
        if event.stream == "features":
            return self._decide_features(event)
        return self._decide_label(event)

    def _decide_features(self, event: Event) -> str:
        met = self._near("predictions", event.id, event.time_ms)
        name: str | None = event.version
        if self.rules.streams["features"].version is None:
            versioned = self.rules.streams["predictions"].version is not None
            name = met.version if met else None if versioned else "default"
        if name is None:
            return "unjoined"
        place = self._place(name, event.time_ms)
        if isinstance(place, str):
            return place
        self._count_features(place, event, _merged(event.slices, met))
        return "accepted" if met else "unjoined"

    def _decide_label(self, label: Event) -> str:
        if self._hash_of(label.id) > self._limit:
            return "not_sampled"
        met = self._first("predictions", label.id, label.time_ms - self.rules.max_delay_ms, label.time_ms)
        if met is None:
            return "unmatched"
        key = (met.partition, met.offset)
        if key in self._labels:
            return "duplicate" if self._labels[key] == label.label else "label_conflict"
        self._labels[key] = label.label
        place = self._place_of_label(met)
        if isinstance(place, str):
            return place
        slices = met.slices
        if self.rules.predictions_wait:
            slices = _merged(slices, self._near("features", label.id, met.time_ms))
        self._count_label(place, met, label.label, label.time_ms, slices)
        return "accepted"

    def _near(self, stream: str, id_: str, time_ms: int) -> Event | None:
        return self._first(stream, id_, time_ms - self.rules.join_within_ms, time_ms)

    def _first(self, stream: str, id_: str, from_ms: int, time_ms: int) -> Event | None:
        """The match with the smallest (time, partition, offset); up to `join_within` after the time (E2)."""
        to_ms = time_ms + self.rules.join_within_ms
        found = [e for e in self._kept[stream].get(id_, ()) if from_ms <= e.time_ms <= to_ms]
        return min(found, key=lambda e: e.order, default=None)

    def _halve(self, limit: int) -> None:
        """Ids above it are deleted in every generation (E12)."""
        self._limit = limit
        for kept in self._kept.values():
            for id_ in [id_ for id_ in kept if self._hash_of(id_) > limit]:
                del kept[id_]

    # -- counting -----------------------------------------------------------------------------------

    def _count_prediction(self, version: Version, event: Event, slices: Mapping[str, Value]) -> None:
        decision = self._decision(version.layout, event)
        values = {**event.values, "score": event.score}
        self._add(version, "predictions", event.time_ms, slices, values, decision)
        if self.rules.own_labels and event.label is not None:
            self._count_label(version, event, event.label, event.time_ms, slices)

    def _count_features(self, version: Version, event: Event, slices: Mapping[str, Value]) -> None:
        self._add(version, "features", event.time_ms, slices, event.values, -1)

    def _decision(self, layout: Layout, event: Event) -> int:
        rules = self.rules.streams["predictions"]
        score = event.score if rules.score else None
        return decision_of(layout, rules.decision is not None, event.decision, score)

    def _add(
        self,
        version: Version,
        stream: str,
        time_ms: int,
        slices: Mapping[str, Value],
        values: Mapping[str, Any],
        decision: int,
    ) -> None:
        parts = [part for part in version.layout.parts if part.stream == stream]
        if parts:
            read: dict[str, Value] = {
                field.name: number(values.get(field.name))
                if field.kind is FieldKind.NUMERIC
                else text(values.get(field.name))
                for field in parts[0].fields
            }
            self._enter(version, stream, time_ms, slices, field_entries(parts[0], read, decision))
            version.last_event_ms = max(version.last_event_ms, time_ms)

    def _count_label(
        self, version: Version, prediction: Event, label: Value, time_ms: int, slices: Mapping[str, Value]
    ) -> None:
        """In the pane of the label's own time, by its age (E5)."""
        age_ms = max(0, time_ms - prediction.time_ms)
        decision = self._decision(version.layout, prediction)
        own = {name: number(v) for name, v in prediction.values.items() if name.startswith("score[")}
        entries = label_entries(version.layout, decision, prediction.score, label, age_ms, own)
        self._enter(version, "labels", time_ms, slices, entries)

    def _enter(
        self,
        version: Version,
        stream: str,
        time_ms: int,
        slices: Mapping[str, Value],
        entries: Iterable[Entry],
    ) -> None:
        start_ms = self.rules.start(time_ms, self.rules.pane_ms)
        assert start_ms >= version.closed_ms.get(stream, NEVER), "counted into a closed pane"
        pane = version.panes.setdefault((stream, start_ms), Counter())
        for row in rows_of(version.layout.slices, slices):
            for column, amount in entries:
                pane[row, column] += amount

    # -- closing (E1, E7) ---------------------------------------------------------------------------

    def _close(self, told: Told, finish: bool) -> None:
        limits = dict(told.limits)
        if finish:
            limits = dict.fromkeys(limits, self._end_of_all())
        if self.rules.own_labels:
            limits["labels"] = limits["predictions"]
        told.limits = limits
        steps: list[tuple[tuple[int, bool, int], str]] = []
        every = [(version, part.stream) for version in self.all_versions() for part in version.layout.parts]
        for place, (version, stream) in enumerate(every):
            for end_ms in version.ends_of(self.rules, stream, limits[stream]):
                steps.append(((end_ms, stream == "labels", place), stream))
        for (end_ms, _, place), stream in sorted(steps):
            self._tell_closed(told, every[place][0], stream, end_ms)

    def _end_of_all(self) -> int:
        """The end of the last window that holds something: the inputs are over."""
        times = [way.running_ms for way in self._ways.values()]
        for version in self.all_versions():
            times += [s for (stream, s) in version.panes if s >= version.closed_ms.get(stream, NEVER)]
        newest = max(times, default=NEVER)
        return max(self.rules.start(newest, slide) + slide for _, _, slide in self.rules.windows)

    def _tell_closed(self, told: Told, version: Version, stream: str, end_ms: int) -> None:
        name = version.name
        events = version.events(stream, end_ms - self.rules.pane_ms, end_ms)
        told.closed.append(Closed(name, stream, "", end_ms, events))
        if version.drains:  # counted to its end, and judged no more
            return
        if stream == "predictions" and events >= self.rules.established and not version.established:
            version.established = True
            told.established.append(name)
        for window, size, slide in self.rules.windows:
            if (end_ms - self.rules.origin_ms) % slide == 0:
                inside = version.events(stream, end_ms - size, end_ms)
                told.closed.append(Closed(name, stream, window, end_ms, inside))

    def _end_versions(self, told: Told) -> None:
        """A version that has left every window ends, while a later one lives; a layout, once no label can reach it."""
        newest = max((version.last_event_ms for version in self.versions.values()), default=0)
        longest = max(size for _, size, _ in self.rules.windows)
        closed_ms = told.limits["predictions"]
        expired_ms = self._expired_ms(self._released_ms)
        for version in self.all_versions():
            over = version.last_event_ms < min(newest, closed_ms - longest)
            if version.drains:
                over = version.ends_ms <= min(closed_ms, expired_ms)
            if over and not any(version.alive(self.rules, part.stream) for part in version.layout.parts):
                told.ended.append(version.name)
                if version.drains:
                    self.drained.remove(version)
                else:
                    del self.versions[version.name]


def _partition(row: JournalRow) -> Partition:
    return Partition(row.details["topic"], row.details["partition"])


def _merged(own: Mapping[str, Value], met: Event | None) -> dict[str, Value]:
    """Own slice values, and where they are unknown those of the event that was met."""
    other = met.slices if met else {}
    columns = {*own, *other}
    return {c: own[c] if own.get(c) not in (None, INVALID) else other.get(c) for c in columns}
