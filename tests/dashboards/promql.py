"""What a PromQL expression asks for: its selectors with their matchers, and the labels that it groups by."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import promql_parser

from driftwatch.telemetry import catalogue as c

BY_SERIES = {series: metric for metric in c.catalogue() for series in metric.series}
BUCKETS = {"le"}
OPERATORS = {"MatchOp.Equal": "=", "MatchOp.NotEqual": "!=", "MatchOp.Re": "=~", "MatchOp.NotRe": "!~"}
TARGET = {"job", "instance"}
"""Put on every series by the one who scrapes."""


def nodes(query: str) -> Iterator[Any]:
    """Every node of the parsed expression; Grafana's own interval is taken as five minutes."""
    yield from _below(promql_parser.parse(query.replace("$__rate_interval", "5m")))


def metrics_in(query: str) -> list[tuple[str, dict[str, tuple[str, str]]]]:
    """(name, label → (operator, value)) of every selector."""
    return [
        (node.name, {m.name: (OPERATORS[str(m.op)], m.value) for m in node.matchers.matchers})
        for node in nodes(query)
        if isinstance(node, promql_parser.VectorSelector)
    ]


def grouped_by(query: str) -> set[str]:
    """Labels of every `by (…)`."""
    return {
        label
        for node in nodes(query)
        if isinstance(node, promql_parser.AggregateExpr) and node.modifier is not None
        for label in node.modifier.labels
    }


def labels_of(series: str) -> set[str]:
    """Labels that a series of the catalogue has once it is scraped."""
    return {*BY_SERIES[series].labels, *TARGET} | (BUCKETS if series.endswith("_bucket") else set())


def _below(node: Any) -> Iterator[Any]:
    yield node
    for name in ("lhs", "rhs", "expr", "vector_selector", "vs", "param"):
        inner = getattr(node, name, None)
        if inner is not None and type(inner).__module__ == "promql_parser":
            yield from _below(inner)
    for inner in getattr(node, "args", []):
        yield from _below(inner)
