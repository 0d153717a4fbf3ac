"""The benchmark's model and its records: 452 bytes of JSON with 20 numeric features and 3 slice columns, and labels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from driftwatch.events.classes import Stream
from driftwatch.events.records import Partition, RecordBatch
from driftwatch.monitor.plan import subject_of
from driftwatch.monitor.spec import ModelSpec
from driftwatch.references.build import build
from driftwatch.references.reference import Reference

Ints = NDArray[np.int64]

RECORD_BYTES = 452
HEAD_BYTES = len('{"id":"request-000000000000","time":"2025-06-15T12:00:00.000Z",')
FEATURES = tuple(f"f{i:02}" for i in range(20))
PARTITIONS = 4
SLICES = {"country": 30, "channel": 5, "product": 8}
"""Slice columns and how many values each has; with `__other__`, `__unknown__` and `all` 50 slices."""
TEMPLATES = 4_096
CHUNK = 40_000
MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
START_MS = 1_750_000_000_000 // HOUR_MS * HOUR_MS
SPACING_MS = 2
"""Event time between two predictions: 500 a second, caught up with some hundred times faster."""
LABEL_DELAY_MS = 10 * MINUTE_MS
"""Mean delay of a label (exponential)."""
MAX_DELAY_MS = HOUR_MS


def model(**changes: Any) -> dict[str, Any]:
    """The model's part of a configuration."""
    return {
        "name": "credit",
        "task": "binary",
        "reference": "credit.ref",
        "predictions": {
            "topic": "predictions",
            "id": "id",
            "time": "time",
            "version": "version",
            "score": "score",
            "features": "features",
        },
        "labels": {"topic": "labels", "id": "id", "label": "label", "max_delay": "1h"},
        "slices": list(SLICES),
        "windows": [{"size": "1h", "slide": "5m"}, {"size": "1d", "slide": "1h"}],
        "rules": [
            {"name": "inputs moved", "when": "psi > 0.25 for 3 panes", "slices": ["*"]},
            {"name": "accuracy fell", "when": "accuracy_decay.lower > 0.02", "slices": ["*"]},
        ],
    } | changes


@dataclass(frozen=True)
class Chunk:
    """Consecutive predictions and the labels that became known meanwhile, both in the order of time."""

    times_ms: Ints
    ids: list[bytes]
    predictions: list[bytes]
    label_times_ms: Ints
    label_ids: list[bytes]
    labels: list[bytes]


class Traffic:
    """Endless records, the same for the same seed; slice values are unequally frequent, as in life."""

    def __init__(
        self, seed: int = 7, *, slices: dict[str, int] | None = None, spacing_ms: float = SPACING_MS
    ) -> None:
        self._random = np.random.default_rng(seed)
        self.spacing_ms = spacing_ms
        self._next, self._at_ms = 0, float(START_MS)
        self._tails, self._truth = self._templates(SLICES if slices is None else slices)
        self._pending: tuple[Ints, Ints] = (np.empty(0, np.int64), np.empty(0, np.int64))

    def _templates(self, slices: dict[str, int]) -> tuple[list[bytes], NDArray[np.float64]]:
        random = self._random
        values = random.normal(size=(TEMPLATES, len(FEATURES)))
        scores = 1 / (1 + np.exp(-values[:, :4].sum(axis=1)))
        texts = {name: self._drawn(name[:2], count) for name, count in slices.items()}
        tails: list[bytes] = []
        for i in range(TEMPLATES):
            features = ",".join(f'"{n}":{v:.3f}' for n, v in zip(FEATURES, values[i], strict=True))
            columns = "".join(f'"{name}":"{column[i]}",' for name, column in texts.items())
            tail = f'"version":"v1",{columns}"features":{{{features}}},"score":{scores[i]:.4f},"trace":"'
            tails.append(tail.encode() + b"x" * (RECORD_BYTES - HEAD_BYTES - len(tail) - 2) + b'"}')
        return tails, scores

    def _drawn(self, prefix: str, count: int) -> list[str]:
        """A value for each template; every value occurs."""
        drawn = self._random.choice(count, TEMPLATES, p=_shares(count))
        drawn[:count] = np.arange(count)
        return [f"{prefix}{value:03}" for value in drawn]

    def chunks(self, predictions: int, size: int = CHUNK) -> Iterator[Chunk]:
        """The next so many predictions, with the labels that fall between them."""
        for start in range(0, predictions, size):
            yield self._chunk(min(size, predictions - start))

    def _chunk(self, size: int) -> Chunk:
        numbers = np.arange(self._next, self._next + size)
        self._next += size
        times_ms = (self._at_ms + np.arange(size) * self.spacing_ms).astype(np.int64)
        self._at_ms += size * self.spacing_ms
        ids = [b"request-%012d" % n for n in numbers.tolist()]
        written = np.datetime_as_string(times_ms.astype("M8[ms]")).astype("S23").tolist()
        tails, at = self._tails, self._random.integers(0, TEMPLATES, size).tolist()
        predictions = [
            b'{"id":"%s","time":"%sZ",%s' % (name, time, tails[i])
            for name, time, i in zip(ids, written, at, strict=True)
        ]
        due, label_times_ms = self._due(numbers, times_ms)
        truth = self._random.random(len(due)) < 0.3
        label_ids = [b"request-%012d" % n for n in due.tolist()]
        labels = [b'{"id":"%s","label":%d}' % pair for pair in zip(label_ids, truth.tolist(), strict=True)]
        return Chunk(times_ms, ids, predictions, label_times_ms, label_ids, labels)

    def _due(self, numbers: Ints, times_ms: Ints) -> tuple[Ints, Ints]:
        """Numbers and times of the labels that become known before the chunk's end."""
        delays = np.minimum(self._random.exponential(LABEL_DELAY_MS, len(numbers)), MAX_DELAY_MS - MINUTE_MS)
        waiting = np.concatenate((self._pending[0], numbers))
        known_ms = np.concatenate((self._pending[1], times_ms + delays.astype(np.int64)))
        due = known_ms <= times_ms[-1]
        self._pending = waiting[~due], known_ms[~due]
        order = np.argsort(known_ms[due], kind="stable")
        return waiting[due][order], known_ms[due][order]


def _shares(count: int) -> NDArray[np.float64]:
    weights = 1 / np.arange(1, count + 1) ** 0.7
    return weights / weights.sum()


def reference(spec: ModelSpec, *, slices: dict[str, int] | None = None, events: int = 40_000) -> Reference:
    """A reference from traffic of the same kind."""
    values: list[bytes] = []
    for chunk in Traffic(seed=8, slices=slices, spacing_ms=1_000).chunks(events):
        values += [v[:-1] + b',"label":%d}' % (i % 3 == 0) for i, v in enumerate(chunk.predictions)]
    n = len(values)
    batch = RecordBatch(Partition("predictions", 0), np.arange(n), np.full(n, -1, np.int64), values, n)
    return build(
        subject_of(spec), lambda: [(Stream.PREDICTIONS, batch)], source="benchmark", created_ms=0
    ).reference
