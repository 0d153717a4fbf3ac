"""One metric with its samples: what the collector yields and the exposition writes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from driftwatch.telemetry.catalogue import Metric


class Sample(NamedTuple):
    """One series at one moment; `labels` are the values of the family's `label_names`, a prefix where some are absent."""

    name: str
    labels: tuple[str, ...]
    value: float


@dataclass(frozen=True, slots=True)
class Family:
    """All samples of one metric."""

    metric: Metric
    samples: list[Sample]

    @property
    def label_names(self) -> tuple[str, ...]:
        """Names that belong to the values in `Sample.labels`; a histogram's buckets have `le` last."""
        return (*self.metric.labels, "le")

    @classmethod
    def of(cls, metric: Metric, values: Iterable[tuple[tuple[str, ...], float]]) -> Family:
        """A family of a metric with one series per set of metric labels."""
        return cls(metric, [Sample(metric.name, labels, float(value)) for labels, value in values])

    @classmethod
    def one(cls, metric: Metric, value: float) -> Family:
        """A metric without metric labels."""
        return cls.of(metric, (((), value),))
