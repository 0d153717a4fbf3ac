"""A small reference, built by the product's own code from made-up predictions of the test configuration."""

from __future__ import annotations

import json
from collections.abc import Iterable

import numpy as np

from driftwatch.config.spec import Configuration
from driftwatch.events.classes import Stream
from driftwatch.events.records import Partition, RecordBatch
from driftwatch.monitor.spec import ModelSpec
from driftwatch.references.build import build
from driftwatch.references.reference import Reference
from driftwatch.references.subject import Subject
from tests.config.files import good

MODEL = Configuration.model_validate(good()).models[0]
COUNTRIES = ("PT", "ES", "FR")


def reference_of(spec: ModelSpec = MODEL, events: int = 400) -> Reference:
    """A reference of this model from `events` predictions with labels in the same record."""
    subject = Subject(
        model=spec.name,
        task=spec.task,
        predictions=spec.predictions,
        features=spec.features,
        labels=spec.labels,
        dimensions=spec.dimensions,
        cells=spec.cells,
        multivariate=spec.multivariate,
        pane_ms=min(window.slide for window in spec.windows),
    )
    values = [json.dumps(_record(i)).encode() for i in range(events)]
    batch = RecordBatch(
        Partition("p", 0),
        np.arange(events, dtype=np.int64),
        1_700_000_000_000 + 1_000 * np.arange(events, dtype=np.int64),
        values,
        events,
    )

    def batches() -> Iterable[tuple[Stream, RecordBatch]]:
        yield Stream.PREDICTIONS, batch

    return build(subject, batches, source="made up", created_ms=1_700_000_000_000).reference


def _record(i: int) -> dict[str, object]:
    score = (i * 37 % 100) / 100
    return {
        "id": i,
        "score": score,
        "age": 18 + i % 60,
        "income": (i * 7919) % 10_007 / 3,
        "country": COUNTRIES[i % 3],
        "y": int((i * 61 % 100) / 100 < score),
    }
