"""For every shipped alert the series under which it fires and those, nearly the same, under which it must not."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import yaml

from tests.deploy.commands import ROOT

HOUR = 61
RULES = sorted((ROOT / "deploy" / "prometheus" / "rules").glob("*.yml"))
ME = 'job="driftwatch",instance="a:9464"'
WORKS = {f"driftwatch_standing_by{{{ME}}}": "0x2000"}
STANDS_BY = {f"driftwatch_standing_by{{{ME}}}": "1x2000"}


@dataclass(frozen=True)
class Case:
    """One alert; series in promtool's notation, one value a minute, or in ten where it waits for hours."""

    alert: str
    at: str
    """When it is asked for."""
    fires: dict[str, str]
    quiet: dict[str, str]
    labels: str = ME
    """Metric labels of the firing alert beside alertname, alertstate and severity."""
    before: str = ""
    """A moment at which the same series must not fire yet, where the alert waits."""


def series(name: str, labels: str, values: str) -> dict[str, str]:
    """One series of this daemon."""
    return {f"{name}{{{ME},{labels}}}" if labels else f"{name}{{{ME}}}": values}


def alerts(severity: str, state: str = "firing") -> dict[str, str]:
    """An active alert of driftwatch's own."""
    labels = f'model="m",version="1",rule="r",severity="{severity}",state="{state}"'
    return series("driftwatch_alerts_active", labels, "1x30")


def records(bad: str, bad_values: str, good_values: str) -> dict[str, str]:
    """Accepted records and some of another class."""
    rest = 'model="m",stream="predictions"'
    return {
        **series("driftwatch_records_total", f'{rest},class="accepted",reason=""', good_values),
        **series("driftwatch_records_total", f'{rest},class="{bad}",reason="x"', bad_values),
    }


UP = f"up{{{ME}}}"
OF_MODEL = 'job="driftwatch",model="m"'
RULE = f'{OF_MODEL},version="1",rule="r"'
STREAM = f'{ME},model="m",stream="predictions"'
FRONTIER = 'model="m",stream="predictions"'
LAG, NEXT = "driftwatch_consumer_lag_records", "driftwatch_next_offset"
TOPIC = 'topic="t",partition="0"'
COMMIT = "driftwatch_last_commit_timestamp_seconds"

