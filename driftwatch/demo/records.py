"""What the lender writes to Kafka: loans as prediction and label records, the JSON of the example configuration."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import msgspec
import numpy as np

from driftwatch.demo.world import FEATURES, NEVER, Floats, Ints, Loans

PREDICTIONS_TOPIC: Final = "credit.predictions"
LABELS_TOPIC: Final = "credit.labels"
TOPICS: Final = (PREDICTIONS_TOPIC, LABELS_TOPIC)
MODEL: Final = "credit-default"
_ENCODER: Final = msgspec.json.Encoder()


class Outgoing(NamedTuple):
    """One record on its way to Kafka; `time_ms` is its event time and its timestamp, `key` the prediction's id."""

    time_ms: int
    topic: str
    key: str
    value: bytes


def prediction_records(loans: Loans, ids: list[str], version: str, probability: Floats) -> list[Outgoing]:
    """One record per loan, in the order of the loans."""
    model = {"name": MODEL, "version": version}
    features = list(zip(*(_plain(loans, name) for name in FEATURES), strict=True))
    times_ms, texts = loans.time_ms.tolist(), _iso(loans.time_ms)
    countries, channels = loans.country.tolist(), loans.channel.tolist()
    scores = np.round(probability, 6).tolist()
    made: list[Outgoing] = []
    for i, key in enumerate(ids):
        content = {
            "request_id": key,
            "ts": texts[i],
            "country": countries[i],
            "channel": channels[i],
            "model": model,
            "features": dict(zip(FEATURES, features[i], strict=True)),
            "output": {"probability": scores[i]},
        }
        made.append(_record(PREDICTIONS_TOPIC, times_ms[i], key, content))
    return made


def label_records(loans: Loans, ids: list[str]) -> list[Outgoing]:
    """One record per loan whose outcome will be known, in the order in which that happens."""
    known = np.flatnonzero(loans.label_ms != NEVER)
    order = known[np.argsort(loans.label_ms[known], kind="stable")]
    times_ms = loans.label_ms[order]
    places: list[int] = order.tolist()
    outcomes: list[bool] = loans.defaulted[order].tolist()
    return [
        _record(LABELS_TOPIC, time_ms, ids[i], {"request_id": ids[i], "ts": ts, "defaulted": defaulted})
        for i, time_ms, ts, defaulted in zip(places, times_ms.tolist(), _iso(times_ms), outcomes, strict=True)
    ]


def _record(topic: str, time_ms: int, key: str, content: dict[str, Any]) -> Outgoing:
    return Outgoing(time_ms, topic, key, _ENCODER.encode(content))


def _plain(loans: Loans, name: str) -> list[Any]:
    """A column as JSON values: NaN is null."""
    column = getattr(loans, name)
    values: list[Any] = column.tolist()
    if column.dtype.kind == "f":
        return [None if value != value else value for value in values]
    return values


def _iso(times_ms: Ints) -> list[str]:
    """ISO 8601 in UTC with milliseconds."""
    texts: list[str] = np.datetime_as_string(times_ms.astype("datetime64[ms]"), unit="ms").tolist()
    return [f"{text}Z" for text in texts]
