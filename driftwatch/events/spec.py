"""How a model's records are read: which topic, and which dotted path holds which field (a part of the configuration)."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, cast

from pydantic import Field, field_validator

from driftwatch.events.fields import canonical_text, short_text
from driftwatch.events.times import Duration
from driftwatch.spec import Spec

MINUTE_MS = 60_000
DAY_MS = 86_400_000


class TimeUnit(StrEnum):
    """How an event's time is written."""

    ISO8601 = "iso8601"
    SECONDS = "s"
    MILLISECONDS = "ms"
    MICROSECONDS = "us"
    NANOSECONDS = "ns"


class TimeField(Spec):
    """A time field with its unit; writing the path alone means ISO 8601."""

    path: str
    """Dotted path of the field."""
    unit: TimeUnit = TimeUnit.ISO8601
    """`iso8601` (no offset means UTC), or an epoch number in `s`, `ms`, `us` or `ns`."""


Path = Annotated[str, Field(min_length=1, pattern=r"^[^.]+(\.[^.]+)*$")]


class StreamSpec(Spec):
    """What all three streams share."""

    topic: str = Field(min_length=1)
    """Kafka topic, or the name under which `replay` is given a file."""
    where: dict[Path, str | int | bool] = {}
    """Only records whose fields hold these values belong to this stream; the others are class `filtered`, and only
    their time counts, where they have one: it says how far the partition has come."""
    id: Path | None = None
    """The prediction's id; producers must key by it. Needed for joins and for finding duplicates."""
    time: TimeField | str | None = None
    """Event time; without it the record's own timestamp counts."""
    max_record_bytes: int = Field(default=1_000_000, ge=1_000)
    """Longer records are counted `over_limit` and not parsed."""


class PredictionsSpec(StreamSpec):
    """The stream of what the model said."""

    lateness: Duration = MINUTE_MS
    """How far behind its partition's running maximum an event may be before it is late."""
    version: Path | None = None
    """The model version's field; without it all events belong to the version `default`."""
    score: Path | None = None
    """The model's number: a probability (binary, multiclass: of the decided class) or the predicted value."""
    decision: Path | None = None
    """The decided class; binary without it decides by `threshold`."""
    class_scores: dict[str, Path] = {}
    """Multiclass only: the model's probability of each class, as a map from class to dotted path, such as
    `{cat: scores.cat, dog: scores.dog}`. Each is a field `score[cat]`, and the way to one-vs-rest statistics."""
    threshold: float = 0.5
    """Binary only: the decision is 1 where the score is at or above it."""
    features: Path | list[Path] | dict[str, Path] | None = None
    """Where the features are: the path of an object, a list of paths, or names with paths."""
    label: Path | None = None
    """The label, where a prediction record already carries it."""

    @field_validator("class_scores", mode="before")
    @classmethod
    def _as_decisions_are_written(cls, data: object) -> object:
        """Classes as the canonical texts by which decisions and labels are compared."""
        if not isinstance(data, dict):
            return data
        named = cast("dict[object, object]", data).items()
        return {short_text(text) if (text := canonical_text(k)) is not None else k: path for k, path in named}


class FeaturesSpec(StreamSpec):
    """The stream of features, where they do not come inside the prediction."""

    lateness: Duration = MINUTE_MS
    """How far behind its partition's running maximum an event may be before it is late."""
    features: Path | list[Path] | dict[str, Path]
    """Where the features are: the path of an object, a list of paths, or names with paths."""
    version: Path | None = None
    """The model version's field; without it the matching prediction's version counts."""


class LabelsSpec(StreamSpec):
    """The stream of what turned out."""

    lateness: Duration | None = None
    """How far behind its partition's running maximum a label may be before it is late. Default: as for
    predictions while a label's time is its record's own, and 1d once `time` is mapped (E5)."""
    label: Path
    """The label: 0/1 or true/false (binary), a class (multiclass), a number (regression)."""
    max_delay: Duration = 30 * DAY_MS
    """How long after its prediction a label can still be joined."""
    max_outstanding: int = Field(default=10_000_000, ge=1_000)
    """Predictions remembered for their labels; beyond it the sample is halved."""
    sample: float = Field(default=1.0, gt=0, le=1)
    """Share of ids (chosen by hash, the same on both streams) for which labels are joined."""
