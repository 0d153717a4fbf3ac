"""What holds for every dashboard: the committed file, its queries against the catalogue, its frame."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from dashboards.build import DASHBOARDS, HERE, render
from driftwatch.telemetry import catalogue as c
from tests.dashboards.promql import BY_SERIES, grouped_by, labels_of, metrics_in

MADE: dict[str, dict[str, Any]] = {name: json.loads(render(name)) for name in DASHBOARDS}
PANELS = [(name, panel) for name, made in MADE.items() for panel in made["panels"] if panel["type"] != "row"]
TARGETS = [(name, panel["title"], target) for name, panel in PANELS for target in panel["targets"]]
OF_PROMETHEUS = {"ALERTS": {"alertname", "alertstate", "severity", "job", "instance", "model"}}
GLOBAL = {"__rate_interval"}


def variables(name: str) -> dict[str, dict[str, Any]]:
    return {variable["name"]: variable for variable in MADE[name]["templating"]["list"]}


def shown(value: Any) -> str:
    return value if isinstance(value, str) else value.get("refId", value.get("title", ""))


@pytest.mark.parametrize("name", DASHBOARDS)
def test_the_committed_file_is_what_the_code_makes(name: str) -> None:
    assert (HERE / name).read_text("utf-8") == render(name), "run: python -m dashboards.build"


def test_every_json_file_here_is_made_by_code() -> None:
    assert {file.name for file in HERE.glob("*.json")} == set(DASHBOARDS)


def test_they_can_be_provisioned_side_by_side() -> None:
    for made in MADE.values():
        assert made["uid"].startswith("driftwatch-")
        assert made["schemaVersion"] >= 39
        assert "id" not in made
    assert len({made["uid"] for made in MADE.values()}) == len(MADE) == 4
    assert len({made["title"] for made in MADE.values()}) == len(MADE)


@pytest.mark.parametrize(("name", "title", "target"), TARGETS, ids=shown)
def test_every_query_asks_for_what_the_catalogue_has(name: str, title: str, target: dict[str, Any]) -> None:
    found = metrics_in(target["expr"])
    assert len(found) == len(re.findall(r"\b(?:driftwatch|process)_\w+|ALERTS", target["expr"])) > 0
    offered: set[str] = set()
    for series, matchers in found:
        labels = OF_PROMETHEUS.get(series) or labels_of(series)
        offered |= labels
        assert set(matchers) <= labels
    assert grouped_by(target["expr"]) <= offered
    assert set(re.findall(r"{{(\w+)}}", target["legendFormat"])) <= offered


@pytest.mark.parametrize(("name", "title", "target"), TARGETS, ids=shown)
def test_every_variable_in_a_query_exists(name: str, title: str, target: dict[str, Any]) -> None:
    assert set(re.findall(r"\$(\w+)", target["expr"])) - GLOBAL <= set(variables(name))


@pytest.mark.parametrize("name", DASHBOARDS)
def test_a_variable_is_compared_as_grafana_escapes_it(name: str) -> None:
    """One chosen value is not escaped for a regular expression: a model `a.b` must not be `axb` too."""
    several = {n for n, variable in variables(name).items() if variable.get("multi")}
    expressions = [t["expr"] for of, _, t in TARGETS if of == name]
    expressions += [a["expr"] for a in MADE[name]["annotations"]["list"]]
    expressions += [v["definition"] for v in variables(name).values() if v["type"] == "query"]
    for operator, variable in re.findall(r'(=~?)"\$(\w+)"', " ".join(expressions)):
        assert operator == ("=~" if variable in several else "="), variable


@pytest.mark.parametrize("name", DASHBOARDS)
def test_every_variable_lists_a_metric_label_and_comes_after_what_it_needs(name: str) -> None:
    before: set[str] = set()
    for variable in MADE[name]["templating"]["list"]:
        if variable["type"] == "query":
            match = re.fullmatch(r"label_values\((.+), (\w+)\)", variable["definition"])
            assert match is not None
            [(series, matchers)] = metrics_in(match[1])
            assert {match[2], *matchers} <= labels_of(series)
            assert match[2] == variable["name"]
            assert set(re.findall(r"\$(\w+)", match[1])) <= before
        before.add(variable["name"])


@pytest.mark.parametrize("name", DASHBOARDS)
def test_every_annotation_asks_for_what_the_catalogue_has(name: str) -> None:
    for annotation in MADE[name]["annotations"]["list"]:
        [(series, matchers)] = metrics_in(annotation["expr"])
        assert set(matchers) <= labels_of(series)
        words = annotation["titleFormat"] + annotation["textFormat"]
        assert set(re.findall(r"{{(\w+)}}", words)) <= labels_of(series)
        assert set(re.findall(r"\$(\w+)", annotation["expr"])) <= set(variables(name))


@pytest.mark.parametrize("name", DASHBOARDS)
def test_panels_stand_beside_each_other_without_overlap(name: str) -> None:
    taken: set[tuple[int, int]] = set()
    for panel in MADE[name]["panels"]:
        grid = panel["gridPos"]
        columns, lines = range(grid["x"], grid["x"] + grid["w"]), range(grid["y"], grid["y"] + grid["h"])
        cells = {(x, y) for x in columns for y in lines}
        assert not cells & taken
        assert grid["x"] + grid["w"] <= 24
        taken |= cells


@pytest.mark.parametrize(("name", "panel"), PANELS, ids=shown)
def test_every_panel_has_words_unit_and_thresholds(name: str, panel: dict[str, Any]) -> None:
    assert panel["description"].endswith(".")
    assert panel["fieldConfig"]["defaults"]["unit"]
    assert panel["fieldConfig"]["defaults"]["thresholds"]["steps"][0]["value"] is None
    assert len({target["refId"] for target in panel["targets"]}) == len(panel["targets"])


def test_titles_are_unique_within_a_dashboard() -> None:
    titles = [(name, panel["title"]) for name, panel in PANELS]
    assert len(set(titles)) == len(titles)


@pytest.mark.parametrize("name", DASHBOARDS)
def test_links_lead_to_dashboards_and_variables_that_exist(name: str) -> None:
    by_uid = {made["uid"]: other for other, made in MADE.items()}
    assert {link["type"] for link in MADE[name]["links"]} == {"dashboards", "link"}
    for url in re.findall(r'"url": "(/d/[^"]+)"', render(name)):
        other = by_uid[re.match(r"/d/([\w-]+)\?", url)[1]]  # pyright: ignore[reportOptionalSubscript]
        assert set(re.findall(r"var-(\w+)=", url)) <= set(variables(other))


def test_what_a_link_takes_from_a_row_is_a_column_of_it() -> None:
    for _, panel in PANELS:
        for field in re.findall(r"__data\.fields\.(\w+)", json.dumps(panel["fieldConfig"]["overrides"])):
            assert field in grouped_by(panel["targets"][0]["expr"]), panel["title"]


def test_bars_have_one_value_for_each_place() -> None:
    for _, panel in PANELS:
        if panel["type"] == "barchart":
            for target in panel["targets"]:
                assert grouped_by(target["expr"]) == {panel["options"]["xField"]}
                assert target["instant"]


def test_statistics_with_an_interval_show_it_for_performance() -> None:
    text = render("model.json")
    for statistic in (
        "accuracy",
        "accuracy_decay",
        "auc",
        "auc_decay",
        "brier_score",
        "f1",
        "macro_auc",
        "macro_f1",
        "mae",
        "mae_decay",
    ):
        for bound in ("", "_lower", "_upper"):
            assert f"driftwatch_{statistic}{bound}{{" in text


def test_groups_of_the_catalogue_are_all_shown() -> None:
    asked = {
        BY_SERIES[series].group
        for _, _, t in TARGETS
        for series, _ in metrics_in(t["expr"])
        if series != "ALERTS"
    }
    assert asked == set(c.Group) - {g for g in c.Group if not any(m.group is g for m in c.FIXED)}
