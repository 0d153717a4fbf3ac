"""What is to be read from a stream's records: the configured paths in one immutable plan."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from driftwatch.events.classes import Stream
from driftwatch.events.embeddings import Embedding
from driftwatch.events.fields import FieldPath, canonical_text, split
from driftwatch.events.spec import FeaturesSpec, LabelsSpec, PredictionsSpec, StreamSpec, TimeField, TimeUnit


class LabelKind(StrEnum):
    """How a label is read."""

    BINARY = "binary"
    CLASS = "class"
    NUMBER = "number"


@dataclass(frozen=True)
class StreamReading:
    """What a decoder takes out of each record of one stream; None where the stream does not carry it."""

    model: str
    stream: Stream
    id: FieldPath | None = None
    time: FieldPath | None = None
    time_unit: TimeUnit = TimeUnit.ISO8601
    version: FieldPath | None = None
    score: FieldPath | None = None
    decision: FieldPath | None = None
    label: FieldPath | None = None
    label_kind: LabelKind = LabelKind.BINARY
    label_required: bool = False
    """Whether a record without a label is of no use (the labels stream)."""
    where: tuple[tuple[FieldPath, str], ...] = ()
    numeric: tuple[tuple[str, FieldPath], ...] = ()
    textual: tuple[tuple[str, FieldPath], ...] = ()
    """Categorical features, then slice columns."""
    limit_bytes: int = 1_000_000
    embeddings: tuple[Embedding, ...] = ()
    """Lists of numbers, reduced while they are read."""

    @cached_property
    def number_names(self) -> tuple[str, ...]:
        """Names of the columns of `Events.numbers`: numeric features, then what is made of embeddings."""
        made = (column for embedding in self.embeddings for column in embedding.columns)
        return (*(name for name, _ in self.numeric), *made)

    @cached_property
    def text_names(self) -> tuple[str, ...]:
        """Names of the lists of `Events.texts`: categorical features, slice columns, then the embeddings' lengths."""
        return (*(name for name, _ in self.textual), *(embedding.name for embedding in self.embeddings))

    @cached_property
    def heads(self) -> list[FieldPath]:
        """Everything that is not a number: single fields, texts, then the fields of `where`."""
        fixed = [
            path for path in (self.id, self.time, self.version, self.decision, self.label) if path is not None
        ]
        return [*fixed, *(path for _, path in self.textual), *(path for path, _ in self.where)]

    @cached_property
    def numbers(self) -> list[FieldPath]:
        """Numeric features in their order, then the score."""
        return [*(path for _, path in self.numeric), *([self.score] if self.score is not None else [])]


def reading_of(
    model: str,
    stream: Stream,
    spec: StreamSpec,
    label_kind: LabelKind,
    numeric: dict[str, FieldPath],
    textual: dict[str, FieldPath],
) -> StreamReading:
    """What `spec` asks to be read from its stream, with these features and slice columns by name."""
    time = TimeField(path=spec.time) if isinstance(spec.time, str) else spec.time
    prediction = spec if isinstance(spec, PredictionsSpec) else None
    return StreamReading(
        model=model,
        stream=stream,
        id=_maybe(spec.id),
        time=_maybe(time.path if time else None),
        time_unit=time.unit if time else TimeUnit.ISO8601,
        version=_maybe(spec.version if isinstance(spec, PredictionsSpec | FeaturesSpec) else None),
        score=_maybe(prediction.score if prediction else None),
        decision=_maybe(prediction.decision if prediction else None),
        label=_maybe(spec.label if isinstance(spec, PredictionsSpec | LabelsSpec) else None),
        label_kind=label_kind,
        label_required=isinstance(spec, LabelsSpec),
        where=tuple((split(path), canonical_text(value) or "") for path, value in spec.where.items()),
        numeric=tuple(numeric.items()),
        textual=tuple(textual.items()),
        limit_bytes=spec.max_record_bytes,
    )


def _maybe(path: str | None) -> FieldPath | None:
    return split(path) if path is not None else None
