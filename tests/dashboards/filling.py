"""A dashboard's queries as Grafana sends them: variables filled in and escaped, with what must come back."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dashboards.page import ANY
from tests.dashboards.promql import grouped_by

_SPECIAL = re.compile(r"[$^*{}\[\]'+?.()|]")
_VARIABLE = re.compile(r"\$(\w+)")
INTERVAL = "10s"


@dataclass(frozen=True)
class Asked:
    """One query of a panel."""

    dashboard: str
    panel: str
    letter: str
    query: str
    instant: bool
    labels: frozenset[str]
    """Metric labels that every series must have: those of the legend, of the bars, of the row's columns."""
    exact: bool
    """Whether it may have no other metric label."""

    @property
    def name(self) -> str:
        """For people."""
        return f"{self.dashboard} · {self.panel} · {self.letter}"


def escaped(value: str) -> str:
    """A chosen value inside `=~"…"`: as text for the regular expression, and that as text for PromQL's quotes.

    The rules are those of Grafana's Prometheus data source with special characters in label values
    (`prometheusSpecialCharsInLabelValues`): regular-expression characters get two backslashes, a backslash becomes four.
    """
    return _SPECIAL.sub(r"\\\\\g<0>", value.replace("\\", "\\\\\\\\")).replace('"', '\\"')


def filled(query: str, values: Mapping[str, str]) -> str:
    """The query with every variable replaced; `ANY` stands for all and is not escaped."""
    query = query.replace("$__rate_interval", INTERVAL)
    return _VARIABLE.sub(lambda found: _value(values[found[1]]), query)


def asked(dashboard: Mapping[str, Any], values: Mapping[str, str]) -> Iterator[Asked]:
    """Every query of every panel."""
    for panel in dashboard["panels"]:
        for target in panel.get("targets", []):
            grouped = frozenset(grouped_by(target["expr"]))
            legend = frozenset(re.findall(r"{{(\w+)}}", target["legendFormat"]))
            bars = panel["type"] == "barchart"
            yield Asked(
                dashboard["title"],
                panel["title"],
                target["refId"],
                filled(target["expr"], values),
                target["instant"],
                grouped if bars else legend,
                bars,
            )


def variables(dashboard: Mapping[str, Any], values: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """(variable, selector, metric label) of every variable that is a query."""
    for variable in dashboard["templating"]["list"]:
        if variable["type"] == "query":
            match = re.fullmatch(r"label_values\((.+), (\w+)\)", variable["definition"])
            assert match is not None
            yield variable["name"], filled(match[1], values), match[2]


def _value(value: str) -> str:
    return value if value == ANY else escaped(value)
