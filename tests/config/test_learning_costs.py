"""The formulas against what learning really takes, measured by tracemalloc."""

import gc
import json
import tracemalloc
from functools import cache

import numpy as np
import pytest

from driftwatch.config.costs import VECTORS_BYTES
from driftwatch.config.evidence_costs import reference_bytes
from driftwatch.config.learning_costs import building_bytes, fitting_bytes, learner_bytes
from driftwatch.events.classes import Stream
from driftwatch.events.records import Partition, RecordBatch
from driftwatch.monitor.plan import subject_of
from driftwatch.monitor.spec import ModelSpec
from driftwatch.references import embedding
from driftwatch.references.build import build
from driftwatch.references.learn import SLACK, Learner
from tests.evidence.models import DECLARED, START_MS

EVENTS, VALUE = 4_000, 900


def spec(features: int) -> ModelSpec:
    names = [f"f{i}" for i in range(features)]
    labels = {"topic": "labels", "id": "id", "label": "y"}
    predictions = DECLARED["predictions"] | {"features": names, "label": None}
    return ModelSpec.model_validate(DECLARED | {"predictions": predictions, "labels": labels})


@cache
def lines(stream: Stream, first: int, features: int) -> list[bytes]:
    rng = np.random.default_rng(first)
    made: list[bytes] = []
    for number in range(first, first + 1_000):
        record = {"id": f"{number:09d}", "ts": START_MS + 100 * number}
        if stream is Stream.LABELS:
            record["y"] = number % 2
        else:
            record |= {"score": round(float(rng.random()), 4), "country": f"c{number % 50}"}
            record |= {f"f{i}": round(float(x), 3) for i, x in enumerate(rng.normal(size=features))}
        made.append(json.dumps(record).encode().ljust(VALUE if stream is Stream.PREDICTIONS else 60))
    return made


def offer(learner: Learner, features: int) -> None:
    rng = np.random.default_rng(1)
    for first in range(0, 4 * EVENTS, 1_000):
        ids, offsets = rng.integers(0, 2**62, 1_000), np.arange(first, first + 1_000)
        for stream in (Stream.PREDICTIONS, Stream.LABELS):
            wanted = np.flatnonzero(learner.wanted(stream, ids, np.zeros(1_000, np.int64), offsets))
            made = lines(stream, first, features)
            values = [bytes(bytearray(made[place])) for place in wanted.tolist()]  # as if it had just arrived
            at = np.zeros(len(wanted), np.int64)
            learner.add(stream, ids[wanted], at, offsets[wanted], START_MS + 100 * offsets[wanted], values)
        if first % 5_000 == 0:
            learner.take_new()


@pytest.mark.parametrize("features", [1, 30])
def test_learning_and_building_fit_their_bounds_and_these_are_not_silly(features: int) -> None:
    of, bytes_max = spec(features), EVENTS * VALUE
    offer(Learner(EVENTS, bytes_max), features)
    gc.collect()
    tracemalloc.start()
    try:
        learner = Learner(EVENTS, bytes_max)
        offer(learner, features)
        gc.collect()
        held, most = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        topics = {Stream.PREDICTIONS: "predictions", Stream.LABELS: "labels"}
        made = build(
            subject_of(of), lambda: learner.batches(topics), source="learned", created_ms=0
        ).reference
        built = tracemalloc.get_traced_memory()[1] - held
    finally:
        tracemalloc.stop()
    said = learner_bytes(made.layout, events_max=EVENTS, bytes_max=bytes_max)
    assert EVENTS * VALUE < held <= said <= 2 * held
    building = building_bytes(made.layout, 1, events_max=EVENTS, bytes_max=bytes_max)
    assert built <= building + 2 * reference_bytes(made), (built, building, reference_bytes(made))
    assert most <= said + building
    assert building <= 4 * built


def test_large_records_do_not_make_a_larger_learner() -> None:
    learner = Learner(EVENTS, 100_000)
    offer(learner, 1)
    kept = learner._kept[Stream.PREDICTIONS]._rows.values()
    assert sum(len(row.value) for row in kept) <= 100_000 * (SLACK + 1) // SLACK


@pytest.mark.parametrize("length", [16, 400, 1_200])
def test_fitting_fits_its_bound(length: int, monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = 400_000
    monkeypatch.setattr(embedding, "FIT_NUMBERS", numbers)
    of = subject_of(
        ModelSpec.model_validate(
            DECLARED | {"multivariate": {"m": {"kind": "mahalanobis", "embedding": "v"}}}
        )
    )
    rng = np.random.default_rng(1)
    rows = 5 * numbers // length
    values = [
        json.dumps({"id": f"{i}", "ts": START_MS, "v": row}).encode()
        for i, row in enumerate(rng.normal(size=(rows, length)).round(3).tolist())
    ]
    batches = [
        (
            Stream.PREDICTIONS,
            RecordBatch(
                Partition("p", 0), np.arange(i, i + len(part)), np.zeros(len(part), np.int64), part, 0
            ),
        )
        for i in range(0, rows, 100)
        for part in [values[i : i + 100]]
    ]
    tracemalloc.start()
    try:
        (made,) = embedding.fit_embeddings(of, Stream.PREDICTIONS, {"v": {length: rows}}, batches, "*")
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    said = fitting_bytes(1, numbers)
    assert made.length == length
    assert most <= said + VECTORS_BYTES <= 4 * most + VECTORS_BYTES
