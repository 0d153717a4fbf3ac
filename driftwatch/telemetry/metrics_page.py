"""docs/metrics.md made from the metric catalogue: `python -m driftwatch.telemetry.metrics_page > docs/metrics.md`."""

from __future__ import annotations

import sys
from typing import Final

from driftwatch.drift.catalogue import CATALOGUE
from driftwatch.telemetry import catalogue as c

_INTRODUCTION: Final = """\
# Metrics

Everything that `/metrics` can show. This page is made from the metric catalogue in the code
(`python -m driftwatch.telemetry.metrics_page > docs/metrics.md`); a test compares them.

- All values of one scrape are from one commit. Prometheus text and OpenMetrics 1.0 are offered, with gzip.
- Statistics have one metric each, named after the statistic as rules and files write it. A statistic with an
  interval or a bound has two more: `…_lower` and `…_upper`.
- A statistic without enough data shows no series. `driftwatch_window_events` says how many events there are, 0 included.
- `telemetry.max_series` is a hard limit of statistic series. The slice `all` is kept first, then slices in the order
  of the reference; `driftwatch_series_folded` counts what is left out.
- Names that come from the data are shown as valid UTF-8 without control characters, at most 128 characters long. What
  had to be changed ends with `~` and eight hex digits, so that two names never become one.
- `stream` says in which stream a number is counted: `predictions`, `features` or `labels`.
"""


def page() -> str:
    """The whole page as Markdown."""
    return "\n".join([_INTRODUCTION, *(_section(group) for group in c.Group), _intervals()])


def _section(group: c.Group) -> str:
    metrics = [metric for metric in c.catalogue() if metric.group is group and not _is_bound(metric)]
    head = f"## {group}\n\n| metric | type | metric labels | unit | meaning |\n|---|---|---|---|---|\n"
    return head + "".join(_line(metric) for metric in metrics)


def _line(metric: c.Metric) -> str:
    labels = ", ".join(f"`{label}`" for label in metric.labels)
    unit = "" if metric.unit == "1" else metric.unit
    return f"| `{metric.name}` | {metric.type} | {labels} | {unit} | {metric.help.replace('|', '&#124;')} |\n"


def _intervals() -> str:
    names = ", ".join(f"`{statistic.metric}`" for statistic in CATALOGUE if statistic.interval)
    return f"## Intervals and bounds\n\nWith `_lower` and `_upper` of the same metric labels: {names}.\n"


def _is_bound(metric: c.Metric) -> bool:
    """Whether it is the lower or upper metric of a statistic."""
    return any(metric.name == f"{s.metric}_{bound}" for s in CATALOGUE for bound in c.BOUNDS)


if __name__ == "__main__":
    sys.stdout.write(page())
