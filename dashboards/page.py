"""What every dashboard has: its frame, the variables that fill its queries, its links, and alerts as annotations."""

from __future__ import annotations

from collections.abc import Sequence

from dashboards.panels import DATASOURCE, Json, Row, place
from dashboards.queries import selector
from driftwatch.telemetry import catalogue as c
from driftwatch.telemetry.catalogue import Metric

ANY = ".+"
"""What a variable stands for when all is chosen."""
RUNBOOKS = "/public/driftwatch/runbooks"
"""Where compose.yaml has Grafana serve docs/runbooks; elsewhere write your own address into the variable."""


def page(
    uid: str,
    title: str,
    description: str,
    variables: Sequence[Json],
    rows: Sequence[Row],
    annotations: Sequence[Json] = (),
) -> Json:
    """The whole dashboard, ready to be imported or provisioned."""
    return {
        "uid": uid,
        "title": title,
        "description": f"{description} Made by dashboards/build.py from the metric catalogue.",
        "tags": ["driftwatch"],
        "schemaVersion": 39,
        "version": 1,
        "editable": False,
        "graphTooltip": 1,
        "refresh": "1m",
        "time": {"from": "now-24h", "to": "now"},
        "timezone": "browser",
        "templating": {"list": [_source(), _job(), _instance(), *variables, _runbooks()]},
        "annotations": {"list": list(annotations)},
        "links": [_others(), _manual()],
        "panels": place(rows),
    }


def chosen(name: str, metric: Metric, several: bool = True, first: str = "", **matchers: str) -> Json:
    """A variable that lists the values of a metric label; `first` is chosen at the start, else all, or the first there is."""
    query = f"label_values({selector(metric, **matchers)}, {name})"
    everything = {"text": ["All"], "value": ["$__all"]} if several else {}
    current = {"text": [first], "value": [first]} if first and several else everything
    return _query(name, name.capitalize(), query, several, current)


def drift_annotations(model: str = "$model") -> list[Json]:
    """When an alert of driftwatch fired, from its own metric: no rule in Prometheus is needed."""
    return [
        _annotation(
            "Alerts",
            f"{selector(c.ALERTS_ACTIVE, model=model, state='firing')} > 0",
            "red",
            "{{rule}} ({{severity}})",
            "{{model}} {{version}}",
        ),
        _annotation(
            "Retraining asked for",
            f"{selector(c.EPISODES_ACTIVE, model=model, state='requested')} > 0",
            "purple",
            "Retraining asked for",
            "{{model}}",
        ),
    ]


def _annotation(name: str, query: str, colour: str, title: str, text: str) -> Json:
    return {
        "name": name,
        "datasource": DATASOURCE,
        "enable": True,
        "hide": False,
        "iconColor": colour,
        "expr": query,
        "step": "60s",
        "titleFormat": title,
        "textFormat": text,
    }


def _source() -> Json:
    return {
        "name": "datasource",
        "label": "Data source",
        "type": "datasource",
        "query": "prometheus",
        "current": {},
        "hide": 0,
    }


def _job() -> Json:
    return _query("job", "Job", f"label_values({c.BUILD.name}, job)", True, _all())


def _instance() -> Json:
    query = f'label_values({c.BUILD.name}{{job=~"$job"}}, instance)'
    return _query("instance", "Instance", query, True, _all())


def _runbooks() -> Json:
    return {
        "name": "runbooks",
        "label": "Runbooks at",
        "type": "textbox",
        "query": RUNBOOKS,
        "current": {"text": RUNBOOKS, "value": RUNBOOKS},
        "hide": 0,
        "options": [],
    }


def _all() -> Json:
    return {"text": ["All"], "value": ["$__all"]}


def _query(name: str, label: str, query: str, several: bool, current: Json) -> Json:
    return {
        "name": name,
        "label": label,
        "type": "query",
        "datasource": DATASOURCE,
        "definition": query,
        "query": {"query": query, "refId": name},
        "refresh": 2,
        "sort": 1,
        "multi": several,
        "includeAll": several,
        "allValue": ANY,
        "current": current,
        "hide": 0,
        "options": [],
    }


def _others() -> Json:
    return {
        "title": "driftwatch",
        "type": "dashboards",
        "tags": ["driftwatch"],
        "asDropdown": False,
        "includeVars": True,
        "keepTime": True,
        "targetBlank": False,
        "icon": "external link",
        "tooltip": "",
        "url": "",
    }


def _manual() -> Json:
    return {
        "title": "Runbooks",
        "type": "link",
        "tags": [],
        "asDropdown": False,
        "includeVars": False,
        "keepTime": False,
        "targetBlank": True,
        "icon": "doc",
        "tooltip": "What each alert means and what to do",
        "url": "${runbooks}/README.md",
    }
