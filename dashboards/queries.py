"""PromQL made from the metric catalogue: a metric or metric label that does not exist cannot be written."""

from __future__ import annotations

from driftwatch.drift.catalogue import STATISTICS
from driftwatch.telemetry import catalogue as c
from driftwatch.telemetry.catalogue import Metric, statistic_metrics
from driftwatch.verdicts.verdict import Verdict

RATE = "$__rate_interval"
TARGET = 'job=~"$job",instance=~"$instance"'
"""In every selector: which of several daemons, by the labels that the scrape puts on."""

RANK = {
    Verdict.OK: 0,
    Verdict.LEARNING: 1,
    Verdict.INSUFFICIENT: 2,
    Verdict.WARNING: 3,
    Verdict.DRIFT: 4,
}
"""A verdict as a number that sorts the worst first; nothing known is worse than ok for who looks for trouble."""


def selector(metric: Metric, suffix: str = "", **matchers: str) -> str:
    """`name{model="$model",slice=~"$slice"}` of `model="$model"` and `slice_="~$slice"`.

    A value `$x` is a variable of which one value is chosen, `~$x` one of which several can be, or all. Grafana escapes only
    the latter for a regular expression, so the former must be compared as it is.

    Raises ValueError for a metric label that the metric does not have.
    """
    written = {label.rstrip("_"): value for label, value in matchers.items()}
    if unknown := set(written) - set(metric.labels):
        raise ValueError(f"{metric.name} has no metric label {', '.join(sorted(unknown))}")
    if metric.name + suffix not in metric.series:
        raise ValueError(f"{metric.name} has no series {metric.name}{suffix}")
    pairs = [f'{label}=~"{v[1:]}"' if v[:1] == "~" else f'{label}="{v}"' for label, v in written.items()]
    return f"{metric.name}{suffix}{{{','.join([TARGET, *pairs])}}}"


def statistic(name: str, bound: str = "") -> Metric:
    """The metric of a statistic, or of its `lower` or `upper` limit; raises KeyError where there is none."""
    metrics = {metric.name: metric for metric in statistic_metrics(STATISTICS[name])}
    return metrics[f"driftwatch_{name}_{bound}" if bound else f"driftwatch_{name}"]


def rate(metric: Metric, suffix: str = "", **matchers: str) -> str:
    """Per second, over the interval that suits the picture."""
    return f"rate({selector(metric, suffix, **matchers)}[{RATE}])"


def total(inner: str, metric: Metric, *by: str) -> str:
    """Sum, kept apart by these metric labels."""
    return _over("sum", inner, metric, by)


def largest(inner: str, metric: Metric, *by: str) -> str:
    """Maximum, kept apart by these metric labels: also makes one of the members of a group."""
    return _over("max", inner, metric, by)


def largest_few(count: int, metric: Metric, by: str, **matchers: str) -> str:
    """The past of the `count` groups whose maximum is largest at the end of what is shown."""
    chosen = selector(metric, **matchers)
    now = largest(f"{chosen} @ end()", metric, by)
    return f"{largest(chosen, metric, by)} and on ({by}) topk({count}, {now})"


def verdict_rank(**matchers: str) -> str:
    """One number per model version, as `RANK` has them."""
    numbered = [f"{selector(c.VERDICT, **matchers, verdict=str(v))} * {rank}" for v, rank in RANK.items()]
    return f"max by (model, version) ({' + ignoring (verdict) '.join(numbered)})"


def _over(operator: str, inner: str, metric: Metric, by: tuple[str, ...]) -> str:
    if unknown := set(by) - set(metric.labels):
        raise ValueError(f"{metric.name} has no metric label {', '.join(sorted(unknown))}")
    return f"{operator} by ({', '.join(by)}) ({inner})" if by else f"{operator}({inner})"
