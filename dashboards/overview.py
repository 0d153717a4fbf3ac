"""The first dashboard: models, statistics by slice, performance with intervals, the daemon's health."""

from __future__ import annotations

from dashboards.panels import (
    COLOURS,
    Json,
    Panel,
    Row,
    Target,
    limits,
    lines,
    mapped,
    number,
    place,
    states,
    table,
)
from dashboards.queries import RATE, rate, selector, statistic, total
from driftwatch.telemetry import catalogue as c
from driftwatch.verdicts.verdict import VERDICTS

MODEL = {"model": "$model", "version": "$version"}
SLICES = {**MODEL, "slice_": "$slice", "window": "$window"}
FEATURES = {**SLICES, "feature": "$feature"}
ALL = {**MODEL, "slice_": "all", "window": "$window"}


def dashboard() -> Json:
    """The whole dashboard, ready to be imported or provisioned."""
    return {
        "uid": "driftwatch-overview",
        "title": "driftwatch: overview",
        "description": "Made by dashboards/build.py from the metric catalogue.",
        "tags": ["driftwatch"],
        "schemaVersion": 39,
        "version": 1,
        "editable": True,
        "graphTooltip": 1,
        "refresh": "1m",
        "time": {"from": "now-24h", "to": "now"},
        "timezone": "",
        "templating": {"list": _variables()},
        "annotations": {"list": []},
        "links": [],
        "panels": place([_models(), _slices(), _performance(), _flow(), _daemon()]),
    }


def _variables() -> list[Json]:
    source: Json = {
        "name": "datasource",
        "label": "Data source",
        "type": "datasource",
        "query": "prometheus",
        "current": {},
        "hide": 0,
    }
    events = c.WINDOW_EVENTS
    psi = statistic("psi")
    return [
        source,
        _variable("model", "Model", events, {}),
        _variable("version", "Version", events, {"model": "$model"}),
        _variable("window", "Window", events, {"model": "$model"}, several=False),
        _variable("slice", "Slice", events, {"model": "$model", "window": "$window"}),
        _variable("feature", "Feature", psi, {"model": "$model"}),
    ]


def _variable(
    name: str, label: str, metric: c.Metric, matchers: dict[str, str], several: bool = True
) -> Json:
    everything = {"text": ["All"], "value": ["$__all"]}
    chosen = {"text": ["all"], "value": ["all"]} if name == "slice" else everything if several else {}
    query = f"label_values({selector(metric, **matchers)}, {name})"
    return {
        "name": name,
        "label": label,
        "type": "query",
        "datasource": {"type": "prometheus", "uid": "${datasource}"},
        "definition": query,
        "query": {"query": query, "refId": name},
        "refresh": 2,
        "sort": 1,
        "multi": several,
        "includeAll": several,
        "allValue": ".*",
        "current": chosen,
        "hide": 0,
        "options": [],
    }


def _models() -> Row:
    numbered = [
        f"{selector(c.VERDICT, **MODEL, verdict=str(verdict))} * {place_}"
        for place_, verdict in enumerate(VERDICTS)
    ]
    loudest = " + ignoring (verdict) ".join(numbered)
    words = {str(i): (str(v), COLOURS[str(v)]) for i, v in enumerate(VERDICTS)}
    return Row(
        "Models",
        [
            states(
                "Verdict",
                [Target(loudest, "{{model}} {{version}}")],
                "The loudest verdict over all rules of each live model version.",
                width=12,
                defaults=mapped(words),
            ),
            table(
                "Alerts",
                [Target(f"{selector(c.ALERTS_ACTIVE, **MODEL)} > 0", instant=True)],
                "Alerts that are pending or firing.",
                width=7,
            ),
            table(
                "Retraining",
                [Target(f"{selector(c.EPISODES_ACTIVE, model='$model')} > 0", instant=True)],
                "Retraining episodes that have not ended.",
                width=5,
            ),
        ],
    )


