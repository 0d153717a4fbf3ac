"""A change put into history: `income shift 0.5`, `colour swap`, `labels noise 10 %`, each from one moment on."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final, cast

from driftwatch.events.fields import FieldPath, lookup
from driftwatch.events.records import RecordBatch
from driftwatch.monitor.plan import ModelPlan, StreamPlan
from driftwatch.references.reference import Reference
from driftwatch.summaries.layout import Field, FieldKind, Task, is_output

LABELS: Final = "labels"
_FORM: Final = re.compile(
    r"\s*(?P<field>\S+)\s+(?P<kind>shift|scale|swap|noise|missing)(?:\s+(?P<size>-?[0-9.]+)\s*(?P<unit>%|sd)?)?"
    r"(?:\s+in\s+(?P<column>[^=\s]+)=(?P<value>.+?))?\s*"
)
_HOW: Final = (
    "write `FIELD shift 0.5` (standard deviations), `FIELD scale 1.2`, `FIELD swap`, `FIELD missing 5 %` or "
    "`labels noise 10 %`, and `in COLUMN=VALUE` after it for one slice"
)


class Kind(StrEnum):
    """What happens to a field."""

    SHIFT = "shift"
    SCALE = "scale"
    SWAP = "swap"
    NOISE = "noise"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Injection:
    """One change, of all traffic or of one slice."""

    field: str
    kind: Kind
    size: float = 0.0
    column: str = ""
    """Slice column, and the value in it; empty: all traffic."""
    value: str = ""

    @classmethod
    def parse(cls, text: str) -> Injection:
        """Read one; raises ValueError that says how to write it."""
        match = _FORM.fullmatch(text)
        if match is None:
            raise ValueError(f"{text!r} is no change; {_HOW}")
        kind = Kind(match["kind"])
        if (match["size"] is None) is not (kind is Kind.SWAP) or (kind is Kind.NOISE) is not (
            match["field"] == LABELS
        ):
            raise ValueError(f"{text!r} is no change; {_HOW}")
        size = float(match["size"] or 0) / (100 if match["unit"] == "%" else 1)
        return cls(match["field"], kind, size, match["column"] or "", match["value"] or "")

    def __str__(self) -> str:
        """As one would write it."""
        size = {
            Kind.SWAP: "",
            Kind.SHIFT: f" {self.size:g} sd",
            Kind.SCALE: f" {self.size:g}",
        }.get(self.kind, f" {100 * self.size:g} %")
        where = f" in {self.column}={self.value}" if self.column else ""
        return f"{self.field} {self.kind}{size}{where}"


def usual(plan: ModelPlan) -> list[Injection]:
    """What is tried where nothing is asked for: shifts, a swap, missing values and noisy labels of the first fields."""
    reference = next((c.reference for c in plan.choices if c.reference is not None), None)
    if reference is None:
        return []
    fields = [
        f
        for part in reference.layout.parts
        for f in part.own
        if not is_output(f.name) and f.name not in part.embeddings
    ]
    numeric = next((f.name for f in fields if f.kind is FieldKind.NUMERIC), None)
    category = next(
        (f.name for f in fields if f.kind is FieldKind.CATEGORICAL and len(f.categories) > 1), None
    )
    made: list[Injection] = []
    if numeric:
        made += [Injection(numeric, Kind.SHIFT, size) for size in (0.25, 0.5, 1.0)]
        made += [Injection(numeric, Kind.SCALE, 1.5), Injection(numeric, Kind.MISSING, 0.05)]
    if category:
        made.append(Injection(category, Kind.SWAP))
    embeddings = (name for part in reference.layout.parts for name in part.embeddings)
    made += [Injection(name, Kind.SWAP) for name in embeddings]
    table = reference.layout.slices
    if numeric and table.dimensions and len(table.dimensions[0].columns) == 1 and table.dimensions[0].kept:
        first = table.dimensions[0]
        made.append(Injection(numeric, Kind.SHIFT, 0.5, first.columns[0], first.kept[0][0]))
    if plan.own_labels or plan.spec.labels is not None:
        made += [Injection(LABELS, Kind.NOISE, size) for size in (0.05, 0.1)]
    return made


class Injector:
    """Changes the records of one model from a moment on; the same records always in the same way."""

    def __init__(self, plan: ModelPlan, injection: Injection, seed: int = 1) -> None:
        """Raises ValueError where the model has no such field."""
        self._injection, self._plan, self._seed = injection, plan, seed
        self._edits = dict(self._planned())
        if not self._edits:
            raise ValueError(f"{injection}: the model {plan.name!r} has nothing like it; {_HOW}")

    @property
    def topics(self) -> frozenset[str]:
        """Topics whose records it changes."""
        return frozenset(self._edits)

    def change(self, batch: RecordBatch, from_offset: Mapping[int, bool]) -> RecordBatch:
        """The batch with the records changed of which `from_offset` says so, by offset."""
        edit = self._edits.get(batch.partition.topic)
        if edit is None:
            return batch
        values = [
            edit(value, offset) if value and from_offset.get(offset, False) else value
            for value, offset in zip(batch.values, batch.offsets.tolist(), strict=True)
        ]
        return replace(batch, values=values)

    def _planned(self) -> Iterable[tuple[str, Callable[[bytes, int], bytes]]]:
        wanted = self._injection
        for stream in self._plan.streams.values():
            reading = stream.reading
            if wanted.kind is Kind.NOISE:
                if reading.label is not None:
                    yield stream.topic, self._editing(stream, reading.label, self._noise())
                continue
            vectors = {embedding.name: embedding.path for embedding in reading.embeddings}
            if wanted.field in vectors:
                yield stream.topic, self._editing(stream, vectors[wanted.field], self._turn())
            paths = dict((*reading.numeric, *reading.textual))
            if wanted.field in paths:
                yield stream.topic, self._editing(stream, paths[wanted.field], self._edit())

    def _editing(
        self, stream: StreamPlan, path: FieldPath, edit: Callable[[Any, random.Random], Any]
    ) -> Callable[[bytes, int], bytes]:
        wanted = self._injection
        texts = dict(stream.reading.textual)
        where = texts.get(wanted.column) or texts.get(f"slice {wanted.column}")
        if wanted.column and where is None:
            raise ValueError(f"{wanted}: the {stream.reading.stream} carry no {wanted.column!r}")

        def edited(value: bytes, offset: int) -> bytes:
            try:
                record = json.loads(value)
            except ValueError:
                return value
            if where is not None and str(lookup(record, where)) != wanted.value:
                return value
            holder = lookup(record, path[:-1])
            if not isinstance(holder, dict) or path[-1] not in holder:
                return value
            found = cast("dict[str, Any]", holder)
            found[path[-1]] = edit(found[path[-1]], random.Random(self._seed * 1_000_003 + offset))
            return json.dumps(record).encode()

        return edited

    def _edit(self) -> Callable[[Any, random.Random], Any]:
        wanted = self._injection
        if wanted.kind is Kind.MISSING:
            return lambda value, rng: None if rng.random() < wanted.size else value
        if wanted.kind is Kind.SWAP:
            first, second = self._categories()
            return lambda value, _: second if value == first else first if value == second else value
        if wanted.kind is Kind.SCALE:
            return lambda value, _: value * wanted.size if _number(value) else value
        by = wanted.size * self._deviation()
        return lambda value, _: value + by if _number(value) else value

    def _turn(self) -> Callable[[Any, random.Random], Any]:
        """An embedding: gone, longer, or with neighbouring coordinates exchanged, as another training of its encoder has them."""
        wanted = self._injection
        if wanted.kind is Kind.SHIFT:
            raise ValueError(
                f"{wanted}: coordinates of an embedding have no deviation to shift by; write "
                f"`{wanted.field} swap`, `{wanted.field} scale 1.2` or `{wanted.field} missing 5 %`"
            )
        if wanted.kind is Kind.MISSING:
            return self._edit()
        change = _exchanged if wanted.kind is Kind.SWAP else _scaled(wanted.size)
        return lambda value, _: change(cast("list[Any]", value)) if isinstance(value, list) else value

    def _noise(self) -> Callable[[Any, random.Random], Any]:
        """Labels that say something else: the other class, or a number one deviation off."""
        wanted, task = self._injection, self._plan.spec.task
        reference = self._reference()
        if task is Task.REGRESSION:
            scale = reference.layout.scale
            return lambda value, rng: (
                value + scale * rng.choice((-1, 1))
                if _number(value) and rng.random() < wanted.size
                else value
            )
        if task is Task.BINARY:
            return lambda value, rng: _other(value) if rng.random() < wanted.size else value
        classes = [name for name in reference.layout.classes if name != "__other__"]
        return lambda value, rng: (
            rng.choice([c for c in classes if c != value] or classes) if rng.random() < wanted.size else value
        )

    def _reference(self) -> Reference:
        found = next((c.reference for c in self._plan.choices if c.reference is not None), None)
        if found is None:
            raise ValueError(f"model {self._plan.name!r} has no reference yet, so nothing can be tried on it")
        return found

    def _field(self) -> Field:
        fields = (f for part in self._reference().layout.parts for f in part.own)
        found = next((f for f in fields if f.name == self._injection.field), None)
        if found is None:
            raise ValueError(f"{self._injection}: the reference has no such field")
        return found

    def _deviation(self) -> float:
        return self._field().deviation or 1.0

    def _categories(self) -> tuple[str, str]:
        """The two most frequent ones."""
        names = self._field().categories
        if len(names) < 2:
            raise ValueError(f"{self._injection}: there are no two categories to swap")
        return names[0], names[1]


def _exchanged(vector: list[Any]) -> list[Any]:
    """Two and two neighbours exchanged; the last of an odd number stays."""
    even = len(vector) // 2 * 2
    pairs = zip(vector[1:even:2], vector[0:even:2], strict=True)
    return [*(each for pair in pairs for each in pair), *vector[even:]]


def _scaled(by: float) -> Callable[[list[Any]], list[Any]]:
    return lambda vector: [each * by if _number(each) else each for each in vector]


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _other(value: Any) -> Any:
    """The other class of two, however they are written."""
    if isinstance(value, bool):
        return not value
    pairs = {0: 1, 1: 0, "0": "1", "1": "0", "true": "false", "false": "true"}
    return pairs.get(value.lower() if isinstance(value, str) else value, value)
