"""What the core needs to watch one model: its configuration, its references, and what each stream's records carry."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property
from typing import Final

from driftwatch.alerts.messages import About
from driftwatch.errors import ReferenceFileError
from driftwatch.events.classes import Stream
from driftwatch.events.fields import FieldPath, feature_paths, split
from driftwatch.events.reading import LabelKind, StreamReading, reading_of
from driftwatch.events.spec import DAY_MS, FeaturesSpec, PredictionsSpec, StreamSpec
from driftwatch.monitor.spec import ModelSpec
from driftwatch.references.reference import Reference
from driftwatch.summaries.layout import DECISION, SCORE, FieldKind, Task
from driftwatch.windows.series import Window

GENERATIONS: Final = 16
_REMEMBERED_MS: Final = DAY_MS


@dataclass(frozen=True, slots=True)
class Choice:
    """What versions of a pattern are compared with: a reference, or one to be learned in `learn_ms`."""

    pattern: str
    reference: Reference | None = None
    learn_ms: int | None = None


@dataclass(frozen=True, slots=True)
class StreamPlan:
    """How one stream is read, and where its slice columns are among the decoder's texts."""

    reading: StreamReading
    lateness_ms: int
    topic: str
    columns: tuple[tuple[int, int], ...]
    """(position in the model's slice columns, position in the reading's `textual`)."""


@dataclass(frozen=True)
class ModelPlan:
    """One model, ready to be watched."""

    spec: ModelSpec
    choices: tuple[Choice, ...]
    about: About
    max_future_ms: int
    max_jump_ms: int

    @property
    def name(self) -> str:
        """The model's name."""
        return self.spec.name

    @cached_property
    def windows(self) -> tuple[Window, ...]:
        """The declared windows."""
        return tuple(Window(w.called, w.size, w.slide) for w in self.spec.windows)

    @property
    def max_delay_ms(self) -> int:
        """How long a prediction is remembered for its label (without labels: for finding duplicates)."""
        return self.spec.labels.max_delay if self.spec.labels else _REMEMBERED_MS

    @property
    def generation_ms(self) -> int:
        """Width of a join generation in prediction time; at least as wide as what may be joined or late."""
        widest = max(
            [
                self.spec.join_within,
                *(plan.lateness_ms for s, plan in self.streams.items() if s is not Stream.LABELS),
            ]
        )
        return max(self.max_delay_ms // GENERATIONS, widest, 1)

    @cached_property
    def predictions_wait(self) -> bool:
        """Whether predictions need slice values that only features carry."""
        return any(self.column_stream(column) is Stream.FEATURES for column in self.spec.slice_columns)

    @cached_property
    def features_wait(self) -> bool:
        """Whether features need their version or slice values from predictions."""
        spec = self.spec.features
        columns = self.spec.slice_columns
        return spec is not None and (
            spec.version is None or any(self.column_stream(c) is Stream.PREDICTIONS for c in columns)
        )

    @property
    def own_labels(self) -> bool:
        """Whether labels come inside the prediction records, and from nowhere else."""
        return self.spec.predictions.label is not None and self.spec.labels is None

    def choice(self, version: str) -> Choice | None:
        """What a version is compared with: the first pattern that matches; None if none does."""
        return next((choice for choice in self.choices if fnmatchcase(version, choice.pattern)), None)

    def column_stream(self, column: str) -> Stream:
        """The stream that carries a slice column: features where they declare it, else predictions."""
        spec = self.spec.features
        return Stream.FEATURES if spec is not None and _carries(spec, column) else Stream.PREDICTIONS

    @cached_property
    def streams(self) -> dict[Stream, StreamPlan]:
        """The streams that the model has. Raises ReferenceFileError if references disagree on a field's kind."""
        specs: dict[Stream, StreamSpec | None] = {
            Stream.PREDICTIONS: self.spec.predictions,
            Stream.FEATURES: self.spec.features,
            Stream.LABELS: self.spec.labels,
        }
        return {stream: self._stream(stream, spec) for stream, spec in specs.items() if spec is not None}

    def _stream(self, stream: Stream, spec: StreamSpec) -> StreamPlan:
        kinds = self._kinds(stream)
        features = spec.features if isinstance(spec, PredictionsSpec | FeaturesSpec) else None
        paths = feature_paths(features, kinds)
        numeric = {n: p for n, p in paths.items() if kinds[n] is FieldKind.NUMERIC}
        textual = {n: p for n, p in paths.items() if kinds[n] is FieldKind.CATEGORICAL}
        columns: list[tuple[int, int]] = []
        for place, column, path in self._columns_of(stream, spec):
            name = next((n for n, p in textual.items() if p == path), f"slice {column}")
            textual[name] = path
            columns.append((place, list(textual).index(name)))
        reading = reading_of(self.name, stream, spec, _LABEL_KINDS[self.spec.task], numeric, textual)
        return StreamPlan(reading, self.spec.lateness_ms(stream), spec.topic, tuple(columns))

    def _columns_of(self, stream: Stream, spec: StreamSpec) -> Iterator[tuple[int, str, FieldPath]]:
        features = spec.features if isinstance(spec, PredictionsSpec | FeaturesSpec) else None
        for place, column in enumerate(self.spec.slice_columns):
            if self.column_stream(column) is stream:
                named = features.get(column, column) if isinstance(features, dict) else column
                yield place, column, split(named)

    def _kinds(self, stream: Stream) -> dict[str, FieldKind]:
        kinds: dict[str, FieldKind] = {}
        for choice in self.choices:
            part = choice.reference.layout.part(stream) if choice.reference else None
            for field in part.fields if part else ():
                if field.name in (SCORE, DECISION):
                    continue
                if kinds.setdefault(field.name, field.kind) is not field.kind:
                    raise ReferenceFileError(
                        f"model {self.name!r}: the references disagree whether {field.name!r} is numeric or categorical; "
                        "build them again with `cells: {kinds: …}`"
                    )
        return kinds


_LABEL_KINDS = {
    Task.BINARY: LabelKind.BINARY,
    Task.MULTICLASS: LabelKind.CLASS,
    Task.REGRESSION: LabelKind.NUMBER,
}


def _carries(spec: FeaturesSpec, column: str) -> bool:
    if isinstance(spec.features, str):
        return split(column)[: len(split(spec.features))] == split(spec.features)
    return column in spec.features
