import re

from dashboards.page import RUNBOOKS, chosen, drift_annotations, page
from driftwatch.telemetry import catalogue as c
from tests.deploy import documents
from tests.deploy.commands import ROOT


def test_a_variable_starts_with_what_is_asked_for() -> None:
    assert chosen("slice", c.WINDOW_EVENTS, first="all")["current"] == {"text": ["all"], "value": ["all"]}
    assert chosen("model", c.WINDOW_EVENTS)["current"] == {"text": ["All"], "value": ["$__all"]}
    alone = chosen("model", c.WINDOW_EVENTS, several=False)
    assert (alone["current"], alone["multi"], alone["includeAll"]) == ({}, False, False)


def test_alerts_are_marked_from_the_daemons_own_metric() -> None:
    alerts, episodes = drift_annotations()
    assert alerts["expr"].startswith("driftwatch_alerts_active{")
    assert 'state="firing"' in alerts["expr"]
    assert 'state="requested"' in episodes["expr"]


def test_compose_serves_the_runbooks_where_the_links_lead() -> None:
    made = page("driftwatch-x", "x", "x.", [], [])
    [variable] = [v for v in made["templating"]["list"] if v["name"] == "runbooks"]
    assert variable["query"] == RUNBOOKS
    [link] = [link for link in made["links"] if link["type"] == "link"]
    assert re.fullmatch(r"\$\{runbooks\}/README\.md", link["url"])
    volumes = documents.read(ROOT / "deploy" / "compose.yaml")["services"]["grafana"]["volumes"]
    assert f"../docs/runbooks:/usr/share/grafana{RUNBOOKS}:ro" in volumes
    assert (ROOT / "docs" / "runbooks" / "README.md").exists()
