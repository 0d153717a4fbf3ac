"""Accepted records become a reference: kinds, layout, totals and panes, counted by the same code as live records."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from msgspec import structs
from numpy.typing import NDArray

from driftwatch.errors import ReferenceFileError
from driftwatch.events.block import Block
from driftwatch.events.classes import RecordClass, Stream
from driftwatch.events.records import RecordBatch
from driftwatch.events.spec import DAY_MS
from driftwatch.references.codec import content_hash
from driftwatch.references.design import design
from driftwatch.references.embedding import fit_embeddings
from driftwatch.references.gathered import Gathered, find, texts_at
from driftwatch.references.kinds import Survey
from driftwatch.references.multivariate import fitted_on
from driftwatch.references.panes import collect, no_panes, pane_width_ms
from driftwatch.references.reference import Reference, ReferencePanes
from driftwatch.references.slicing import slice_table
from driftwatch.references.subject import StreamColumns, Subject
from driftwatch.summaries.cells import PartCoder
from driftwatch.summaries.count import add
from driftwatch.summaries.decisions import Decider
from driftwatch.summaries.layout import DECISION, SCORE, FieldKind, Layout, Part, Scheme, class_score
from driftwatch.summaries.performance import LabelCounter, Labelled
from driftwatch.summaries.rows import Joint, SliceCoder

Ints = NDArray[np.int64]
Batches = Callable[[], Iterable[tuple[Stream, RecordBatch]]]
"""The accepted records; called for the kinds, for the embeddings of each stream and for the counts: the same each time."""

GENERATIONS: Final = 16
ALWAYS_MS: Final = 2**60


@dataclass(frozen=True, slots=True)
class Built:
    """A reference, and what people should know of how it came about."""

    reference: Reference
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Inputs:
    """Predictions or features with the slice texts of each event, joined over the streams."""

    columns: StreamColumns
    block: Block
    slices: list[list[str | None]]
    timed: bool


@dataclass(frozen=True, slots=True)
class _Labels:
    """Labels with the prediction that each belongs to (its position) and the label's own time."""

    values: list[float | str | None]
    predictions: Ints
    times_ms: Ints


def build(subject: Subject, batches: Batches, *, version: str = "*", source: str, created_ms: int) -> Built:
    """The reference of all accepted records of versions that match `version`.

    `source` says for people where they came from. Raises ReferenceFileError where they do not make a reference.
    """
    surveys = {s: Survey(subject, s) for s in (Stream.PREDICTIONS, Stream.FEATURES) if subject.spec_of(s)}
    for stream, batch in batches():
        if stream in surveys:
            surveys[stream].read(batch.values)
    maps = {s: fit_embeddings(subject, s, of.lengths, batches(), version) for s, of in surveys.items()}
    columns = {
        stream: subject.columns_of(
            stream, surveys[stream].kinds() if stream in surveys else {}, maps.get(stream, ())
        )
        for stream in Stream
        if subject.spec_of(stream)
    }
    gathered = {stream: Gathered(of.reading) for stream, of in columns.items()}
    for stream, batch in batches():
        if stream in gathered:
            gathered[stream].add(batch)
    inputs, found = _inputs(subject, columns, gathered, version, source)
    labels = _labels(subject, inputs, found)
    unread = {stream: survey.unread() for stream, survey in surveys.items()}
    reference = _counted(subject, inputs, labels, source, created_ms, unread)
    notes = [note for survey in surveys.values() for note in survey.notes()]
    notes += [note for stream, of in gathered.items() for note in _notes(stream, of)]
    notes += _cell_notes(subject, reference.layout)
    notes += _class_notes(subject, inputs[Stream.PREDICTIONS].block, labels)
    return Built(reference, tuple(notes + _label_notes(subject, labels, found)))


