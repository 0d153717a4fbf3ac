"""What the core needs to watch one model: its configuration, its references, and what each stream's records carry."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import cached_property
from glob import escape
from typing import Final

from driftwatch.alerts.messages import About
from driftwatch.errors import ReferenceFileError
from driftwatch.events.classes import Stream
from driftwatch.events.reading import StreamReading
from driftwatch.events.spec import DAY_MS
from driftwatch.evidence.budget import Budget
from driftwatch.monitor.spec import ModelSpec
from driftwatch.references.reference import Reference
from driftwatch.references.subject import Subject
from driftwatch.summaries.embedded import Embedded
from driftwatch.summaries.layout import DECISION, SCORE, FieldKind, class_score
from driftwatch.windows.series import Window

GENERATIONS: Final = 16
"""Join generations per `max_delay`."""
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
    """(position among the model's slice columns, position in the reading's `textual`)."""


def subject_of(spec: ModelSpec, counted_columns: tuple[str, ...] = ()) -> Subject:
    """The part of a model's configuration that shapes its reference."""
    return Subject(
        model=spec.name,
        task=spec.task,
        predictions=spec.predictions,
        features=spec.features,
        labels=spec.labels,
        dimensions=spec.dimensions,
        cells=spec.cells,
        multivariate=spec.multivariate,
        pane_ms=min(window.slide for window in spec.windows),
        origin_ms=spec.origin_ms,
        join_within_ms=spec.join_within,
        counted_columns=counted_columns,
    )


@dataclass(frozen=True)
class ModelPlan:
    """One model, ready to be watched."""

    spec: ModelSpec
    choices: tuple[Choice, ...]
    about: About
    max_future_ms: int
    max_jump_ms: int
    budget: Budget | None = None
    """The false-alert budget of the model's evidence; None: evidence is not watched."""
    sharers: int = 1
    """Models that draw on the budget."""
    stored_generation_ms: int | None = None
    """Width of the generations in which the state already holds rows; None in a new one."""
    counted_columns: tuple[str, ...] = ()
    """Slice columns whose places stand in join rows already, in order (E9)."""
    draining: tuple[Reference, ...] = ()
    """References of layouts that are still counted in, though the configuration names others by now (E9)."""

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

    @cached_property
    def generation_ms(self) -> int:
        """Width of a join generation in prediction time, kept as long as the state that was written with it."""
        return self.stored_generation_ms or max(self.max_delay_ms // GENERATIONS, self.least_generation_ms)

    @property
    def least_generation_ms(self) -> int:
        """A generation is at least as wide as what may be joined or late."""
        inputs = [plan.lateness_ms for stream, plan in self.streams.items() if stream is not Stream.LABELS]
        return max(self.spec.join_within, *inputs, 1)

    @cached_property
    def counted_with(self) -> dict[str, str]:
        """What gives stored counts and rows their meaning, by its key in the configuration (E9)."""
        streams = self.streams.items()
        columns = {stream: [*plan.reading.number_names, *plan.reading.text_names] for stream, plan in streams}
        return {
            "windows": ", ".join(f"{w.name} = {w.size_ms} ms every {w.slide_ms} ms" for w in self.windows),
            "origin": f"{self.spec.origin_ms} ms",
            "topic": ", ".join(f"{stream} from {plan.topic}" for stream, plan in streams),
            "features": "; ".join(f"{stream}: {', '.join(names)}" for stream, names in columns.items()),
        }

    @cached_property
    def slice_columns(self) -> tuple[str, ...]:
        """Every slice column that is read, in the order of their places in join rows."""
        return subject_of(self.spec, self.counted_columns).slice_columns

    @cached_property
    def predictions_wait(self) -> bool:
        """Whether predictions need slice values that only features carry."""
        return bool(plan.columns) if (plan := self.streams.get(Stream.FEATURES)) else False

    @cached_property
    def features_wait(self) -> bool:
        """Whether features need their version or slice values from predictions."""
        spec = self.spec.features
        return spec is not None and (spec.version is None or bool(self.streams[Stream.PREDICTIONS].columns))

    @property
    def own_labels(self) -> bool:
        """Whether labels come inside the prediction records, and from nowhere else."""
        return self.spec.predictions.label is not None and self.spec.labels is None

    @cached_property
    def scored(self) -> tuple[str, ...]:
        """Names of the fields of the classes' own scores, in the order configured."""
        return tuple(map(class_score, self.spec.predictions.class_scores))

    @property
    def learns(self) -> bool:
        """Whether some version's reference may have to be learned."""
        return any(choice.learn_ms is not None for choice in self.choices)

    def with_reference(self, version: str, reference: Reference) -> ModelPlan:
        """The same model, with a reference that was learned or accepted for exactly this version."""
        pattern = escape(version)
        others = (c for c in self.choices if c.pattern != pattern or c.reference is None)
        return replace(self, choices=(Choice(pattern, reference), *others))

    def choice(self, version: str) -> Choice | None:
        """What a version is compared with: the first pattern that matches; None if none does."""
        return next((choice for choice in self.choices if fnmatchcase(version, choice.pattern)), None)

    @cached_property
    def streams(self) -> dict[Stream, StreamPlan]:
        """The streams that the model has. Raises ReferenceFileError if references disagree on a field's kind."""
        subject = subject_of(self.spec, self.counted_columns)
        plans: dict[Stream, StreamPlan] = {}
        for stream in Stream:
            if (spec := subject.spec_of(stream)) is None:
                continue
            columns = subject.columns_of(stream, self._kinds(stream), self._maps(stream))
            reading = columns.reading
            if stream is Stream.PREDICTIONS and not self.own_labels:
                reading = replace(reading, label=None)
            plans[stream] = StreamPlan(reading, self.spec.lateness_ms(stream), spec.topic, columns.slices)
        return plans

    def _maps(self, stream: Stream) -> list[Embedded]:
        """What the references make of embeddings."""
        parts = [reference.layout.part(stream) for reference in self._references]
        return [of for part in parts if part is not None for of in part.embedded]

    @property
    def _references(self) -> list[Reference]:
        return [r for r in (*(choice.reference for choice in self.choices), *self.draining) if r is not None]

    def _kinds(self, stream: Stream) -> dict[str, FieldKind]:
        kinds: dict[str, FieldKind] = {}
        for reference in self._references:
            part = reference.layout.part(stream)
            for field in part.own if part else ():
                if part is None or field.name in (SCORE, DECISION, *part.scored, *part.embeddings):
                    continue
                if kinds.setdefault(field.name, field.kind) is not field.kind:
                    raise ReferenceFileError(
                        f"model {self.name!r}: the references disagree whether {field.name!r} is numeric or "
                        "categorical; build them again with `cells: {kinds: …}`"
                    )
        return kinds
