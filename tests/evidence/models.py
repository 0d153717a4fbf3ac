"""A small model with a reference of its own panes, counted by the product's own code, and traffic to watch it with."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import numpy as np

from driftwatch.events.classes import Stream
from driftwatch.events.decode import Decoder
from driftwatch.events.records import Partition, RecordBatch
from driftwatch.monitor.plan import subject_of
from driftwatch.monitor.spec import ModelSpec
from driftwatch.references.build import build
from driftwatch.references.reference import Reference
from driftwatch.summaries.cells import PartCoder
from driftwatch.summaries.count import count
from driftwatch.summaries.decisions import Decider
from driftwatch.summaries.layout import FieldKind
from driftwatch.summaries.performance import LabelCounter, Labelled
from driftwatch.summaries.rows import SliceCoder

MINUTE_MS = 60_000
PANE_MS = 5 * MINUTE_MS
START_MS = 1_772_323_200_000
DECLARED: dict[str, Any] = {
    "name": "credit",
    "task": "binary",
    "reference": "credit.ref",
    "predictions": {
        "topic": "predictions", "id": "id", "time": {"path": "ts", "unit": "ms"}, "score": "score", "label": "label",
        "features": ["income", "colour"],
    },
    "slices": ["country"],
    "windows": [{"size": "1h", "slide": "5m"}],
}  # fmt: skip
PREDICTIONS = Partition("predictions", 0)


def spec(**changes: Any) -> ModelSpec:
    return ModelSpec.model_validate(DECLARED | changes)


def records(
    number_of: int,
    start_ms: int,
    seed: int,
    *,
    shift: float = 0.0,
    shifted: tuple[str, ...] = ("PT", "DE", "ES"),
    missing: float = 0.0,
    errors: float = 0.0,
    spacing_ms: int = 3_000,
) -> list[bytes]:
    """Events `spacing_ms` apart; in the `shifted` countries income moves, values go missing and labels flip."""
    rng = np.random.default_rng(seed)
    made: list[bytes] = []
    for number in range(number_of):
        country = ("PT", "DE", "ES")[int(rng.integers(3))]
        hit = country in shifted
        score = float(rng.beta(2, 2))
        label = bool(rng.random() < score) != bool(hit and rng.random() < errors)
        income = 50 + 10 * (float(rng.normal()) + (shift if hit else 0.0))
        made.append(
            json.dumps({
                "id": f"{seed}-{number}", "ts": start_ms + number * spacing_ms, "country": country,
                "income": None if hit and rng.random() < missing else round(income, 3),
                "colour": ("red", "blue", "green")[int(rng.choice(3, p=(0.6, 0.3, 0.1)))],
                "score": round(score, 4), "label": int(label),
            }).encode()
        )  # fmt: skip
    return made


def batch(values: list[bytes], first: int = 0) -> RecordBatch:
    return RecordBatch(
        PREDICTIONS,
        np.arange(first, first + len(values)),
        np.full(len(values), -1),
        list(values),
        first + len(values),
    )


@cache
def reference(events: int = 20_000, *, timed: bool = True) -> Reference:
    """Of a model without change; 100 events per pane."""
    values = records(events, START_MS, 1)
    if not timed:
        values = [json.dumps({k: v for k, v in json.loads(x).items() if k != "ts"}).encode() for x in values]
    declared = (
        DECLARED
        if timed
        else DECLARED | {"predictions": {k: v for k, v in DECLARED["predictions"].items() if k != "time"}}
    )
    made = [(Stream.PREDICTIONS, batch(values))]
    return build(
        subject_of(ModelSpec.model_validate(declared)), lambda: made, source="a test", created_ms=0
    ).reference


def counted(values: list[bytes]) -> dict[Stream, np.ndarray]:
    """Matrices of these events in the layout of `reference()`, by stream."""
    found, declared = reference(), spec()
    kinds = {"income": FieldKind.NUMERIC, "colour": FieldKind.CATEGORICAL}
    reading = subject_of(declared).columns_of(Stream.PREDICTIONS, kinds).reading
    events = Decoder(reading, hash_key=b"sixteen bytes ok").decode(batch(values))
    layout, part = found.layout, found.layout.part(Stream.PREDICTIONS)
    assert part is not None
    decider, slices = Decider(layout), SliceCoder(layout.slices)
    decisions = decider.cells(events.decisions, events.scores)
    names = [n for n, _ in reading.numeric], [n for n, _ in reading.textual]
    cells = PartCoder(part, *names).cells(events.numbers, events.texts, events.scores, decisions)
    joint = slices.joint(slices.codes([events.texts[names[1].index("slice country")]], len(values))[0])
    labelled = Labelled(
        events.scores,
        decider.codes(decisions),
        decider.labels(events.labels),
        np.zeros(len(values), np.int64),
    )
    return {
        Stream.PREDICTIONS: count(part, layout.slices, cells, joint),
        Stream.LABELS: LabelCounter(layout).count(labelled, joint),
    }
