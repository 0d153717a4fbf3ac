"""Records of a small model as a log would hold them, and the model itself."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from driftwatch.events.classes import Stream
from driftwatch.events.records import Partition, RecordBatch
from driftwatch.events.spec import LabelsSpec, PredictionsSpec
from driftwatch.references.build import Batches
from driftwatch.references.spec import CellsSpec
from driftwatch.references.subject import Subject
from driftwatch.summaries.layout import Task

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"
HOUR_MS = 3_600_000
START_MS = 1_700_000_000_000 // HOUR_MS * HOUR_MS


def batch(
    topic: str, records: Iterable[Mapping[str, Any] | bytes], *, partition: int = 0, stamp_ms: int = -1
) -> RecordBatch:
    values = [record if isinstance(record, bytes) else json.dumps(record).encode() for record in records]
    return RecordBatch(
        Partition(topic, partition),
        np.arange(len(values)),
        np.full(len(values), stamp_ms, np.int64),
        values,
        len(values),
    )


def batches(**streams: Iterable[Mapping[str, Any] | bytes]) -> Batches:
    made = [(Stream(name), batch(name, list(records))) for name, records in streams.items()]
    return lambda: made


def subject(**changes: Any) -> Subject:
    """A binary model with everything in the prediction record; times in ms."""
    settings: dict[str, Any] = {
        "model": "m",
        "task": Task.BINARY,
        "predictions": PredictionsSpec.model_validate(
            {
                "topic": "predictions", "id": "id", "time": {"path": "ts", "unit": "ms"}, "score": "p", "version": "v",
                "features": "f",
            }
        ),
        "labels": LabelsSpec.model_validate({"topic": "labels", "id": "id", "label": "y", "time": {"path": "ts", "unit": "ms"}}),
        "dimensions": (("country",),),
        "cells": CellsSpec(cells=8, coarse=4),
        "pane_ms": HOUR_MS,
    }  # fmt: skip
    return Subject(**(settings | changes))


def predictions(count: int, **changes: Any) -> list[dict[str, Any]]:
    """One prediction a minute; every fifth is French."""
    return [
        {
            "id": f"r{i}",
            "ts": START_MS + i * 60_000,
            "v": "1",
            "p": (i % 100) / 100,
            "country": "FR" if i % 5 == 0 else "PT",
            "f": {"age": 20 + i % 50, "kind": ["a", "b", "b"][i % 3]},
        }
        | changes
        for i in range(count)
    ]


def labels(count: int, delay_ms: int = HOUR_MS // 2) -> list[dict[str, Any]]:
    return [{"id": f"r{i}", "ts": START_MS + i * 60_000 + delay_ms, "y": i % 2} for i in range(count)]


FEATURES = [
    "car_value", "salary_range", "debt_to_income_ratio", "loan_length", "repaid_loan_on_prev_car",
    "size_of_downpayment", "driver_tenure",
]  # fmt: skip


def car_loan_subject(**changes: Any) -> Subject:
    settings: dict[str, Any] = {
        "model": "car-loan",
        "task": Task.BINARY,
        "predictions": PredictionsSpec.model_validate(
            {
                "topic": "p", "id": "id", "time": "timestamp", "score": "y_pred_proba", "decision": "y_pred",
                "features": FEATURES,
            }
        ),
        "labels": LabelsSpec.model_validate({"topic": "l", "id": "id", "label": "repaid"}),
        "dimensions": (("salary_range",), ("salary_range", "size_of_downpayment")),
        "pane_ms": 24 * HOUR_MS,
    }  # fmt: skip
    return Subject(**(settings | changes))


def car_loan(name: str = "car_loan_reference.csv.gz") -> list[dict[str, Any]]:
    """The rows of a car-loan file, numbers as numbers; skips where the data is absent."""
    path = DATA / name
    if not path.exists():
        pytest.skip(f"the car-loan data is not there: {name}")
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        return [{key: _value(text) for key, text in row.items()} for row in csv.DictReader(file)]


def _value(text: str) -> object:
    if text in ("True", "False"):
        return text == "True"
    try:
        return float(text)
    except ValueError:
        return text or None
