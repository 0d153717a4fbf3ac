"""Grafana's panels as plain values, in the form of its dashboard schema 39 (Grafana 11 and 12)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]

DATASOURCE: Json = {"type": "prometheus", "uid": "${datasource}"}
WIDTH = 24

# The same words have the same colours in every panel; text always stands beside the colour.
COLOURS = {
    "ok": "green",
    "warning": "orange",
    "drift": "red",
    "insufficient": "text",
    "learning": "blue",
}


@dataclass(frozen=True)
class Target:
    """One query with the name of its lines; `instant` asks for the newest value only."""

    query: str
    legend: str = ""
    instant: bool = False


@dataclass(frozen=True)
class Panel:
    """One panel; its place on the page is given when the page is put together."""

    title: str
    type: str
    targets: Sequence[Target]
    description: str
    width: int = 12
    height: int = 8
    unit: str = "short"
    options: Json = field(default_factory=dict[str, Any])
    custom: Json = field(default_factory=dict[str, Any])
    defaults: Json = field(default_factory=dict[str, Any])
    overrides: Sequence[Json] = ()
    transformations: Sequence[Json] = ()


@dataclass(frozen=True)
class Row:
    """A heading with its panels, placed from left to right and wrapped."""

    title: str
    panels: Sequence[Panel]


def lines(title: str, targets: Sequence[Target], description: str, **more: Any) -> Panel:
    """Lines over time."""
    custom = {"lineWidth": 1, "fillOpacity": 0, "showPoints": "never", "spanNulls": False}
    options = {
        "legend": {
            "displayMode": "table",
            "placement": "bottom",
            "calcs": ["lastNotNull"],
            "showLegend": True,
        },
        "tooltip": {"mode": "multi", "sort": "desc"},
    }
    return Panel(title, "timeseries", targets, description, custom=custom, options=options, **more)


def number(title: str, target: Target, description: str, unit: str = "short", **defaults: Any) -> Panel:
    """The newest value, large."""
    options = {
        "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
        "colorMode": "value",
        "graphMode": "none",
        "textMode": "auto",
    }
    return Panel(
        title, "stat", [target], description, width=4, height=4, unit=unit, options=options, defaults=defaults
    )


def states(title: str, targets: Sequence[Target], description: str, **more: Any) -> Panel:
    """Words over time, such as verdicts."""
    options = {"mergeValues": True, "showValue": "auto", "rowHeight": 0.9, "legend": {"showLegend": False}}
    return Panel(title, "state-timeline", targets, description, options=options, **more)


def table(title: str, targets: Sequence[Target], description: str, **more: Any) -> Panel:
    """The newest values as rows, one column per metric label."""
    hidden = {"Time": True, "__name__": True, "job": True, "instance": True}
    organise = {"id": "organize", "options": {"excludeByName": hidden}}
    return Panel(
        title, "table", targets, description, options={"showHeader": True}, transformations=[organise], **more
    )


def limits(*words: str) -> list[Json]:
    """Overrides that draw lines whose name ends with one of these words (an interval's limits) thin and dashed."""
    dashed = {"id": "custom.lineStyle", "value": {"fill": "dash", "dash": [2, 4]}}
    return [
        {"matcher": {"id": "byRegexp", "options": f"/ {word}$/"}, "properties": [dashed]} for word in words
    ]


def mapped(words: dict[str, tuple[str, str]]) -> Json:
    """Value → (text, colour)."""
    options = {
        value: {"text": text, "color": colour, "index": place}
        for place, (value, (text, colour)) in enumerate(words.items())
    }
    return {"mappings": [{"type": "value", "options": options}]}


def place(rows: Sequence[Row]) -> list[Json]:
    """All panels with ids and places; a row's panels start on a new line."""
    placed: list[Json] = []
    y = 0
    for row in rows:
        grid = {"h": 1, "w": WIDTH, "x": 0, "y": y}
        heading = {"id": len(placed) + 1, "type": "row", "title": row.title, "collapsed": False}
        placed.append({**heading, "gridPos": grid, "panels": []})
        y += 1
        x = height = 0
        for panel in row.panels:
            if x + panel.width > WIDTH:
                x, y, height = 0, y + height, 0
            grid = {"h": panel.height, "w": panel.width, "x": x, "y": y}
            placed.append(_panel(panel, len(placed) + 1, grid))
            x, height = x + panel.width, max(height, panel.height)
        y += height
    return placed


def _panel(panel: Panel, number_: int, grid: Json) -> Json:
    return {
        "id": number_,
        "type": panel.type,
        "title": panel.title,
        "description": panel.description,
        "datasource": DATASOURCE,
        "gridPos": grid,
        "targets": [_target(target, place_, panel.type) for place_, target in enumerate(panel.targets)],
        "fieldConfig": {
            "defaults": {"unit": panel.unit, "custom": panel.custom, **panel.defaults},
            "overrides": list(panel.overrides),
        },
        "options": panel.options,
        "transformations": list(panel.transformations),
    }


def _target(target: Target, place_: int, panel_type: str) -> Json:
    return {
        "refId": chr(ord("A") + place_),
        "datasource": DATASOURCE,
        "editorMode": "code",
        "expr": target.query,
        "legendFormat": target.legend or "__auto",
        "instant": target.instant,
        "range": not target.instant,
        "format": "table" if panel_type == "table" else "time_series",
    }
