"""What of a model's configuration shapes its reference, and how its streams are read for it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from driftwatch.events.classes import Stream
from driftwatch.events.embeddings import Embedding
from driftwatch.events.fields import FieldPath, feature_paths, split
from driftwatch.events.reading import LabelKind, StreamReading, reading_of
from driftwatch.events.spec import MINUTE_MS, FeaturesSpec, LabelsSpec, PredictionsSpec, StreamSpec
from driftwatch.references.spec import CellsSpec, MultivariateSpec
from driftwatch.summaries.embedded import Embedded
from driftwatch.summaries.layout import FieldKind, Task, class_score

Kinds = Mapping[str, FieldKind]
"""Kind of each feature of one stream, in the order of its fields."""

DEFAULT_CELLS: Final = CellsSpec()
LABEL_KINDS: Final = {
    Task.BINARY: LabelKind.BINARY,
    Task.MULTICLASS: LabelKind.CLASS,
    Task.REGRESSION: LabelKind.NUMBER,
}


@dataclass(frozen=True, slots=True)
class StreamColumns:
    """How one stream is read, and where its slice columns are among the decoder's texts."""

    reading: StreamReading
    categorical: int
    """How many of the reading's `textual` are features; the others are slice columns only."""
    slices: tuple[tuple[int, int], ...]
    """(position among the model's slice columns, position in the reading's `textual`)."""


@dataclass(frozen=True, slots=True)
class Subject:
    """The model whose reference is built; all of it comes from its configuration."""

    model: str
    task: Task
    predictions: PredictionsSpec
    features: FeaturesSpec | None = None
    labels: LabelsSpec | None = None
    dimensions: tuple[tuple[str, ...], ...] = ()
    """Declared slicings as tuples of slice columns."""
    cells: CellsSpec = DEFAULT_CELLS
    multivariate: Mapping[str, MultivariateSpec] = field(default_factory=dict[str, MultivariateSpec])
    """Derived fields by name."""
    pane_ms: int = 5 * MINUTE_MS
    """The model's base pane: its smallest slide."""
    origin_ms: int = 0
    """Moment from which panes are counted."""
    join_within_ms: int = 10 * MINUTE_MS
    counted_columns: tuple[str, ...] = ()
    """Slice columns that a running model counts by, the first ones: their places stand in its join rows (E9)."""

    @property
    def slice_columns(self) -> tuple[str, ...]:
        """Every column that some slicing uses, once, in the order declared; behind those counted by already."""
        declared = (column for dimension in self.dimensions for column in dimension)
        return tuple(dict.fromkeys((*self.counted_columns, *declared)))

    @property
    def class_scores(self) -> dict[str, FieldPath]:
        """Where the classes' own scores are, by the names of their fields, in the order configured."""
        return {class_score(name): split(path) for name, path in self.predictions.class_scores.items()}

    @property
    def has_labels(self) -> bool:
        """Whether labels come at all, from a stream of their own or inside the predictions."""
        return self.labels is not None or self.predictions.label is not None

    def spec_of(self, stream: Stream) -> StreamSpec | None:
        """The configuration of a stream; None where the model has none."""
        return {
            Stream.PREDICTIONS: self.predictions,
            Stream.FEATURES: self.features,
            Stream.LABELS: self.labels,
        }[stream]

    def stream_of(self, column: str) -> Stream:
        """The stream that carries a slice column: features where they declare it, else predictions."""
        if self.features is not None and _carries(self.features, column):
            return Stream.FEATURES
        return Stream.PREDICTIONS

    def embedded(self, stream: Stream) -> dict[str, MultivariateSpec]:
        """The fields that are made of embeddings of a stream, by name."""
        usual = Stream.PREDICTIONS if self.features is None else Stream.FEATURES
        found = ((name, of) for name, of in self.multivariate.items() if of.embedding is not None)
        return {name: of for name, of in found if Stream(of.stream or usual) is stream}

    def columns_of(self, stream: Stream, kinds: Kinds, maps: Sequence[Embedded] = ()) -> StreamColumns:
        """How a stream is read when its features have these kinds; KeyError where the model has no such stream.

        The classes' own scores follow the numeric features. Predictions are read with the path of the labels stream's label too: a file of accepted events often
        carries the label in the same row. `maps` is what references make of embeddings.
        """
        spec = self.spec_of(stream)
        if spec is None:
            raise KeyError(stream)
        embeddings = _embeddings([of.path for of in self.embedded(stream).values()], maps)
        lists = {embedding.path for embedding in embeddings}
        found = feature_paths(_features(spec), kinds)
        paths = {name: path for name, path in found.items() if path not in lists}
        numeric = {name: path for name, path in paths.items() if kinds[name] is FieldKind.NUMERIC}
        textual = {name: path for name, path in paths.items() if kinds[name] is FieldKind.CATEGORICAL}
        if stream is Stream.PREDICTIONS:
            numeric |= self.class_scores
        categorical = len(textual)
        slices: list[tuple[int, int]] = []
        for place, column, path in self._slices_in(stream, spec):
            name = next((n for n, p in textual.items() if p == path), f"slice {column}")
            textual[name] = path
            slices.append((place, list(textual).index(name)))
        reading = reading_of(self.model, stream, spec, LABEL_KINDS[self.task], numeric, textual)
        if stream is Stream.PREDICTIONS and reading.label is None and self.labels is not None:
            reading = replace(reading, label=split(self.labels.label))
        return StreamColumns(replace(reading, embeddings=embeddings), categorical, tuple(slices))

    def _slices_in(self, stream: Stream, spec: StreamSpec) -> Iterator[tuple[int, str, FieldPath]]:
        features = _features(spec)
        for place, column in enumerate(self.slice_columns):
            if self.stream_of(column) is stream:
                yield (
                    place,
                    column,
                    split(features.get(column, column) if isinstance(features, dict) else column),
                )


def _embeddings(paths: Iterable[str], maps: Sequence[Embedded]) -> tuple[Embedding, ...]:
    """Each path once, with the maps that are made of it; equal maps of two references make equal numbers, once."""
    different = {of.columns: of for of in maps}.values()
    names = dict.fromkeys((*paths, *(of.embedding for of in different)))
    return tuple(
        Embedding(name, split(name), tuple(of for of in different if of.embedding == name)) for name in names
    )


def _features(spec: StreamSpec) -> str | list[str] | dict[str, str] | None:
    return spec.features if isinstance(spec, PredictionsSpec | FeaturesSpec) else None


def _carries(spec: FeaturesSpec, column: str) -> bool:
    if isinstance(spec.features, str):
        return split(column)[: len(split(spec.features))] == split(spec.features)
    return column in spec.features
