"""Grafana's panels as plain values, in the form of its dashboard schema 39 (Grafana 11 and 12)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]

DATASOURCE: Json = {"type": "prometheus", "uid": "${datasource}"}
WIDTH = 24
LETTERS = "ABCDEFGHIJ"

NO_LEGEND: Json = {"showLegend": False, "displayMode": "list", "placement": "bottom", "calcs": []}
STEADY: Json = {"mode": "absolute", "steps": [{"color": "text", "value": None}]}
"""Thresholds of what has no limit of its own: one calm colour."""

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
    thresholds: Json = field(default_factory=lambda: STEADY)


@dataclass(frozen=True)
class Row:
    """A heading with its panels, placed from left to right and wrapped."""

    title: str
    panels: Sequence[Panel]


def lines(
    title: str, targets: Sequence[Target], description: str, *, above: Json | None = None, **more: Any
) -> Panel:
    """Lines over time; with `above` (thresholds) the limit is drawn as a dashed line."""
    style = {"thresholdsStyle": {"mode": "dashed" if above else "off"}}
    custom = {"lineWidth": 1, "fillOpacity": 0, "showPoints": "auto", "spanNulls": False, **style}
    options = {
        "legend": {
            "displayMode": "table",
            "placement": "bottom",
            "calcs": ["lastNotNull"],
            "showLegend": True,
        },
        "tooltip": {"mode": "multi", "sort": "desc"},
    }
    thresholds = above or STEADY
    return Panel(
        title,
        "timeseries",
        targets,
        description,
        custom=custom,
        options=options,
        thresholds=thresholds,
        **more,
    )


def number(title: str, target: Target, description: str, unit: str = "short", **more: Any) -> Panel:
    """The newest value, large."""
    options = {
        "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
        "colorMode": "value",
        "graphMode": "none",
        "textMode": "auto",
    }
    return Panel(title, "stat", [target], description, width=4, height=4, unit=unit, options=options, **more)


HEAT_ROWS = 30
"""Slices of a heat map: more of them are not to be read, the status page and the API have them all."""


def heat(title: str, targets: Sequence[Target], description: str, **more: Any) -> Panel:
    """One row of coloured cells per series: a heat map over time, green where it is small, red where it is large."""
    options = {
        "rowHeight": 0.9,
        "colWidth": 1,
        "showValue": "never",
        "legend": NO_LEGEND,
        "tooltip": {"mode": "single", "sort": "none"},
    }
    defaults = {"color": {"mode": "continuous-GrYlRd"}}
    custom = {"fillOpacity": 90, "lineWidth": 0}
    return Panel(
        title,
        "status-history",
        targets,
        description,
        options=options,
        defaults=defaults,
        custom=custom,
        **more,
    )


def bars(title: str, category: str, targets: Sequence[Target], description: str, **more: Any) -> Panel:
    """Bars side by side for each value of one metric label: the newest values, one colour per target."""
    options = {
        "xField": category,
        "orientation": "auto",
        "showValue": "never",
        "stacking": "none",
        "groupWidth": 0.7,
        "barWidth": 0.97,
        "fullHighlight": False,
        "xTickLabelRotation": -30,
        "xTickLabelMaxLength": 24,
        "legend": {"displayMode": "list", "placement": "bottom", "calcs": [], "showLegend": True},
        "tooltip": {"mode": "multi", "sort": "none"},
    }
    named = {f"Value #{letter}": target.legend for letter, target in zip(LETTERS, targets, strict=False)}
    if len(targets) == 1:
        named = {"Value": targets[0].legend}
    shape = [
        {"id": "merge", "options": {}},
        {"id": "organize", "options": {"excludeByName": {"Time": True}, "renameByName": named}},
        {"id": "sortBy", "options": {"fields": {}, "sort": [{"field": category}]}},
    ]
    return Panel(title, "barchart", targets, description, options=options, transformations=shape, **more)


def steps(*limits: tuple[float, str], calm: str = "green") -> Json:
    """Thresholds: the colour `calm` below the first limit, then that of the last limit that is reached."""
    first = {"color": calm, "value": None}
    return {"mode": "absolute", "steps": [first, *({"color": colour, "value": at} for at, colour in limits)]}


def states(title: str, targets: Sequence[Target], description: str, **more: Any) -> Panel:
    """Words over time, such as verdicts."""
    options = {"mergeValues": True, "showValue": "auto", "rowHeight": 0.9, "legend": NO_LEGEND}
    return Panel(title, "state-timeline", targets, description, options=options, **more)


def table(
    title: str,
    targets: Sequence[Target],
    description: str,
    *,
    worst: str = "",
    **more: Any,
) -> Panel:
    """The newest values as rows, one column per metric label; several targets are joined where their labels are equal.

    `worst` names the column by which it is sorted, the largest first.
    """
    hidden = {"Time": True, "__name__": True, "job": True, "instance": True}
    named = {f"Value #{letter}": target.legend for letter, target in zip(LETTERS, targets, strict=False)}
    if len(targets) == 1:
        named = {"Value": targets[0].legend or "Value"}
    shape = [
        {"id": "merge", "options": {}},
        {"id": "organize", "options": {"excludeByName": hidden, "renameByName": named}},
    ]
    options: Json = {"showHeader": True}
    if worst:
        options["sortBy"] = [{"displayName": worst, "desc": True}]
    return Panel(title, "table", targets, description, options=options, transformations=shape, **more)


def column(name: str, *properties: tuple[str, Any]) -> Json:
    """An override of one column or line by its name."""
    return {
        "matcher": {"id": "byName", "options": name},
        "properties": [{"id": id_, "value": value} for id_, value in properties],
    }


def opens(title: str, uid: str, *, keep: bool = False, **variables: str) -> tuple[str, list[Json]]:
    """A property that links each value to another dashboard of ours; `variables` are filled from the row's columns.

    With `keep` the variables of this dashboard go along too.
    """
    kept = "&${__all_variables}" if keep else ""
    filled = "".join(
        f"&var-{name}=${{__data.fields.{shown}:percentencode}}" for name, shown in variables.items()
    )
    return "links", [
        {"title": title, "url": f"/d/{uid}?${{__url_time_range}}{kept}{filled}", "targetBlank": False}
    ]


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
            "defaults": {
                "unit": panel.unit,
                "custom": panel.custom,
                "thresholds": panel.thresholds,
                **panel.defaults,
            },
            "overrides": list(panel.overrides),
        },
        "options": panel.options,
        "transformations": list(panel.transformations),
    }


def _target(target: Target, place_: int, panel_type: str) -> Json:
    return {
        "refId": LETTERS[place_],
        "datasource": DATASOURCE,
        "editorMode": "code",
        "expr": target.query,
        "legendFormat": target.legend or "__auto",
        "instant": target.instant,
        "range": not target.instant,
        "format": "table" if panel_type in ("table", "barchart") else "time_series",
    }
