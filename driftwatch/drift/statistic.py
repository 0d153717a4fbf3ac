"""What a statistic declares of itself; metrics, rules, the API and the handbook derive from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from driftwatch.drift.gather import Gather, Sides
from driftwatch.drift.reading import WHOLE, Estimate, Floats, Pair
from driftwatch.events.classes import Stream
from driftwatch.summaries.layout import FieldKind, Layout, Part, Scheme, Task, is_output

ALL_STREAMS: Final = frozenset(Stream)
ALL_KINDS: Final = frozenset(FieldKind)
ALL_TASKS: Final = frozenset(Task)
ALL_SCHEMES: Final = frozenset(Scheme)


class Kind(StrEnum):
    """What a statistic rests on; alerts and endpoints are grouped by it."""

    INPUT = "input"
    SCORE = "score"
    PERFORMANCE = "performance"
    CALIBRATION = "calibration"
    QUALITY = "quality"
    ESTIMATE = "estimate"
    """Of performance, without labels: never a reason to retrain by itself."""

    @property
    def rests_on_labels(self) -> bool:
        """Whether a rule on it may ask for a retraining unasked."""
        return self in (Kind.PERFORMANCE, Kind.CALIBRATION)


class Worse(StrEnum):
    """In which direction a statistic tells of trouble."""

    UP = "up"
    DOWN = "down"
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class Needs:
    """What must be counted for a statistic to exist."""

    streams: frozenset[Stream] = ALL_STREAMS
    kinds: frozenset[FieldKind] = frozenset()
    """Kinds of fields it is computed for; empty: it is one of the whole model."""
    tasks: frozenset[Task] = ALL_TASKS
    blocks: tuple[str, ...] = ()
    """Blocks of the part that it reads."""
    schemes: frozenset[Scheme] = ALL_SCHEMES
    """Schemes by which a numeric field must be cut."""
    fields: frozenset[str] = frozenset()
    """Fields that the part must have."""
    scored: bool = False
    """It is computed for the classes' own scores (`Part.scored`), whose counters are the part's `class_…` blocks."""
    any_field: bool = False
    """Needs at least one field in the part, from which events are counted."""
    slicing: bool = False
    """Reads the rows of a slicing together, so that a row alone has another value; needs one in the layout."""
    first_row: bool = False
    """Reads row 0 (all traffic) of the reference for every row."""
    beside: frozenset[str] = frozenset()
    """Values of the `Pair` that it needs beside the matrices: `predicted`, `labelled`, `strata`."""


@dataclass(frozen=True, slots=True)
class Statistic:
    """One entry of the catalogue. `name` is the word in rules and files, the metric is `driftwatch_` + name."""

    name: str
    summary: str
    """One sentence for people: what it says and in which direction it is bad."""
    source: str
    """Where the definition (and its interval) comes from."""
    kind: Kind
    """`input` for distributions; a rule that only looks at score or decision is of kind `score`."""
    compute: Callable[[Sides], Estimate]
    """Pure; all slices and fields at once."""
    needs: Needs
    worse: Worse
    formula: str
    """The definition in one line, for the handbook."""
    use: str
    """When to use it, for the handbook."""
    lies: str
    """When it misleads, for the handbook."""
    unit: str = "1"
    """`1`, `share`, `label` (the label's own unit), `probability` or `reference standard deviations`."""
    low: float | None = None
    """Smallest possible value; None: unbounded."""
    high: float | None = None
    """Largest possible value; None: unbounded."""
    interval: bool = False
    """Whether `lower` and `upper` say more than the value: an interval or a bound, with metrics of their own."""
    default: bool = True
    """Whether it is computed unasked; the others are named in `statistics.also` or by a rule."""
    terms: Callable[[Sides], Floats] | None = None
    """What each coarse cell adds to it, float64[slices, coarse cells of all fields]; messages name the largest."""

    @property
    def metric(self) -> str:
        """The name of its Prometheus metric."""
        return f"driftwatch_{self.name}"

    def fields(self, part: Part) -> tuple[str, ...]:
        """Fields of a part for which it is computed, in their order; `("",)` where it is of the whole model."""
        if self.needs.scored:
            return part.scored
        if not self.needs.kinds:
            return WHOLE
        return tuple(part.fields[place].name for place in self.places(part))

    def names(self, gather: Gather) -> tuple[str, ...]:
        """`fields` of the part that is gathered, found once."""
        return gather.keep(("names", self.name), lambda: self.fields(gather.part))

    def places(self, part: Part) -> tuple[int, ...]:
        """Positions of these fields in the part."""
        needs = self.needs
        return tuple(
            place
            for place, field in enumerate(part.fields)
            if field.kind in needs.kinds
            and (field.kind is not FieldKind.NUMERIC or field.scheme in needs.schemes)
        )

    def applies(self, layout: Layout, part: Part) -> bool:
        """Whether the part has the counts for it."""
        return (
            part.stream in self.needs.streams
            and layout.task in self.needs.tasks
            and all(part.block(name) is not None for name in self.needs.blocks)
            and bool(self.fields(part))
            and (bool(part.fields) or not self.needs.any_field)
            and self.needs.fields <= {field.name for field in part.fields}
            and (bool(layout.slices.dimensions) or not self.needs.slicing)
        )

    def given(self, pair: Pair) -> bool:
        """Whether a pair has everything that it needs beside the matrices."""
        return all(getattr(pair, name) is not None for name in self.needs.beside)

    def kind_of(self, fields: tuple[str, ...]) -> Kind:
        """Its kind when looked at for these fields only."""
        if self.kind is Kind.INPUT and fields and all(map(is_output, fields)):
            return Kind.SCORE
        return self.kind