CASES = (
    Case(
        "DriftwatchModelDrift",
        "1m",
        alerts("page") | alerts("drift") | WORKS,
        alerts("drift") | STANDS_BY | alerts("page", "pending") | alerts("ticket"),
        RULE,
    ),
    Case(
        "DriftwatchModelWarning",
        "1m",
        alerts("ticket") | alerts("warning") | WORKS,
        alerts("ticket", "pending") | alerts("page") | WORKS,
        RULE,
    ),
    Case(
        "DriftwatchInsufficientData",
        "361m",
        series("driftwatch_verdict", 'model="m",version="1",verdict="insufficient"', "1x400") | WORKS,
        series("driftwatch_verdict", 'model="m",version="1",verdict="insufficient"', "1x20 0 1x300") | WORKS,
        f'{OF_MODEL},version="1"',
        "350m",
    ),
    Case(
        "DriftwatchRetrainingUnanswered",
        "1441m",
        series("driftwatch_episodes_active", 'model="m",state="requested"', "1x1500") | WORKS,
        series("driftwatch_episodes_active", 'model="m",state="acknowledged"', "1x1500") | WORKS,
        OF_MODEL,
        "1430m",
    ),
    Case("DriftwatchDown", "6m", {UP: "0x10"}, {UP: "0x3 1 0x10"}, before="4m"),
    Case("DriftwatchAbsent", "11m", {'up{job="prometheus"}': "1x20"}, {UP: "1x20"}, "", "9m"),
    Case(
        "DriftwatchNoActiveMember",
        "11m",
        STANDS_BY | {'driftwatch_standing_by{job="driftwatch",instance="b:9464"}': "1x20"},
        STANDS_BY | {'driftwatch_standing_by{job="driftwatch",instance="b:9464"}': "0x20"},
        'job="driftwatch"',
        "9m",
    ),
    Case(
        "DriftwatchNotReady",
        "11m",
        series("driftwatch_not_ready", 'reason="disconnected"', "1x20"),
        series("driftwatch_not_ready", 'reason="standing_by"', "1x20")
        | series("driftwatch_not_ready", 'reason="starting"', "1x5 0x20"),
        f'{ME},reason="disconnected"',
        "9m",
    ),
    Case(
        "DriftwatchCommitFailing",
        "3m",
        series("driftwatch_not_ready", 'reason="commit_failed"', "1x20"),
        series("driftwatch_not_ready", 'reason="commit_failed"', "1 0 1 0 1"),
        f'{ME},reason="commit_failed"',
        "1m",
    ),
    Case(
        "DriftwatchCommitStuck",
        "11m",
        series(COMMIT, "", "0x30") | series(LAG, TOPIC, "7x30") | WORKS,
        series(COMMIT, "", "0x30") | series(LAG, TOPIC, "0x30") | WORKS,
        before="9m",
    ),
    Case(
        "DriftwatchCrashLooping",
        "30m",
        series("driftwatch_start_time_seconds", "", "1x5 2x5 3x5 4x20"),
        series("driftwatch_start_time_seconds", "", "1x5 2x5 3x30"),
        before="10m",
    ),
    Case(
        "DriftwatchReloadRefused",
        "6m",
        series("driftwatch_config_last_reload_successful", "", "0x20"),
        series("driftwatch_config_last_reload_successful", "", "1x20"),
        before="4m",
    ),
    Case(
        "DriftwatchMemoryAboveBound",
        "16m",
        series("process_resident_memory_bytes", "", "101x20")
        | series("driftwatch_memory_bound_bytes", "", "100x20"),
        series("process_resident_memory_bytes", "", "99x20")
        | series("driftwatch_memory_bound_bytes", "", "100x20"),
        before="14m",
    ),
    Case(
        "DriftwatchClockSkew",
        "3m",
        series(COMMIT, "", "60+60x20"),
        series(COMMIT, "", "0+60x20"),
        before="1m",
    ),
    Case(
        "DriftwatchSeriesLimitReached",
        "11m",
        series("driftwatch_series_folded", "", "3x20"),
        series("driftwatch_series_folded", "", "0x20"),
        before="9m",
    ),
    Case(  # 100 records a second come, 10 are taken, 9000 wait: 900 s and more
        "DriftwatchConsumerLag",
        "30m",
        series(LAG, TOPIC, "9000+10x60") | series(NEXT, TOPIC, "0+600x60"),
        series(LAG, TOPIC, "9000+10x60") | series(NEXT, TOPIC, "0+6000x60"),
        'job="driftwatch",topic="t"',
        "10m",
    ),
    Case(
        "DriftwatchWatermarkStuck",
        "50m",
        series("driftwatch_frontier_timestamp_seconds", FRONTIER, "7x60") | records("late", "0x60", "0+9x60"),
        series("driftwatch_frontier_timestamp_seconds", FRONTIER, "7x60") | records("late", "0+9x60", "9x60"),
        STREAM,
        "14m",
    ),
    Case(
        "DriftwatchStreamStale",
        "16m",
        series("driftwatch_stream_stale", FRONTIER, "1x20") | WORKS,
        series("driftwatch_stream_stale", FRONTIER, "1x20") | STANDS_BY,
        STREAM,
        "14m",
    ),
    Case(
        "DriftwatchRecordsInvalid",
        "30m",
        records("invalid", "0+6x40", "0+94x40"),
        records("invalid", "0+5x40", "0+95x40"),
        f'{OF_MODEL},stream="predictions"',
        "15m",
    ),
    Case(
        "DriftwatchRecordsLate",
        "60m",
        records("late", "0+6x70", "0+94x70"),
        records("late", "0+5x70", "0+95x70"),
        f'{OF_MODEL},stream="predictions"',
        "30m",
    ),
    Case(
        "DriftwatchEventsFromFuture",
        "30m",
        series("driftwatch_event_time_lag_seconds", FRONTIER, "-61x40"),
        series("driftwatch_event_time_lag_seconds", FRONTIER, "-59x40")
        | records("future", "0+1x40", "0+99x40"),
        STREAM,
        "9m",
    ),
    Case(  # the other half of the rule
        "DriftwatchEventsFromFuture",
        "30m",
        records("future", "0+2x40", "0+98x40"),
        records("late", "0+2x40", "0+98x40"),
        STREAM,
        "10m",
    ),
    Case(
        "DriftwatchSampleHalved",
        "10m",
        series("driftwatch_sample_share", 'model="m"', "1x8 0.5x20"),
        series("driftwatch_sample_share", 'model="m"', "0.1x30"),
        f'{ME},model="m"',
        "7m",
    ),
    Case(
        "DriftwatchDeadLettersDropped",
        "10m",
        series("driftwatch_dead_letters_dropped_total", "", "0x5 3x20"),
        series("driftwatch_dead_letters_dropped_total", "", "3x30"),
        before="4m",
    ),
    Case(
        "DriftwatchEndpointDisabled",
        "2m",
        series("driftwatch_endpoint_disabled", 'endpoint="e"', "1x5"),
        series("driftwatch_endpoint_disabled", 'endpoint="e"', "0x5"),
        f'{ME},endpoint="e"',
        "0m",
    ),
    Case(  # the last delivery was at 0: old from half an hour on, and then it waits half an hour more
        "DriftwatchOutboxOld",
        "61m",
        series("driftwatch_outbox_length", 'endpoint="e"', "2x90")
        | series("driftwatch_last_delivery_timestamp_seconds", 'endpoint="e"', "0x90"),
        series("driftwatch_outbox_length", 'endpoint="e"', "2x90")
        | series("driftwatch_last_delivery_timestamp_seconds", 'endpoint="e"', "0+60x90"),
        f'{ME},endpoint="e"',
        "59m",
    ),
    Case(  # one that never got anything
        "DriftwatchOutboxOld",
        "31m",
        series("driftwatch_outbox_length", 'endpoint="e"', "2x90"),
        series("driftwatch_outbox_length", 'endpoint="e"', "0x90"),
        f'{ME},endpoint="e"',
        "29m",
    ),
)