def _inputs(
    subject: Subject,
    columns: Mapping[Stream, StreamColumns],
    gathered: Mapping[Stream, Gathered],
    version: str,
    source: str,
) -> tuple[dict[Stream, _Inputs], tuple[Block, bool] | None]:
    """Predictions and features, each event with its slice texts; and the label records, if there are any."""
    delay_ms = subject.labels.max_delay if subject.labels else DAY_MS
    generation_ms = max(delay_ms // GENERATIONS, subject.join_within_ms, 1)
    blocks: dict[Stream, Block] = {}
    for stream, of in gathered.items():
        block = of.block(version, generation_ms)
        if block is not None:
            blocks[stream] = block
        elif stream is not Stream.LABELS:
            why = ", ".join(_notes(stream, of)) or "there are none"
            raise ReferenceFileError(f"{source}: no {stream} of model {subject.model!r} can be used: {why}")
    inputs: dict[Stream, _Inputs] = {}
    for stream in (Stream.PREDICTIONS, Stream.FEATURES):
        if stream in blocks:
            texts = _slice_texts(subject, columns, blocks, stream)
            inputs[stream] = _Inputs(columns[stream], blocks[stream], texts, gathered[stream].timed)
    labels = blocks.get(Stream.LABELS)
    return inputs, None if labels is None else (labels, gathered[Stream.LABELS].timed)


def _slice_texts(
    subject: Subject, columns: Mapping[Stream, StreamColumns], blocks: Mapping[Stream, Block], stream: Stream
) -> list[list[str | None]]:
    """Per slice column the text of each event of `stream`, taken over from the other stream where that carries it."""
    block = blocks[stream]
    texts: list[list[str | None]] = [[None] * len(block) for _ in subject.slice_columns]
    for other in (Stream.PREDICTIONS, Stream.FEATURES):
        if other not in blocks or not columns[other].slices:
            continue
        carried = blocks[other]
        within_ms = subject.join_within_ms
        places = (
            np.arange(len(block))
            if other is stream
            else find(block.ids, block.times_ms, carried, before_ms=within_ms, after_ms=within_ms)
        )
        for column, text in columns[other].slices:
            texts[column] = texts_at(carried.texts[text], places)
    return texts


def _labels(subject: Subject, inputs: Mapping[Stream, _Inputs], found: tuple[Block, bool] | None) -> _Labels:
    """Labels of a stream of their own, joined by id, the first per prediction; else those inside the predictions."""
    predictions = inputs[Stream.PREDICTIONS]
    block = predictions.block
    if found is None:
        places = np.array([i for i, label in enumerate(block.labels) if label is not None], np.int64)
        return _Labels([block.labels[i] for i in places.tolist()], places, block.times_ms[places])
    labels, timed = found
    timed = timed and predictions.timed
    before_ms = subject.labels.max_delay if timed and subject.labels else ALWAYS_MS
    after_ms = subject.join_within_ms if timed else ALWAYS_MS
    labels = labels.select(np.lexsort((labels.offsets, labels.partitions, labels.times_ms)))
    places = find(labels.ids, labels.times_ms, block, before_ms=before_ms, after_ms=after_ms)
    matched = np.flatnonzero(places >= 0)
    _, first = np.unique(places[matched], return_index=True)
    kept = matched[np.sort(first)]
    times_ms = labels.times_ms[kept] if timed else block.times_ms[places[kept]]
    return _Labels([labels.labels[i] for i in kept.tolist()], places[kept], times_ms)


def _counted(
    subject: Subject,
    inputs: Mapping[Stream, _Inputs],
    labels: _Labels,
    source: str,
    created_ms: int,
    unread: Mapping[Stream, frozenset[str]],
) -> Reference:
    predictions = inputs[Stream.PREDICTIONS]
    texts = dict(zip(subject.slice_columns, predictions.slices, strict=True))
    slices = slice_table(subject.dimensions, texts, subject.cells.slice_values)
    streams = [(of.columns, of.block) for of in inputs.values()]
    layout = design(subject, streams, slices, labels.values)
    coder = SliceCoder(slices)
    totals: dict[Stream, Ints] = {}
    panes: dict[Stream, ReferencePanes] = {}
    joints: dict[Stream, Joint] = {}
    for stream, of in inputs.items():
        joints[stream] = coder.joint(coder.codes(of.slices, len(of.block))[0])
        part = layout.part(stream)
        assert part is not None, stream
        adds = _adder(layout, part, of, joints[stream])
        totals[stream], panes[stream] = _stream(subject, layout, part, adds, of.block.times_ms, of.timed)
    if (part := layout.part(Stream.LABELS)) is not None:
        adds = _label_adder(layout, predictions, labels, joints[Stream.PREDICTIONS])
        counted = _stream(subject, layout, part, adds, labels.times_ms, predictions.timed)
        totals[Stream.LABELS], panes[Stream.LABELS] = counted
    times_ms = predictions.block.times_ms
    reference = Reference(
        model=subject.model,
        layout=layout,
        totals=totals,
        panes=panes,
        start_ms=int(times_ms.min()) if predictions.timed else 0,
        end_ms=int(times_ms.max()) + 1 if predictions.timed else 0,
        events=len(predictions.block),
        source=source,
        created_ms=created_ms,
        hash="",
        unread=unread,
    )
    return replace(reference, hash=content_hash(reference))


_Adds = Callable[[Ints, Ints], None]
"""Counts the events at given positions into a matrix."""


def _stream(
    subject: Subject, layout: Layout, part: Part, adds: _Adds, times_ms: Ints, timed: bool
) -> tuple[Ints, ReferencePanes]:
    shape = (len(layout.slices.rows), part.columns)
    total = np.zeros(shape, np.int64)
    adds(total, np.arange(len(times_ms)))
    if not timed or not len(times_ms):
        return total, no_panes(subject.pane_ms)
    first_ms, last_ms = int(times_ms.min()), int(times_ms.max())
    width_ms = pane_width_ms(first_ms, last_ms, subject.pane_ms, subject.origin_ms)
    return total, collect(times_ms, width_ms, subject.origin_ms, shape, adds)


def _adder(layout: Layout, part: Part, of: _Inputs, joint: Joint) -> _Adds:
    reading, block = of.columns.reading, of.block
    names = {field.name for field in part.fields}
    decisions = Decider(layout).cells(block.decisions, block.scores) if DECISION in names else None
    coder = PartCoder(part, reading.number_names, reading.text_names)
    cells = coder.cells(block.numbers, block.texts, block.scores if SCORE in names else None, decisions)

    own, made = _halves(part)
    made_rows = np.arange(len(own.fields), len(part.fields))
    own_cells, made_cells = np.delete(cells, made_rows, axis=0), cells[made_rows]
    for_fit = fitted_on(block) if made.fields else None

    def adds(matrix: Ints, places: Ints) -> None:
        add(own, layout.slices, matrix, own_cells.take(places, axis=1), joint.take(places))
        if for_fit is not None:
            places = places[~for_fit[places]]
            add(made, layout.slices, matrix, made_cells.take(places, axis=1), joint.take(places))

    return adds


def _halves(part: Part) -> tuple[Part, Part]:
    """The part without and with nothing but its derived fields; both have its columns."""
    derived = part.fields[len(part.own) :]
    return structs.replace(part, fields=part.own), structs.replace(part, fields=derived, blocks=())


def _label_adder(layout: Layout, inputs: _Inputs, labels: _Labels, joint: Joint) -> _Adds:
    """Ages are 0 where labels and predictions have no times of their own to tell."""
    predictions, part = inputs.block, layout.part(Stream.LABELS)
    names = inputs.columns.reading.number_names
    columns = [names.index(name) for name in part.scored] if part is not None else []
    decider, counter, of = Decider(layout), LabelCounter(layout), labels.predictions
    scores = predictions.scores[of] if len(predictions.scores) else np.full(len(of), np.nan)
    codes = decider.codes(decider.cells(predictions.decisions, predictions.scores))
    ages_ms = np.maximum(labels.times_ms - predictions.times_ms[of], 0)
    own = predictions.numbers[of][:, columns] if columns else None
    labelled = Labelled(scores, codes[of], decider.labels(labels.values), ages_ms, own)
    rows = joint.take(of)

    def adds(matrix: Ints, places: Ints) -> None:
        counter.add(matrix, labelled.take(places), rows.take(places))

    return adds


def _notes(stream: Stream, of: Gathered) -> list[str]:
    """Records that are not in the reference, by class."""
    return [
        f"{count} {stream} records are not counted: {why.value}"
        for why, count in sorted(of.rejected.items())
        if count and why is not RecordClass.FILTERED
    ]


def _cell_notes(subject: Subject, layout: Layout) -> list[str]:
    cut = [f for part in layout.parts for f in part.fields if f.kind is FieldKind.NUMERIC]
    return [
        f"{field.name}: more than {subject.cells.exact_max} distinct values, so it has cells of equal mass; "
        "for exact ones raise `cells: {exact_max: …}`"
        for field in cut
        if subject.cells.of(field.name).scheme is Scheme.EXACT and field.scheme is not Scheme.EXACT
    ]


def _class_notes(subject: Subject, predictions: Block, labels: _Labels) -> list[str]:
    """Classes with a score of their own that nothing decided or turned out to be: most likely written in another way."""
    occurring = {*predictions.decisions, *labels.values}
    return [
        f"{class_score(name)}: no decision and no label is {name!r}; "
        "write the classes of `class_scores` as decisions and labels have them"
        for name in subject.predictions.class_scores
        if name not in occurring
    ]


def _label_notes(subject: Subject, labels: _Labels, found: tuple[Block, bool] | None) -> list[str]:
    if not subject.has_labels:
        return []
    if found is not None and len(found[0]) > len(labels.values):
        return [
            f"{len(found[0]) - len(labels.values)} label records belong to no prediction, or to one that has a label"
        ]
    if not labels.values:
        return ["there are no labels, so performance has nothing to be compared with"]
    return []
