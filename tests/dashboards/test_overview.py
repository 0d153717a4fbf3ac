import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import promql_parser
import pytest

from dashboards.overview import dashboard
from driftwatch.drift.catalogue import CATALOGUE
from driftwatch.telemetry import catalogue as c
from tests.telemetry.promtool import promtool

BY_SERIES = {series: metric for metric in c.catalogue() for series in metric.series}
PANELS = [panel for panel in dashboard()["panels"] if panel["type"] != "row"]
TARGETS = [(panel["title"], target) for panel in PANELS for target in panel["targets"]]
VARIABLES = {variable["name"]: variable for variable in dashboard()["templating"]["list"]}
BUCKETS = {"le"}


def parsed(query: str) -> promql_parser.Expr:
    return promql_parser.parse(query.replace("$__rate_interval", "5m"))


class Selectors:
    """Collects what a query selects and groups by."""

    def __init__(self, query: str) -> None:
        self.selectors: list[Any] = []
        self.groups: set[str] = set()
        self._look(parsed(query))

    def _look(self, node: Any) -> None:
        if isinstance(node, promql_parser.VectorSelector):
            self.selectors.append(node)
        modifier = getattr(node, "modifier", None)
        if isinstance(node, promql_parser.AggregateExpr) and modifier is not None:
            self.groups |= set(modifier.labels)
        for inner in _inner(node):
            self._look(inner)


def _inner(node: Any) -> Iterator[Any]:
    for name in ("lhs", "rhs", "expr", "vector_selector", "param"):
        inner = getattr(node, name, None)
        if inner is not None and type(inner).__module__ == "promql_parser":
            yield inner
    yield from getattr(node, "args", [])


@pytest.mark.parametrize(("title", "target"), TARGETS, ids=lambda x: x if isinstance(x, str) else x["refId"])
def test_every_query_asks_for_what_the_catalogue_has(title: str, target: dict[str, Any]) -> None:
    found = Selectors(target["expr"])
    assert len(found.selectors) == len(re.findall(r"\b(?:driftwatch|process)_\w+", target["expr"])) > 0
    offered: set[str] = set()
    for selector in found.selectors:
        metric = BY_SERIES[selector.name]
        labels = set(metric.labels) | (BUCKETS if selector.name.endswith("_bucket") else set())
        offered |= labels
        assert {matcher.name for matcher in selector.matchers.matchers} <= labels
    assert found.groups <= offered
    assert set(re.findall(r"{{(\w+)}}", target["legendFormat"])) <= offered


@pytest.mark.parametrize(("title", "target"), TARGETS, ids=lambda x: x if isinstance(x, str) else x["refId"])
def test_every_variable_in_a_query_exists(title: str, target: dict[str, Any]) -> None:
    assert set(re.findall(r"\$(\w+)", target["expr"])) - {"__rate_interval"} <= set(VARIABLES)


@pytest.mark.parametrize("name", [name for name in VARIABLES if name != "datasource"])
def test_every_variable_lists_a_metric_label_of_the_catalogue(name: str) -> None:
    match = re.fullmatch(r"label_values\((.+), (\w+)\)", VARIABLES[name]["definition"])
    assert match is not None
    [selector] = Selectors(match[1]).selectors
    metric = BY_SERIES[selector.name]
    assert {match[2], *(matcher.name for matcher in selector.matchers.matchers)} <= set(metric.labels)
    assert match[2] == name


def test_panels_stand_beside_each_other_without_overlap() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in dashboard()["panels"]:
        grid = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(grid["x"], grid["x"] + grid["w"])
            for y in range(grid["y"], grid["y"] + grid["h"])
        }
        assert not cells & taken
        assert grid["x"] + grid["w"] <= 24
        taken |= cells


def test_every_panel_says_what_it_shows_and_takes_the_chosen_source() -> None:
    ids = [panel["id"] for panel in dashboard()["panels"]]
    assert len(set(ids)) == len(ids)
    for panel in PANELS:
        assert panel["description"].endswith(".")
        assert panel["datasource"]["uid"] == "${datasource}"
        assert panel["targets"]
        assert len({target["refId"] for target in panel["targets"]}) == len(panel["targets"])


def test_statistics_with_an_interval_show_it_for_performance() -> None:
    text = "".join(target["expr"] for _, target in TARGETS)
    shown = [s for s in CATALOGUE if s.kind == "performance" and f"{s.metric}{{" in text and s.interval]
    assert {s.name for s in shown} >= {"accuracy", "accuracy_decay", "auc", "mae"}
    for statistic in shown:
        assert f"{statistic.metric}_lower{{" in text
        assert f"{statistic.metric}_upper{{" in text


def test_the_verdict_query_gives_one_number_per_version(tmp_path: Path) -> None:
    [verdict] = [target for title, target in TARGETS if title == "Verdict"]
    query = verdict["expr"].replace("$model", ".*").replace("$version", ".*")
    series = "\n".join(
        f"""      - series: 'driftwatch_verdict{{model="credit",version="{version}",verdict="{word}"}}'
        values: '{int(word == held)}x2'"""
        for version, held in (("v1", "drift"), ("v2", "learning"))
        for word in ("ok", "warning", "drift", "insufficient", "learning")
    )
    text = f"""
tests:
  - interval: 1m
    input_series:
{series}
    promql_expr_test:
      - expr: '{query}'
        eval_time: 1m
        exp_samples:
          - labels: '{{model="credit",version="v1"}}'
            value: 2
          - labels: '{{model="credit",version="v2"}}'
            value: 4
"""
    file = tmp_path / "test.yaml"
    file.write_text(text, "utf-8")
    done = subprocess.run(
        [promtool(), "test", "rules", str(file)], capture_output=True, check=False, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