@cache
def shipped() -> dict[str, dict[str, Any]]:
    """Every shipped alerting rule by its name."""
    return {rule["alert"]: rule for rule in rules() if "alert" in rule}


def rules() -> list[dict[str, Any]]:
    """Every shipped rule, recording rules too."""
    groups = [group for path in RULES for group in yaml.safe_load(path.read_text("utf-8"))["groups"]]
    return [rule for group in groups for rule in group["rules"]]


def unit_tests() -> dict[str, dict[str, Any]]:
    """Files for `promtool test rules`: per case the firing series, with a look before its time, and the quiet ones.

    Alerts that wait for hours are asked every ten minutes, the others every minute.
    """
    slow = [case for case in CASES if int(case.at.removesuffix("m")) > HOUR]
    quick = [case for case in CASES if case not in slow]
    return {every: _file(cases, every) for every, cases in (("1m", quick), ("10m", slow))}


def _file(cases: list[Case], every: str) -> dict[str, Any]:
    tests = [test | {"interval": every} for case in cases for test in (_firing(case), _quiet(case))]
    return {"rule_files": [str(path) for path in RULES], "evaluation_interval": every, "tests": tests}


def _firing(case: Case) -> dict[str, Any]:
    severity = shipped()[case.alert]["labels"]["severity"]
    own = f'alertname="{case.alert}",alertstate="firing",severity="{severity}"'
    labels = f"ALERTS{{{own}{',' if case.labels else ''}{case.labels}}}"
    looks = [_look(case, case.at, [{"labels": labels, "value": 1}])]
    looks += [_look(case, case.before, [])] if case.before else []
    return _test(f"{case.alert} fires", case.fires, looks)


def _quiet(case: Case) -> dict[str, Any]:
    return _test(f"{case.alert} is quiet", case.quiet, [_look(case, case.at, [])])


def _test(name: str, given: dict[str, str], looks: list[dict[str, Any]]) -> dict[str, Any]:
    inputs = [{"series": series_, "values": values} for series_, values in given.items()]
    return {"name": name, "input_series": inputs, "promql_expr_test": looks}


def _look(case: Case, at: str, samples: list[dict[str, Any]]) -> dict[str, Any]:
    expression = f'ALERTS{{alertname="{case.alert}",alertstate="firing"}}'
    return {"expr": expression, "eval_time": at, "exp_samples": samples}
