"""Blocks of events become counts: duplicates leave, what must wait waits, the rest is counted in its version's panes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from driftwatch.events.assemble import DEFAULT_VERSION
from driftwatch.events.block import Block
from driftwatch.events.classes import CODE, RecordClass, Stream
from driftwatch.events.joins import (
    LABEL_ROW,
    PREDICTION_ROW,
    SLICE_COLUMNS_MAX,
    JoinRows,
    JoinTable,
    JoinTables,
)
from driftwatch.events.matching import match
from driftwatch.monitor.class_scores import ClassScores
from driftwatch.monitor.inspecting import Inspecting
from driftwatch.monitor.joining import label_rows, labelled, prediction_rows, remember, repeated
from driftwatch.monitor.plan import ModelPlan
from driftwatch.monitor.tally import Tally
from driftwatch.monitor.values import OTHER, UNKNOWN, Codes, SliceValues
from driftwatch.monitor.version import Cells, Version
from driftwatch.monitor.versions import Versions

Ints = NDArray[np.int64]
ALL_IDS: Final = 2**63 - 1
_ACCEPTED: Final = CODE[RecordClass.ACCEPTED]
_NO_VERSION: Final = -1


@dataclass(slots=True)
class Noticed:
    """What is worth a fact, summed up between two commits."""

    folded: dict[str, int] = field(default_factory=dict[str, int])
    split: dict[Stream, int] = field(default_factory=dict[Stream, int])


class Counting:
    """The three streams of one model, from blocks to panes; owns the join tables' use, not their storage."""

    def __init__(
        self,
        plan: ModelPlan,
        versions: Versions,
        values: SliceValues,
        tally: Tally,
        joins: JoinTables,
        inspecting: Inspecting,
        scored: Sequence[Sequence[str]] = (),
    ) -> None:
        """`scored`: lists of class scores for which the state may hold join rows."""
        self.plan, self.versions, self.values, self.tally = plan, versions, values, tally
        self.limit = ALL_IDS
        """Ids above it are not sampled (E12)."""
        self.noticed = Noticed()
        self._inspecting = inspecting
        self.predictions: JoinTable = joins.table(plan.name, "predictions", PREDICTION_ROW)
        self.features: JoinTable = joins.table(plan.name, "features", PREDICTION_ROW)
        self.labels: JoinTable = joins.table(plan.name, "labels", LABEL_ROW)
        self.class_scores = ClassScores(plan, joins, scored)
        self._within_ms = plan.spec.join_within

    def take_noticed(self) -> Noticed:
        """What was noticed since the last call."""
        noticed, self.noticed = self.noticed, Noticed()
        return noticed

    def arrive_predictions(self, block: Block) -> Block | None:
        """Predictions on time: count them; where they await features, answer those that begin to wait."""
        block = self._watched(Stream.PREDICTIONS, block)
        block = self._without_repeats(Stream.PREDICTIONS, self.predictions, block)
        waiting: list[Block] = []
        for version, part in self._by_version(Stream.PREDICTIONS, block):
            codes = self._carried(Stream.PREDICTIONS, part)
            decisions = version.decisions(part.decisions, part.scores, len(part))
            rows = prediction_rows(part, codes, version.decider.codes(decisions), self._number(version))
            self._remember(self.predictions, part, rows)
            self._remember_class_scores(part)
            if self.plan.predictions_wait:
                waiting.append(part)
                self.tally.add_all(Stream.PREDICTIONS, part.partitions, RecordClass.WAITING)
            else:
                self._count_predictions(version, part, codes, decisions)
                self._count_own_labels(version, part, rows, codes)
                self.tally.add_all(Stream.PREDICTIONS, part.partitions, RecordClass.ACCEPTED)
        return Block.joined(waiting) if waiting else None

    def release_predictions(self, block: Block) -> None:
        """Predictions whose features are all known by now: take over their slice values and count."""
        places, rows = self._near(self.features, block)
        codes = _merged(self._carried(Stream.PREDICTIONS, block), places, rows)
        met = np.zeros(len(block), np.bool_)
        met[places] = True
        self.tally.add_all(Stream.PREDICTIONS, block.partitions, RecordClass.WAITING, -1)
        for version, here in self._places(block.versions, block.times_ms):
            part = block.select(here)
            self._settle(Stream.PREDICTIONS, part, met[here], version)
            if isinstance(version, Version):
                decisions = version.decisions(part.decisions, part.scores, len(part))
                self._count_predictions(version, part, codes[here], decisions)
                left = prediction_rows(
                    part, codes[here], version.decider.codes(decisions), self._number(version)
                )
                self._count_own_labels(version, part, left, codes[here])

    def arrive_features(self, block: Block) -> Block | None:
        """Features on time: count them; where they await predictions, answer them all."""
        block = self._without_repeats(Stream.FEATURES, self.features, block)
        if not len(block):
            return None
        codes = self._carried(Stream.FEATURES, block)
        nothing = np.full(len(block), -1, np.int32)
        self._remember(self.features, block, prediction_rows(block, codes, nothing, _NO_VERSION))
        if self.plan.features_wait:
            self.tally.add_all(Stream.FEATURES, block.partitions, RecordClass.WAITING)
            return block
        for version, part in self._by_version(Stream.FEATURES, block):
            self._count_features(version, part, self._carried(Stream.FEATURES, part))
            self.tally.add_all(Stream.FEATURES, part.partitions, RecordClass.ACCEPTED)
        return None

    def release_features(self, block: Block) -> None:
        """Features whose predictions are all known by now: take over version and slice values, and count.

        Without its prediction a features record counts in the `__unknown__` slices of its own version. Where it
        names none, and predictions do, it counts nowhere, and its class says so: which versions are live at this
        moment depends on the interleaving.
        """
        places, rows = self._near(self.predictions, block)
        codes = _merged(self._carried(Stream.FEATURES, block), places, rows)
        met = np.zeros(len(block), np.bool_)
        met[places] = True
        self.tally.add_all(Stream.FEATURES, block.partitions, RecordClass.WAITING, -1)
        names = self._versions_of(block, places, rows)
        for version, here in self._places(names, block.times_ms):
            part = block.select(here)
            self._settle(Stream.FEATURES, part, met[here], version)
            if isinstance(version, Version):
                self._count_features(version, part, codes[here])

    def _versions_of(self, block: Block, places: Ints, rows: JoinRows) -> Sequence[str | None]:
        """The versions of features: their own, or those of the predictions at `places`; None where nobody says."""
        if self.plan.streams[Stream.FEATURES].reading.version:
            return block.versions
        versioned = self.plan.streams[Stream.PREDICTIONS].reading.version is not None
        names = [None if versioned else DEFAULT_VERSION] * len(block)
        for place, number in zip(places.tolist(), rows["version"].tolist(), strict=True):
            names[place] = self.versions.names[number][0]
        return names

    def arrive_labels(self, block: Block) -> Block:
        """Labels on time all wait until every prediction they could belong to is known (E2)."""
        self.tally.add_all(Stream.LABELS, block.partitions, RecordClass.WAITING)
        return block

    def release_labels(self, block: Block) -> None:
        """Labels in the order (time, partition, offset): join each to its prediction and count it, or say why not."""
        self.tally.add_all(Stream.LABELS, block.partitions, RecordClass.WAITING, -1)
        codes = np.full(len(block), CODE[RecordClass.UNMATCHED], np.int64)
        codes[block.ids > self.limit] = CODE[RecordClass.NOT_SAMPLED]
        sampled = np.flatnonzero(block.ids <= self.limit)
        places, rows = match(
            self.predictions,
            block.ids[sampled],
            block.times_ms[sampled],
            generation_ms=self.plan.generation_ms,
            before_ms=self.plan.max_delay_ms,
            after_ms=self._within_ms,
        )
        places = sampled[places]
        joined = block.select(places)
        again = labelled(self.labels, joined, rows, self.plan.generation_ms)
        codes[places] = again
        numbers: list[int] = rows["version"].tolist()
        named = [self.versions.names[number][0] for number in numbers]
        self._inspecting.count(Stream.LABELS, joined, again, named)
        fresh = np.flatnonzero(again == _ACCEPTED)
        joined, rows = joined.select(fresh), rows[fresh]
        by_version = self._by_their_versions(rows)
        codes[places[fresh]] = by_version
        remember(self.labels, joined.ids, label_rows(joined, rows), rows["time_ms"], self.plan.generation_ms)
        counted = np.flatnonzero(by_version == _ACCEPTED)
        self._count_labels(joined.select(counted), rows[counted])
        self.tally.add_codes(Stream.LABELS, block.partitions, codes)

    def _by_their_versions(self, rows: JoinRows) -> Ints:
        """Class codes of labels by their predictions' versions: counted, still learning (E10), or not watched any more."""
        codes = np.full(len(rows), _ACCEPTED, np.int64)
        numbers: list[int] = np.unique(rows["version"]).tolist()
        for number in numbers:
            found = self.versions.of(number)
            if not isinstance(found, Version):
                codes[rows["version"] == number] = CODE[found]
        return codes

    def _count_labels(self, block: Block, rows: JoinRows) -> None:
        codes = rows["codes"]
        if self.plan.predictions_wait and len(block):
            places, found = match(
                self.features,
                block.ids,
                rows["time_ms"].astype(np.int64),
                generation_ms=self.plan.generation_ms,
                before_ms=self._within_ms,
                after_ms=self._within_ms,
            )
            codes = _merged(codes, places, found)
        numbers: list[int] = np.unique(rows["version"]).tolist()
        for number in numbers:
            version = self.versions.of(number)
            if isinstance(version, Version):
                here = np.flatnonzero(rows["version"] == number)
                part = block.select(here)
                own = self.class_scores.of(part.ids, rows[here], version.scored)
                version.count_labels(part.times_ms, rows[here], part.labels, codes[here], own)

    def _count_own_labels(self, version: Version, block: Block, rows: JoinRows, codes: Codes) -> None:
        """Labels inside the prediction record itself: known at once, at age 0."""
        labelled = [i for i, label in enumerate(block.labels) if label is not None]
        if labelled and self.plan.own_labels:
            here = np.array(labelled, np.int64)
            part = block.select(here)
            own = self.class_scores.inside(part, version.scored)
            version.count_labels(part.times_ms, rows[here], part.labels, codes[here], own)

    def _count_predictions(self, version: Version, block: Block, codes: Codes, decisions: Cells) -> None:
        self._notice_folded(codes)
        version.count(Stream.PREDICTIONS, block, decisions, codes)

    def _count_features(self, version: Version, block: Block, codes: Codes) -> None:
        self._notice_folded(codes)
        version.count(Stream.FEATURES, block, version.decisions([], block.scores, len(block)), codes)

    def _notice_folded(self, codes: Codes) -> None:
        for place, column in enumerate(self.values.columns):
            if count := int(np.count_nonzero(codes[:, place] == OTHER)):
                self.noticed.folded[column] = self.noticed.folded.get(column, 0) + count

    def _watched(self, stream: Stream, block: Block) -> Block:
        """Events of versions that are watched. The others are not remembered, so they must not be what others repeat:
        whether a repetition is found would depend on where the blocks are cut (E3).
        """
        names = list(dict.fromkeys(block.versions))
        unknown = {name for name in names if self.versions.find(name) is RecordClass.UNKNOWN_VERSION}
        if not unknown:
            return block
        gone = np.fromiter((name in unknown for name in block.versions), np.bool_, len(block))
        self.tally.add_all(stream, block.partitions[gone], RecordClass.UNKNOWN_VERSION)
        return block.select(np.flatnonzero(~gone))

    def _without_repeats(self, stream: Stream, table: JoinTable, block: Block) -> Block:
        sampled = block.ids <= self.limit
        looked = np.flatnonzero(sampled)
        again, split = repeated(table, block.select(looked), self.plan.generation_ms)
        if split:
            self.noticed.split[stream] = self.noticed.split.get(stream, 0) + split
        codes = np.full(len(block), _ACCEPTED, np.int64)
        codes[looked] = again
        self._inspecting.count(stream, block, codes)
        gone = codes != _ACCEPTED
        if not gone.any():
            return block
        self.tally.add_codes(stream, block.partitions[gone], codes[gone])
        return block.select(np.flatnonzero(~gone))

    def _places(
        self, names: Sequence[str | None], times_ms: Ints
    ) -> Iterator[tuple[Version | RecordClass, Ints]]:
        """N events by the layout in which each is counted, or by its class; without a version they are `unjoined`."""
        for name in dict.fromkeys(names):
            here = _where(names, name)
            if name is None:
                yield RecordClass.UNJOINED, here
                continue
            for version, places in self.versions.split(name, times_ms[here]):
                yield version, here[places]

    def _by_version(self, stream: Stream, block: Block) -> Iterator[tuple[Version, Block]]:
        for version, places in self._places(block.versions, block.times_ms):
            part = block.select(places)
            if isinstance(version, Version):
                yield version, part
            elif version is RecordClass.LEARNING:
                self._learned_from(stream, part.versions[0], part)
            else:
                self.tally.add_all(stream, part.partitions, version)

    def _number(self, version: Version) -> int:
        return self.versions.number(version.name, version.layout.hash)

    def _learned_from(self, stream: Stream, name: str, block: Block) -> None:
        """Remembered all the same, so that a repetition is one and their labels can say what they belong to."""
        self.tally.add_all(stream, block.partitions, RecordClass.LEARNING)
        if stream is Stream.PREDICTIONS:
            nothing = np.full(len(block), -1, np.int32)
            codes = np.zeros((len(block), SLICE_COLUMNS_MAX), np.int16)
            self._remember(
                self.predictions, block, prediction_rows(block, codes, nothing, self.versions.number(name))
            )

    def _carried(self, stream: Stream, block: Block) -> Codes:
        columns = self.plan.streams[stream].columns
        return self.values.codes([(place, block.texts[text]) for place, text in columns], len(block))

    def _remember(self, table: JoinTable, block: Block, rows: JoinRows) -> None:
        kept = np.flatnonzero(block.ids <= self.limit)
        remember(table, block.ids[kept], rows[kept], block.times_ms[kept], self.plan.generation_ms)

    def _remember_class_scores(self, block: Block) -> None:
        if self.class_scores.kept:
            self.class_scores.remember(block.select(np.flatnonzero(block.ids <= self.limit)))

    def _near(self, table: JoinTable, block: Block) -> tuple[Ints, JoinRows]:
        within = self._within_ms
        return match(
            table,
            block.ids,
            block.times_ms,
            generation_ms=self.plan.generation_ms,
            before_ms=within,
            after_ms=within,
        )

    def _settle(
        self, stream: Stream, block: Block, met: NDArray[np.bool_], version: Version | RecordClass
    ) -> None:
        """What became of events that waited: counted with what they met or without, or of no version that is watched."""
        if isinstance(version, Version):
            self.tally.add_all(stream, block.partitions[met], RecordClass.ACCEPTED)
            self.tally.add_all(stream, block.partitions[~met], RecordClass.UNJOINED)
        else:
            self.tally.add_all(stream, block.partitions, version)


def _merged(codes: Codes, places: Ints, rows: JoinRows) -> Codes:
    """Own codes, and where they are unknown those of the joined row."""
    merged = codes.copy()
    merged[places] = np.where(codes[places] == UNKNOWN, rows["codes"], codes[places])
    return merged


def _where(names: Sequence[str | None], name: str | None) -> Ints:
    if names.count(name) == len(names):
        return np.arange(len(names))
    return np.array([i for i, n in enumerate(names) if n == name], np.int64)