def _slices() -> Row:
    psi = statistic("psi")
    loudest = f"topk(15, {selector(psi, **ALL)})"
    return Row(
        "Statistics by slice",
        [
            lines(
                "PSI by slice and feature",
                [Target(selector(psi, **FEATURES), "{{feature}} · {{slice}}")],
                "Population stability index against the reference. Compare with the critical value beside it: "
                "small windows have a high PSI without any drift.",
                unit="none",
            ),
            lines(
                "PSI that 5 % of windows exceed without drift",
                [Target(selector(statistic("psi_critical"), **FEATURES), "{{feature}} · {{slice}}")],
                "Critical value of the PSI for the sizes of reference and window.",
                unit="none",
            ),
            lines(
                "KS distance by slice and feature",
                [
                    Target(selector(statistic("ks_statistic"), **FEATURES), "{{feature}} · {{slice}}"),
                    Target(
                        selector(statistic("ks_statistic", "upper"), **FEATURES),
                        "{{feature}} · {{slice}} at most",
                    ),
                ],
                "Largest difference of the distribution functions; `at most` adds what the cells can hide.",
                unit="percentunit",
            ),
            table(
                "Features that moved most",
                [Target(loudest, instant=True)],
                "The fifteen largest PSI over all traffic.",
            ),
            lines(
                "Missing, invalid, unseen values",
                [
                    Target(selector(statistic(name), **FEATURES), f"{name} {{{{feature}}}} · {{{{slice}}}}")
                    for name in ("missing_share", "invalid_share", "unseen_share", "out_of_range_share")
                ],
                "Shares of events whose value is not an ordinary one.",
                unit="percentunit",
            ),
            lines(
                "Events in the window",
                [Target(selector(c.WINDOW_EVENTS, **SLICES), "{{stream}} · {{slice}}")],
                "How many events each number rests on; 0 for a declared slice without any.",
            ),
        ],
    )


def _performance() -> Row:
    labels = selector(c.WINDOW_EVENTS, **SLICES, stream="labels")
    return Row(
        "Performance",
        [
            _banded(
                "accuracy", "Accuracy", "Share of labelled predictions whose decision was right, all traffic."
            ),
            _banded(
                "accuracy_decay", "Accuracy decay", "Reference minus current, all traffic; above 0 is worse."
            ),
            lines(
                "Accuracy decay by slice, lower limit",
                [
                    Target(
                        selector(statistic("accuracy_decay", "lower"), **SLICES),
                        "{{model}} {{version}} · {{slice}}",
                    )
                ],
                "Above 0 the decay is more than chance.",
                unit="percentunit",
            ),
            _banded(
                "auc", "AUC", "Probability that a label 1 has a higher score than a label 0, all traffic."
            ),
            lines(
                "Calibration error",
                [
                    Target(selector(statistic("calibration_error"), **ALL), "{{model}} {{version}}"),
                    Target(
                        selector(statistic("calibration_error_expected"), **ALL),
                        "{{model}} {{version}} without miscalibration",
                    ),
                ],
                "A calibrated model shows the second line: read the gap between them.",
                unit="percentunit",
            ),
            lines(
                "Labels in the window",
                [Target(labels, "{{model}} {{version}} · {{slice}}")],
                "Labels that the numbers above rest on.",
            ),
            lines(
                "Label coverage",
                [
                    Target(
                        selector(statistic("label_coverage"), **SLICES), "{{model}} {{version}} · {{slice}}"
                    )
                ],
                "Matched labels against predictions of the same time range.",
                unit="percentunit",
            ),
            _banded("mae", "Mean absolute error", "Regression models, all traffic.", unit="none"),
        ],
    )


def _banded(name: str, title: str, description: str, unit: str = "percentunit") -> Panel:
    """A statistic of the whole model with its interval as dashed lines."""
    who = "{{model}} {{version}}"
    return lines(
        title,
        [
            Target(selector(statistic(name), **ALL), who),
            Target(selector(statistic(name, "lower"), **ALL), f"{who} lower"),
            Target(selector(statistic(name, "upper"), **ALL), f"{who} upper"),
        ],
        f"{description} With its interval.",
        overrides=limits(*c.BOUNDS),
        unit=unit,
    )


