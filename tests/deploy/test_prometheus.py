"""Prometheus and Alertmanager take the files that compose.yaml gives them, and every alert fires when it must and only then."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from driftwatch.telemetry import catalogue as c
from tests.dashboards.promql import labels_of, metrics_in
from tests.deploy.alerts import CASES, rules, shipped, unit_tests
from tests.deploy.commands import ROOT

DEPLOY = ROOT / "deploy"
RUNBOOKS = ROOT / "docs" / "runbooks"
BY_SERIES = {series: metric for metric in c.catalogue() for series in metric.series}
OF_PROMETHEUS = {"up": {"job", "instance"}}
OF_THE_TARGET = {"job", "instance"}


def accepted(*command: str | Path) -> None:
    program = str(command[0])
    if shutil.which(program) is None:
        pytest.skip(f"no {program}: install prometheus and prometheus-alertmanager")
    run = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr


def test_promtool_takes_configuration_and_rules() -> None:
    accepted("promtool", "check", "config", DEPLOY / "prometheus" / "prometheus.yml")
    accepted("promtool", "check", "rules", *(DEPLOY / "prometheus" / "rules").glob("*.yml"))


def test_amtool_takes_the_alertmanager_configuration() -> None:
    accepted("amtool", "check-config", DEPLOY / "alertmanager" / "alertmanager.yml")


@pytest.mark.parametrize(
    ("receiver", "severity"),
    [("pages", "page"), ("tickets", "ticket")],
)
def test_alertmanager_routes_by_severity(receiver: str, severity: str) -> None:
    config = DEPLOY / "alertmanager" / "alertmanager.yml"
    route = f"--config.file={config}"
    accepted(
        "amtool", "config", "routes", "test", route, f"--verify.receivers={receiver}", f"severity={severity}"
    )


def test_every_alert_fires_when_it_must_and_only_then(tmp_path: Path) -> None:
    for every, tests in unit_tests().items():
        file = tmp_path / f"{every}.yml"
        file.write_text(yaml.safe_dump(tests, sort_keys=False))
        accepted("promtool", "test", "rules", file)


def test_every_alert_has_its_cases() -> None:
    assert {case.alert for case in CASES} == set(shipped())
    waits = {name for name, rule in shipped().items() if "for" in rule}
    assert {case.alert for case in CASES if case.before} >= waits, "who waits must be seen waiting"


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.get("alert") or rule["record"])
def test_every_metric_and_label_in_a_rule_is_in_the_catalogue(rule: dict) -> None:
    found = metrics_in(rule["expr"])
    assert found
    for name, matchers in found:
        known = OF_PROMETHEUS.get(name) or {*BY_SERIES[name].labels, *OF_THE_TARGET}
        assert set(matchers) <= known, name
    offered = {label for name, _ in found for label in OF_PROMETHEUS.get(name) or labels_of(name)}
    used = set(re.findall(r"\$labels\.(\w+)", str(rule.get("annotations", ""))))
    grouped = {
        label.strip()
        for group in re.findall(r"(?:by|on) ?\(([^)]*)\)", rule["expr"])
        for label in group.split(",")
    }
    assert used | grouped <= offered


@pytest.mark.parametrize("name", shipped())
def test_every_alert_says_what_it_means_and_where_to_read_on(name: str) -> None:
    rule = shipped()[name]
    assert rule["labels"]["severity"] in ("page", "ticket")
    assert set(rule["annotations"]) == {"summary", "description", "runbook_url"}
    assert rule["annotations"]["description"].endswith(".")
    assert not rule["annotations"]["summary"].endswith(".")
    assert rule["annotations"]["runbook_url"] == f"docs/runbooks/{name}.md"


def test_every_alert_has_its_runbook_and_every_runbook_its_alert() -> None:
    assert {path.stem for path in RUNBOOKS.glob("*.md")} - {"README"} == set(shipped())


def test_the_list_of_runbooks_is_that_of_the_alerts() -> None:
    text = (RUNBOOKS / "README.md").read_text("utf-8")
    lines = re.findall(r"^\| \[(\w+)\]\((\w+)\.md\) \| (\w+) \|", text, re.MULTILINE)
    assert lines == [(name, name, rule["labels"]["severity"]) for name, rule in shipped().items()]


@pytest.mark.parametrize("name", shipped())
def test_a_runbook_says_what_it_means_how_to_see_it_and_what_to_do(name: str) -> None:
    text = (RUNBOOKS / f"{name}.md").read_text("utf-8")
    assert text.startswith(f"# {name}\n")
    assert re.findall(r"^## (.*)$", text, re.MULTILINE) == ["What it means", "How to see it", "What to do"]
    for metric in re.findall(r"\bdriftwatch_[a-z0-9_]+", text):
        assert metric in BY_SERIES, metric
