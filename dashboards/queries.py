"""PromQL made from the metric catalogue: a metric or metric label that does not exist cannot be written."""

from __future__ import annotations

from driftwatch.drift.catalogue import STATISTICS
from driftwatch.telemetry.catalogue import Metric, statistic_metrics

RATE = "$__rate_interval"


def selector(metric: Metric, suffix: str = "", **matchers: str) -> str:
    """`name{model=~"$model"}`; a value that begins with `$` is a variable of the dashboard (several, or all, chosen).

    Raises ValueError for a metric label that the metric does not have.
    """
    written = {label.rstrip("_"): value for label, value in matchers.items()}
    if unknown := set(written) - set(metric.labels):
        raise ValueError(f"{metric.name} has no metric label {', '.join(sorted(unknown))}")
    if metric.name + suffix not in metric.series:
        raise ValueError(f"{metric.name} has no series {metric.name}{suffix}")
    pairs = ",".join(f'{label}{"=~" if v[:1] == "$" else "="}"{v}"' for label, v in written.items())
    return f"{metric.name}{suffix}{{{pairs}}}" if pairs else metric.name + suffix


def statistic(name: str, bound: str = "") -> Metric:
    """The metric of a statistic, or of its `lower` or `upper` limit; raises KeyError where there is none."""
    metrics = {metric.name: metric for metric in statistic_metrics(STATISTICS[name])}
    return metrics[f"driftwatch_{name}_{bound}" if bound else f"driftwatch_{name}"]


def rate(metric: Metric, suffix: str = "", **matchers: str) -> str:
    """Per second, over the interval that suits the picture."""
    return f"rate({selector(metric, suffix, **matchers)}[{RATE}])"


def total(inner: str, metric: Metric, *by: str) -> str:
    """Sum, kept apart by these metric labels."""
    if unknown := set(by) - set(metric.labels):
        raise ValueError(f"{metric.name} has no metric label {', '.join(sorted(unknown))}")
    return f"sum by ({', '.join(by)}) ({inner})" if by else f"sum({inner})"
