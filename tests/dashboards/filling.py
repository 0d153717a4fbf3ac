"""A dashboard's queries as Grafana sends them: variables filled in and escaped, with what must come back."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
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


def plain(value: str) -> str:
    """A chosen value inside `="…"`, as Grafana's `prometheusRegularEscape` writes it."""
    return value.replace("\\", "\\\\").replace('"', '\\"')


def escaped(value: str) -> str:
    """One of several chosen values inside `=~"…"`, as Grafana's `prometheusSpecialRegexEscape` writes it.

    Both rules are those with the feature toggle `prometheusSpecialCharsInLabelValues`, which compose.yaml switches on.
    """
    quoted = value.replace("\\", "\\\\\\\\").replace('"', '\\\\\\"')
    return _SPECIAL.sub(r"\\\\\g<0>", quoted)


def filled(query: str, values: Mapping[str, str], several: Collection[str]) -> str:
    """The query with every variable replaced; of those in `several`, `ANY` stands for all and is not escaped."""

    def value(found: re.Match[str]) -> str:
        chosen = values[found[1]]
        if found[1] in several:
            return chosen if chosen == ANY else escaped(chosen)
        return plain(chosen)

    return _VARIABLE.sub(value, query.replace("$__rate_interval", INTERVAL))


def several_of(dashboard: Mapping[str, Any]) -> set[str]:
    """Variables of which several values can be chosen, or all."""
    return {v["name"] for v in dashboard["templating"]["list"] if v.get("multi") or v.get("includeAll")}


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
                filled(target["expr"], values, several_of(dashboard)),
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
            yield variable["name"], filled(match[1], values, several_of(dashboard)), match[2]