def _flow() -> Row:
    return Row(
        "Records and time",
        [
            lines(
                "Records by class",
                [
                    Target(
                        f"{total(rate(c.RECORDS, model='$model'), c.RECORDS, 'stream', 'class', 'reason')} > 0",
                        "{{stream}} {{class}} {{reason}}",
                    )
                ],
                "Every record ends in exactly one class.",
                unit="cps",
            ),
            lines(
                "Event time behind the clock",
                [Target(selector(c.EVENT_TIME_LAG, model="$model"), "{{model}} {{stream}}")],
                "Wall clock minus the newest event time.",
                unit="s",
            ),
            lines(
                "Decided up to, behind the clock",
                [Target(f"time() - {selector(c.FRONTIER, model='$model')}", "{{model}} {{stream}}")],
                "How far the frontier, which closes panes, is behind the clock.",
                unit="s",
            ),
            lines(
                "Consumer lag",
                [Target(total(selector(c.CONSUMER_LAG), c.CONSUMER_LAG, "topic"), "{{topic}}")],
                "Records that wait in Kafka.",
            ),
            lines(
                "Predictions that await labels",
                [
                    Target(selector(c.REMEMBERED, model="$model"), "{{model}}"),
                    Target(
                        total(selector(c.WAITING, model="$model"), c.WAITING, "model"),
                        "{{model}} waiting records",
                    ),
                ],
                "Join state, and records that wait for another stream.",
            ),
            lines(
                "Values without a slice of their own",
                [
                    Target(
                        total(rate(c.SLICES_FOLDED, model="$model"), c.SLICES_FOLDED, "model", "column"),
                        "{{model}} {{column}}",
                    )
                ],
                "Events counted in __other__, per second.",
                unit="cps",
            ),
        ],
    )


def _daemon() -> Row:
    memory = [
        Target(selector(c.PROCESS[1]), "resident"),
        Target(selector(c.MEMORY_BOUND), "bound"),
    ]
    yes = mapped({"1": ("yes", "green"), "0": ("no", "red")})
    slow = f"histogram_quantile(0.99, sum by (le) ({rate(c.COMMIT_DURATION, '_bucket')}))"
    return Row(
        "The daemon",
        [
            number("Ready", Target(selector(c.READY)), "As /readyz says it.", **yes),
            number(
                "Broker answers", Target(selector(c.CONNECTED)), "Whether a broker answers.", defaults=yes
            ),
            number(
                "Last commit",
                Target(f"time() - {selector(c.LAST_COMMIT)}"),
                "Seconds since the last commit.",
                unit="s",
            ),
            number(
                "Outbox",
                Target(total(selector(c.OUTBOX_LENGTH), c.OUTBOX_LENGTH)),
                "Notifications to deliver.",
            ),
            number(
                "Endpoints disabled",
                Target(total(selector(c.ENDPOINT_DISABLED), c.ENDPOINT_DISABLED)),
                "Endpoints to which nothing is sent any more.",
            ),
            number(
                "Series left out",
                Target(selector(c.SERIES_FOLDED)),
                "Statistic series beyond telemetry.max_series.",
            ),
            lines(
                "Commit duration, 99th percentile", [Target(slow, "p99")], "How long commits take.", unit="s"
            ),
            lines(
                "Memory",
                memory,
                "Resident memory against the bound computed from the configuration.",
                unit="bytes",
            ),
            lines(
                "Notifications by outcome",
                [
                    Target(
                        f"sum by (endpoint, reason) (increase({selector(c.NOTIFICATIONS)}[{RATE}])) > 0",
                        "{{endpoint}} {{reason}}",
                    )
                ],
                "Attempts: delivered, or the reason of the failure.",
            ),
            lines(
                "Why not ready",
                [Target(f"{selector(c.NOT_READY)} > 0", "{{reason}}")],
                "Reasons for which /readyz says 503.",
            ),
        ],
    )
