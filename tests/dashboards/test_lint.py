"""The rules of Grafana's dashboard linter, as its folder `lint` has them, said once more in Python.

The tool itself (github.com/grafana/dashboard-linter) has no release that Go's module proxy serves, so it cannot run here.
All of its rules for Prometheus are here under their own names.
"""

from __future__ import annotations

import re
from typing import Any

import promql_parser
import pytest

from tests.dashboards.promql import metrics_in, nodes
from tests.dashboards.test_build import MADE, PANELS, TARGETS, shown

UNITS = {"none", "short", "percentunit", "bytes", "cps", "s"}
"""Of the linter's list those that we use."""
EXEMPT = {
    (
        "target-instance-rule",
        "Alerts of Prometheus about driftwatch",
    ): "alerts over several instances have no instance",
}
"""(rule, panel title) → reason, as the linter's file `.lint` has them."""
every = pytest.mark.parametrize("made", MADE.values(), ids=MADE)
each_panel = pytest.mark.parametrize(("name", "panel"), PANELS, ids=shown)
each_target = pytest.mark.parametrize(("name", "title", "target"), TARGETS, ids=shown)


def listed(made: dict[str, Any], **having: str) -> list[dict[str, Any]]:
    found = made["templating"]["list"]
    return [v for v in found if all(v.get(key) == value for key, value in having.items())]


@every
def test_template_datasource_rule(made: dict[str, Any]) -> None:
    [source] = listed(made, type="datasource")
    assert (source["name"], source["label"], source["query"]) == ("datasource", "Data source", "prometheus")


@every
@pytest.mark.parametrize("name", ["job", "instance"])
def test_template_job_rule_and_template_instance_rule(made: dict[str, Any], name: str) -> None:
    [variable] = listed(made, name=name)
    assert variable["datasource"]["uid"] == "${datasource}"
    assert (variable["type"], variable["label"]) == ("query", name.title())
    assert (variable["multi"], variable["allValue"]) == (True, ".+")


@every
def test_template_label_promql_rule(made: dict[str, Any]) -> None:
    for variable in listed(made, type="query"):
        match = re.fullmatch(r"label_values\((.+),\s*(\w+)\)", variable["definition"])
        assert match is not None
        assert metrics_in(match[1])


@every
def test_template_on_time_change_reload_rule(made: dict[str, Any]) -> None:
    assert {variable["refresh"] for variable in listed(made, type="query")} == {2}


@every
def test_uneditable_dashboard_rule(made: dict[str, Any]) -> None:
    assert made["editable"] is False


@each_panel
def test_panel_datasource_rule(name: str, panel: dict[str, Any]) -> None:
    assert panel["datasource"]["uid"] == "${datasource}"


@each_panel
def test_panel_title_description_rule(name: str, panel: dict[str, Any]) -> None:
    assert panel["title"]
    assert panel["description"]


@each_panel
def test_panel_units_rule(name: str, panel: dict[str, Any]) -> None:
    assert panel["fieldConfig"]["defaults"]["unit"] in UNITS


@each_panel
def test_panel_no_targets_rule(name: str, panel: dict[str, Any]) -> None:
    assert panel["targets"]


@each_target
def test_target_promql_rule(name: str, title: str, target: dict[str, Any]) -> None:
    assert list(nodes(target["expr"]))


@each_target
def test_target_rate_interval_rule(name: str, title: str, target: dict[str, Any]) -> None:
    ranges = re.findall(r"\[([^\]]+)\]", target["expr"])
    assert set(ranges) <= {"$__rate_interval"}


@each_target
@pytest.mark.parametrize("label", ["job", "instance"])
def test_target_job_rule_and_target_instance_rule(
    name: str, title: str, target: dict[str, Any], label: str
) -> None:
    if (f"target-{label}-rule", title) in EXEMPT:
        return
    for series, matchers in metrics_in(target["expr"]):
        assert matchers[label][1] == f"${label}", series
    assert len(re.findall(rf'{label}=~"\${label}"', target["expr"])) == len(metrics_in(target["expr"]))


@each_target
def test_target_counter_agg_rule(name: str, title: str, target: dict[str, Any]) -> None:
    inside = {
        node.args[0].vector_selector.name
        for node in nodes(target["expr"])
        if isinstance(node, promql_parser.Call) and node.func.name in ("rate", "irate", "increase")
    }
    counters = {series for series, _ in metrics_in(target["expr"]) if series.endswith("_total")}
    assert counters <= inside


def test_exemptions_are_of_panels_that_exist() -> None:
    assert {title for _, title in EXEMPT} <= {panel["title"] for _, panel in PANELS}
