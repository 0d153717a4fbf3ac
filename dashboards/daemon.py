"""*driftwatch itself*: whether it works, keeps up, remembers, and is heard."""

from __future__ import annotations

from dashboards.page import chosen, page
from dashboards.panels import Json, Row, Target, column, lines, mapped, number, steps, table
from dashboards.queries import RATE, largest, rate, selector, total
from driftwatch.telemetry import catalogue as c

UID = "driftwatch-itself"
OF = {"model": "~$model"}
YES = mapped({"1": ("yes", "green"), "0": ("no", "red")})
RESIDENT = next(metric for metric in c.PROCESS if metric.name == "process_resident_memory_bytes")
CPU = next(metric for metric in c.PROCESS if metric.name == "process_cpu_seconds_total")
FILES = next(metric for metric in c.PROCESS if metric.name == "process_open_fds")
ALERTS = 'ALERTS{alertname=~"Driftwatch.+",job=~"$job"}'
"""Prometheus's own series of its alerts; several of ours have no instance, so they are not asked for one."""


def dashboard() -> Json:
    """The whole dashboard, ready to be imported or provisioned."""
    return page(
        UID,
        "driftwatch itself",
        "Whether driftwatch works, keeps up and is heard.",
        [chosen("model", c.WINDOW_EVENTS)],
        [_state(), _records(), _time(), _storage(), _delivery(), _process()],
    )


def _state() -> Row:
    runbook = ("links", [{"title": "Runbook", "url": "${runbooks}/${__value.raw}.md", "targetBlank": True}])
    return Row(
        "State",
        [
            number(
                "Ready",
                Target(f"max({selector(c.READY)})"),
                "As /readyz says it, of the member that works.",
                defaults=YES,
            ),
            number(
                "Broker answers",
                Target(f"max({selector(c.CONNECTED)})"),
                "Whether a broker answers.",
                defaults=YES,
            ),
            number(
                "Members that stand by",
                Target(f"sum({selector(c.STANDING_BY)})"),
                "Members of the consumer group that wait for the one that works.",
            ),
            number(
                "Last commit",
                Target(f"min(time() - {selector(c.LAST_COMMIT)})"),
                "Since the last commit; nothing is committed while nothing arrives.",
                unit="s",
            ),
            number(
                "Series left out",
                Target(f"max({selector(c.SERIES_FOLDED)})"),
                "Statistic series beyond telemetry.max_series.",
                thresholds=steps((1, "orange")),
            ),
            number(
                "Configuration in force",
                Target(f"min({selector(c.RELOADED)})"),
                "no: the last reload was refused, and the configuration before it is in force.",
                defaults=YES,
            ),
            table(
                "Alerts of Prometheus about driftwatch",
                [
                    Target(
                        f"sum by (alertname, alertstate, severity, model, instance) ({ALERTS})",
                        "alerts",
                        instant=True,
                    )
                ],
                "Alerts of deploy/prometheus/rules that are pending or firing, each with its runbook; empty while all is calm.",
                worst="alerts",
                overrides=[column("alertname", runbook)],
            ),
            lines(
                "Why not ready",
                [Target(selector(c.NOT_READY), "{{instance}} {{reason}}")],
                "1 for each reason for which /readyz says 503.",
                above=steps((1, "red")),
            ),
        ],
    )


def _records() -> Row:
    by_class = total(rate(c.RECORDS, **OF), c.RECORDS, "stream", "class", "reason")
    return Row(
        "Records",
        [
            lines(
                "Records by class",
                [Target(f"{by_class} > 0", "{{stream}} {{class}} {{reason}}")],
                "Every record ends in exactly one class.",
                unit="cps",
            ),
            lines(
                "Records that cannot be read, or come too late",
                [
                    Target(
                        f"{total(rate(c.RECORDS, **OF, class_=kind), c.RECORDS, 'model', 'stream')}"
                        f" / {total(rate(c.RECORDS, **OF), c.RECORDS, 'model', 'stream')}",
                        f"{{{{model}}}} {{{{stream}}}} {kind}",
                    )
                    for kind in ("invalid", "late")
                ],
                "Shares of all records of the stream. They are in no statistic.",
                unit="percentunit",
                above=steps((0.05, "orange")),
            ),
            lines(
                "Consumer lag",
                [Target(total(selector(c.CONSUMER_LAG), c.CONSUMER_LAG, "topic"), "{{topic}}")],
                "Records that wait in Kafka.",
            ),
            lines(
                "Values without a slice of their own",
                [
                    Target(
                        total(rate(c.SLICES_FOLDED, **OF), c.SLICES_FOLDED, "model", "column"),
                        "{{model}} {{column}}",
                    )
                ],
                "Events counted in __other__, per second.",
                unit="cps",
            ),
        ],
    )


