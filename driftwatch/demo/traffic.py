"""The traffic of the demonstration: predictions as they are made, labels as they become known, in event-time order."""

from __future__ import annotations

import threading
from collections import deque
from operator import itemgetter
from typing import Final

from driftwatch.demo.model import Model
from driftwatch.demo.records import Outgoing, label_records, prediction_records
from driftwatch.demo.world import STEP_MS, Loans, World, together

REMEMBERED_STEPS: Final = 480
"""Minutes of event time of which loans are kept for a retraining."""


class Traffic:
    """A lender's two topics; `advance` belongs to one thread, the rest may be called from others."""

    def __init__(self, world: World, model: Model, start_ms: int, run: str) -> None:
        """`run` goes into every id, so that two runs into one topic never share an id."""
        self._world = world
        self._model = model
        self._run = run
        self._next = start_ms // STEP_MS
        self._labels: dict[int, list[Outgoing]] = {}
        self._recent: deque[Loans] = deque(maxlen=REMEMBERED_STEPS)
        self._lock = threading.Lock()

    @property
    def now_ms(self) -> int:
        """Event time up to which records were made."""
        return self._next * STEP_MS

    @property
    def model(self) -> Model:
        """The model that makes the predictions now."""
        return self._model

    def advance(self, until_ms: int) -> list[Outgoing]:
        """The records of all minutes that ended since the last call, in the order of event time."""
        made: list[Outgoing] = []
        while (self._next + 1) * STEP_MS <= until_ms:
            with self._lock:
                made += self._step(self._next)
                self._next += 1
        return made

    def deploy(self, model: Model) -> None:
        """From the next minute on this model makes the predictions."""
        with self._lock:
            self._model = model

    def turn(self, world: World) -> None:
        """From the next minute on loans come from this world."""
        with self._lock:
            self._world = world

    def labelled(self, since_ms: int) -> Loans:
        """Loans applied for at or after `since_ms` of which the outcome is known by now."""
        with self._lock:
            recent, now_ms = list(self._recent), self.now_ms
        loans = together(recent or [self._world.step(self._next)])
        return loans.where((loans.time_ms >= since_ms) & (loans.label_ms < now_ms))

    def _step(self, number: int) -> list[Outgoing]:
        loans = self._world.step(number)
        self._recent.append(loans)
        ids = [f"{self._run}-{number:x}-{i:03d}" for i in range(len(loans))]
        for label in label_records(loans, ids):
            self._labels.setdefault(label.time_ms // STEP_MS, []).append(label)
        due = prediction_records(loans, ids, self._model.version, self._model.probability(loans))
        due += self._labels.pop(number, [])
        return sorted(due, key=itemgetter(0))
