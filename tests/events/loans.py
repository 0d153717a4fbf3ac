"""Loan records and how they are read: what the tests of this folder decode."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from driftwatch.events.classes import Stream
from driftwatch.events.columns import Events
from driftwatch.events.decode import Decoder
from driftwatch.events.reading import LabelKind, StreamReading, reading_of
from driftwatch.events.records import Partition, RecordBatch
from driftwatch.events.spec import LabelsSpec, PredictionsSpec

KEY = b"0123456789abcdef"
NOW = 1_700_000_000_000
PARTITION = Partition("loans", 3)

PREDICTIONS = PredictionsSpec.model_validate(
    {
        "topic": "loans",
        "id": "id",
        "time": {"path": "ts", "unit": "ms"},
        "version": "model.version",
        "score": "output.score",
        "features": ["income", "house"],
        "where": {"type": "prediction"},
        "max_record_bytes": 1_000,
    }
)
LABELS = LabelsSpec.model_validate(
    {"topic": "labels", "id": "id", "time": {"path": "ts", "unit": "ms"}, "label": "y"}
)


def predictions(**changed: Any) -> StreamReading:
    """Numeric `income`, categorical `house`, slice column `country`."""
    return reading_of(
        "credit",
        Stream.PREDICTIONS,
        PREDICTIONS.model_copy(update=changed),
        LabelKind.BINARY,
        {"income": ("income",)},
        {"house": ("house",), "slice country": ("country",)},
    )


def labels(kind: LabelKind = LabelKind.BINARY) -> StreamReading:
    return reading_of("credit", Stream.LABELS, LABELS, kind, {}, {})


def loan(**changed: Any) -> dict[str, Any]:
    """A record as a producer would write it; a value of None stays (as null), `...` removes the key."""
    record: dict[str, Any] = {
        "type": "prediction",
        "id": "a-1",
        "ts": NOW,
        "model": {"version": "7"},
        "output": {"score": 0.25},
        "income": 1_000,
        "house": "rent",
        "country": "PT",
        "unread": {"id": 1, "deep": [{"score": 2}]},
    } | changed
    return {key: value for key, value in record.items() if value is not ...}


def batch(
    values: Sequence[bytes | None], stamps: Sequence[int] | None = None, first: int = 10
) -> RecordBatch:
    n = len(values)
    times = np.array([NOW] * n if stamps is None else stamps, np.int64)
    return RecordBatch(PARTITION, np.arange(first, first + n), times, values, first + n)


def decode(*values: bytes | dict[str, Any] | None, reading: StreamReading | None = None) -> Events:
    raw = [json.dumps(v).encode() if isinstance(v, dict) else v for v in values]
    return Decoder(reading or predictions(), KEY).decode(batch(raw))
