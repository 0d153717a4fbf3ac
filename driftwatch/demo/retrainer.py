"""The retraining pipeline of the demonstration: a verified request becomes a new model and an acknowledgement."""

from __future__ import annotations

import queue
import threading
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from driftwatch.demo.acts import Happening, Tell
from driftwatch.demo.api import Api
from driftwatch.demo.model import Model, fit
from driftwatch.demo.traffic import Traffic
from driftwatch.demo.world import Loans
from driftwatch.events.iso import BAD_TIME, parse_iso_ms

ENOUGH: Final = 1_500
"""Labelled loans that a new model needs."""
_HELD_OUT: Final = 4
"""Every fourth loan tests the models and trains none."""
_LOOK_EVERY_S: Final = 0.2


@dataclass(frozen=True, slots=True)
class Request:
    """What a retraining request says that a pipeline has to know."""

    episode: str
    acknowledge: str
    """Where to acknowledge it."""
    since_ms: int
    """Since when it hurts: the first breach of the loudest reason. What came before is another world."""


def read_request(content: dict[str, Any]) -> Request:
    """The parts of a `retrain.requested` body; raises ValueError where they are missing."""
    try:
        data = content["data"]
        since_ms = parse_iso_ms(data["why"][0]["findings"][0]["since"])
        request = Request(data["episode"]["id"], data["links"]["acknowledge"], since_ms)
    except (LookupError, TypeError, ValueError) as error:
        raise ValueError(f"not a retraining request: {error!r}") from error
    if since_ms == BAD_TIME:
        raise ValueError("not a retraining request: no time since when it hurts")
    return request


@dataclass(frozen=True, slots=True)
class Fitted:
    """A new model with its accuracy and the old one's on the same held-out loans."""

    model: Model
    accuracy: float
    old_accuracy: float
    trained_on: int


def refit(old: Model, loans: Loans) -> Fitted:
    """Fit the next version; raises ValueError for loans of one outcome."""
    held_out = np.arange(len(loans)) % _HELD_OUT == 0
    train, test = loans.where(~held_out), loans.where(held_out)
    model = fit(str(int(old.version) + 1), train)
    return Fitted(model, model.accuracy(test), old.accuracy(test), len(train))


class Retrainer:
    """Works off requests, one after the other; `work` is for a thread of its own."""

    def __init__(self, traffic: Traffic, api: Api, tell: Tell) -> None:
        self._traffic = traffic
        self._api = api
        self._tell = tell
        self._requests: queue.Queue[Request] = queue.Queue()

    def take(self, request: Request) -> None:
        """Queue a request whose signature was verified."""
        self._requests.put(request)

    def work(self, stop: threading.Event) -> None:
        """Until told to stop, also in the middle of waiting for labels."""
        while not stop.is_set():
            try:
                self._retrain(self._requests.get(timeout=_LOOK_EVERY_S), stop)
            except queue.Empty:
                continue
            except (OSError, ValueError) as error:
                self._tell(Happening("retrainer", f"failed: {error}"))

    def _retrain(self, request: Request, stop: threading.Event) -> None:
        while len(loans := self._traffic.labelled(request.since_ms)) < ENOUGH:
            if stop.wait(_LOOK_EVERY_S):
                return
        fitted = refit(self._traffic.model, loans)
        outcome = self._api.acknowledge(request.acknowledge, "the demo's retrainer")
        self._traffic.deploy(fitted.model)
        self._tell(
            Happening(
                "retrainer",
                f"fitted model {fitted.model.version} on {fitted.trained_on:,} loans with labels; on held-out ones it is "
                f"right in {fitted.accuracy:.0%}, the old one in {fitted.old_accuracy:.0%}",
                details=(
                    f"{outcome} episode {request.episode}; predictions now come from version {fitted.model.version}",
                    "driftwatch learns its reference from the first hours before it judges it",
                ),
            )
        )
