"""Traffic of the live stack: the demonstration's lender, with a hostile country, and models of house prices and pets."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from driftwatch.demo.feed import first_model
from driftwatch.demo.records import Outgoing
from driftwatch.demo.traffic import Traffic
from driftwatch.demo.world import World
from driftwatch.events.spec import MINUTE_MS

HOUR_MS = 60 * MINUTE_MS
START_MS = 1_750_000_000_000 // HOUR_MS * HOUR_MS
PER_MINUTE = 24.0
HOSTILE = 'F"R\\<b>.*'
"""What France is called here: quotes, a backslash, HTML and a regular expression in a slice's name."""
PRICE: dict[str, Any] = {
    "name": "price",
    "task": "regression",
    "reference": {"learn": "6h"},
    "predictions": {
        "topic": "price.predictions",
        "id": "id",
        "time": {"path": "ts", "unit": "ms"},
        "score": "price",
        "features": ["area", "kind"],
    },
    "labels": {
        "topic": "price.labels",
        "id": "id",
        "time": {"path": "ts", "unit": "ms"},
        "label": "paid",
        "lateness": "5m",
        "max_delay": "1d",
    },
    "slices": ["city"],
    "windows": [{"size": "1h", "slide": "5m"}],
}
"""A second model: regression, and without rules, so that evidence under the default budget speaks."""
CLASSES = ("cat", "dog", "eel")
PETS: dict[str, Any] = {
    "name": "pets",
    "task": "multiclass",
    "reference": {"learn": "6h"},
    "predictions": {
        "topic": "pets.predictions",
        "id": "id",
        "time": {"path": "ts", "unit": "ms"},
        "decision": "pet",
        "class_scores": {name: f"scores.{name}" for name in CLASSES},
        "features": ["weight"],
    },
    "labels": {
        "topic": "pets.labels",
        "id": "id",
        "time": {"path": "ts", "unit": "ms"},
        "label": "pet",
        "lateness": "5m",
        "max_delay": "1d",
    },
    "slices": [],
    "windows": [{"size": "1h", "slide": "5m"}],
}
"""A third one: multiclass, with a score for every class, and always calm."""


class Lender:
    """Records of all models from `START_MS` on, by stretches of event time; the same in every run."""

    def __init__(self) -> None:
        self.now_ms = START_MS
        self._calm = World(seed=7, per_minute=PER_MINUTE)
        model = first_model(self._calm, self.now_ms)
        self._traffic = Traffic(self._calm, model, self.now_ms, "live")
        self._rng = np.random.default_rng(7)
        self._number = self._animal = 0
        self._animals = np.random.default_rng(8)

    def stretch(self, hours: float, *, drift: bool = False, without: str = "") -> Iterator[Outgoing]:
        """The next hours; with `drift` Portugal's incomes come gross and houses grow; `without` leaves a country out."""
        world = self._calm
        if drift:
            world = replace(world, gross_from_ms=self.now_ms, downturn_from_ms=self.now_ms)
        self._traffic.turn(world)
        end_ms = self.now_ms + int(hours * HOUR_MS)
        for record in self._traffic.advance(end_ms):
            value = record.value.replace(b'"FR"', json.dumps(HOSTILE).encode())
            if drift and self._rng.random() < 0.01:
                value = value.replace(b'"DE"', b'"nowhere"')
            if not without or f'"country":"{without}"'.encode() not in value:
                yield record._replace(value=value)
        yield from self._houses(self.now_ms, end_ms, drift)
        yield from self._pets(self.now_ms, end_ms)
        self.now_ms = end_ms

    def _houses(self, start_ms: int, end_ms: int, drift: bool) -> Iterator[Outgoing]:
        for now_ms in range(start_ms, end_ms, MINUTE_MS // 12):
            self._number += 1
            key = f"h{self._number}"
            area = self._rng.normal(150 if drift else 90, 20)
            price = 3_000 * area + self._rng.normal(0, 20_000)
            house = {
                "id": key,
                "ts": now_ms,
                "price": round(price),
                "area": round(area, 1),
                "kind": str(self._rng.choice(["flat", "house"])),
                "city": str(self._rng.choice(["Porto", "Lisboa"])),
            }
            yield Outgoing(now_ms, "price.predictions", key, json.dumps(house).encode())
            paid = price + self._rng.normal(60_000 if drift else 0, 15_000)
            label = {"id": key, "ts": now_ms + MINUTE_MS, "paid": round(paid)}
            yield Outgoing(now_ms + MINUTE_MS, "price.labels", key, json.dumps(label).encode())

    def _pets(self, start_ms: int, end_ms: int) -> Iterator[Outgoing]:
        for now_ms in range(start_ms, end_ms, MINUTE_MS // 6):
            self._animal += 1
            key = f"a{self._animal}"
            scores = self._animals.dirichlet((2, 1, 0.5))
            seen = {
                "id": key,
                "ts": now_ms,
                "pet": CLASSES[int(scores.argmax())],
                "scores": dict(zip(CLASSES, scores.round(4).tolist(), strict=True)),
                "weight": round(float(self._animals.gamma(3, 2)), 2),
            }
            yield Outgoing(now_ms, "pets.predictions", key, json.dumps(seen).encode())
            label = {"id": key, "ts": now_ms + MINUTE_MS, "pet": str(self._animals.choice(CLASSES, p=scores))}
            yield Outgoing(now_ms + MINUTE_MS, "pets.labels", key, json.dumps(label).encode())