def _time() -> Row:
    who = "{{model}} {{stream}}"
    return Row(
        "Time",
        [
            lines(
                "Event time behind the clock",
                [Target(selector(c.EVENT_TIME_LAG, **OF), who)],
                "Wall clock minus the newest event time; below 0 events come from the future.",
                unit="s",
            ),
            lines(
                "Decided up to, behind the clock",
                [Target(f"time() - {selector(c.FRONTIER, **OF)}", who)],
                "How far the frontier, which closes panes, is behind the clock.",
                unit="s",
            ),
            lines(
                "Streams without traffic",
                [Target(selector(c.STREAM_STALE, **OF), who)],
                "1 for a stream that brings no new event time.",
                above=steps((1, "orange")),
            ),
            lines(
                "Records that wait for another stream",
                [Target(largest(selector(c.WAITING, **OF), c.WAITING, "model", "stream"), who)],
                "Joined streams wait for each other, up to a hard limit.",
            ),
            lines(
                "Open panes",
                [Target(selector(c.OPEN_PANES), "{{instance}}")],
                "Panes that are not final yet, over all models.",
            ),
            lines(
                "Panes that became final",
                [Target(total(rate(c.PANES_CLOSED, **OF), c.PANES_CLOSED, "model", "stream"), who)],
                "Per second; 0 for long while records come means that the watermark is stuck.",
                unit="cps",
            ),
        ],
    )


def _storage() -> Row:
    slow = f"histogram_quantile(0.99, sum by (le) ({rate(c.COMMIT_DURATION, '_bucket')}))"
    mean = f"sum({rate(c.COMMIT_DURATION, '_sum')}) / sum({rate(c.COMMIT_DURATION, '_count')})"
    return Row(
        "Storage",
        [
            lines(
                "Commit duration",
                [Target(slow, "99 of 100 within"), Target(mean, "mean")],
                "How long commits take; nothing is counted meanwhile.",
                unit="s",
                above=steps((1, "orange")),
            ),
            lines(
                "Checkpoint",
                [Target(selector(c.CHECKPOINT_BYTES), "{{instance}}")],
                "Size of the checkpoint file.",
                unit="bytes",
            ),
        ],
    )


def _delivery() -> Row:
    return Row(
        "Notifications",
        [
            lines(
                "Notifications by outcome",
                [
                    Target(
                        total(
                            f"increase({selector(c.NOTIFICATIONS)}[{RATE}])",
                            c.NOTIFICATIONS,
                            "endpoint",
                            "reason",
                        ),
                        "{{endpoint}} {{reason}}",
                    )
                ],
                "Attempts: delivered, or the reason of the failure.",
            ),
            lines(
                "Outbox",
                [Target(largest(selector(c.OUTBOX_LENGTH), c.OUTBOX_LENGTH, "endpoint"), "{{endpoint}}")],
                "Notifications that are not delivered yet.",
                above=steps((1, "orange")),
            ),
            lines(
                "Endpoints that are disabled",
                [
                    Target(
                        largest(selector(c.ENDPOINT_DISABLED), c.ENDPOINT_DISABLED, "endpoint"),
                        "{{endpoint}}",
                    )
                ],
                "1 for an endpoint to which nothing is sent any more.",
                above=steps((1, "red")),
            ),
            lines(
                "Since the last delivery",
                [
                    Target(
                        f"time() - {largest(selector(c.LAST_DELIVERY), c.LAST_DELIVERY, 'endpoint')}",
                        "{{endpoint}}",
                    )
                ],
                "How long ago each endpoint got its last notification.",
                unit="s",
            ),
        ],
    )


def _process() -> Row:
    who = "{{instance}}"
    return Row(
        "Process",
        [
            lines(
                "Memory",
                [
                    Target(selector(RESIDENT), f"{who} resident"),
                    Target(selector(c.MEMORY_BOUND), f"{who} bound"),
                ],
                "Resident memory against the bound computed from the configuration.",
                unit="bytes",
            ),
            lines("CPU", [Target(rate(CPU), who)], "Cores in use; one is its limit.", unit="percentunit"),
            lines("Open files", [Target(selector(FILES), who)], "Open file descriptors."),
            lines(
                "Series",
                [
                    Target(selector(c.SERIES), f"{who} shown"),
                    Target(selector(c.SERIES_LIMIT), f"{who} limit"),
                ],
                "Statistic series on /metrics against telemetry.max_series.",
            ),
        ],
    )
