from dataclasses import replace

import numpy as np

from driftwatch.events.classes import RecordClass
from driftwatch.telemetry import catalogue as c
from driftwatch.telemetry import flow
from driftwatch.telemetry.counts import Counting
from driftwatch.telemetry.health import Health
from driftwatch.telemetry.series import Family
from driftwatch.verdicts.verdict import CODE, Verdict
from tests.telemetry import pictures


def values(families: list[Family], metric: c.Metric) -> dict[tuple[str, ...], float]:
    [family] = [family for family in families if family.metric is metric]
    return {sample.labels: sample.value for sample in family.samples}


def test_classes_are_summed_over_partitions_and_sum_to_the_records_consumed() -> None:
    families = flow.flow_families(pictures.snapshot(), pictures.health())
    records = values(families, c.RECORDS)
    assert records["credit", "predictions", "accepted", ""] == 150
    assert records["credit", "predictions", "invalid", "not_json"] == 3
    assert records["credit", "predictions", "late", ""] == 0
    waiting = values(families, c.WAITING)
    assert sum(records.values()) + sum(waiting.values()) == 100 + 50 + 3 + 7


def test_every_class_but_waiting_has_a_series_before_its_first_record() -> None:
    records = values(flow.flow_families(pictures.snapshot(), pictures.health()), c.RECORDS)
    assert len([labels for labels in records if labels[1] == "labels"]) == len(RecordClass) - 1


def test_a_frontier_that_has_not_begun_is_not_shown() -> None:
    frontiers = values(flow.flow_families(pictures.snapshot(), pictures.health()), c.FRONTIER)
    assert frontiers == {("credit", "predictions"): pictures.END_MS / 1_000}


def test_partitions_show_offset_lag_and_idleness() -> None:
    families = flow.flow_families(pictures.snapshot(), pictures.health())
    assert values(families, c.NEXT_OFFSET)["credit.predictions", "1"] == 53
    assert values(families, c.PARTITION_IDLE)["credit.predictions", "1"] == 1
    assert values(families, c.CONSUMER_LAG) == {("credit.predictions", "0"): 12}
    assert values(families, c.STREAM_STALE) == {("credit", "predictions"): 0, ("credit", "labels"): 1}


def test_one_verdict_holds_and_resolved_alerts_are_not_active() -> None:
    families = flow.verdict_families(pictures.snapshot())
    verdicts = values(families, c.VERDICT)
    assert len(verdicts) == len(Verdict)
    assert {labels for labels, value in verdicts.items() if value} == {("credit", "v1", "drift")}
    assert values(families, c.ALERTS_ACTIVE) == {("credit", "v1", "inputs", "drift", "firing"): 1}
    assert values(families, c.EPISODES_ACTIVE)["credit", "requested"] == 1


def test_a_rule_counts_its_slices_and_features_by_verdict() -> None:
    rules = values(flow.verdict_families(pictures.snapshot()), c.RULE_VERDICTS)
    rows = len(pictures.layout().slices.rows)
    assert rules["credit", "v1", "inputs", "1h", "drift"] == 1
    assert rules["credit", "v1", "inputs", "1h", "insufficient"] == 1
    assert rules["credit", "v1", "inputs", "1h", "ok"] == rows - 2


def test_endpoints_show_outcomes_and_whether_they_are_disabled() -> None:
    families = flow.delivery_families(pictures.health())
    assert values(families, c.NOTIFICATIONS) == {
        ("slack", "delivered"): 5,
        ("slack", "http_500"): 1,
        ("retrain", "delivered"): 0,
    }
    assert values(families, c.ENDPOINT_DISABLED) == {("slack",): 0, ("retrain",): 1}
    assert values(families, c.LAST_DELIVERY) == {("slack",): 1_700_000_100.0}


def test_readiness_and_commits_are_shown() -> None:
    counting = Counting()
    counting.committed(0.02)
    counting.committed(0.02)
    counting.committed(60.0)
    families = flow.health_families(3, pictures.health(), counting.counts(), 0.0)
    assert values(families, c.READY) == {(): 1}
    assert set(values(families, c.NOT_READY).values()) == {0.0}
    commits = values(families, c.COMMIT_DURATION)
    assert commits["0.01",] == 0
    assert commits["0.025",] == 2
    assert commits["10.0",] == 2
    assert commits["+Inf",] == 3


def test_a_stopped_process_says_why_it_is_not_ready() -> None:
    stopping = replace(pictures.health(), stopping=True)
    families = flow.health_families(3, stopping, Counting().counts(), 0.0)
    assert values(families, c.READY) == {(): 0}
    assert values(families, c.NOT_READY)["stopping",] == 1


def test_every_metric_of_the_catalogue_but_statistics_and_process_is_made_here() -> None:
    made = [
        *flow.verdict_families(pictures.snapshot()),
        *flow.flow_families(pictures.snapshot(), Health()),
        *flow.delivery_families(Health()),
        *flow.health_families(0, Health(), Counting().counts(), 0.0),
        *flow.fact_families(Counting().counts()),
    ]
    wanted = [m for m in c.catalogue() if m.group not in (c.Group.STATISTICS, c.Group.PROCESS)]
    assert {family.metric for family in made} == set(wanted)
    assert len(made) == len(wanted)


def test_evidence_shows_how_near_its_groups_are_to_their_limits() -> None:
    families = flow.verdict_families(pictures.with_evidence(pictures.snapshot()))
    labels = ("credit", "v1", "ticket", "inputs")
    assert values(families, c.EVIDENCE)[labels] == 3.5
    assert values(families, c.EVIDENCE_LIMIT)[labels] == 9.0
    assert values(families, c.EVIDENCE_STREAMS)[labels] == 3
    assert values(families, c.EVIDENCE_FIRING)[labels] == 1
    assert values(families, c.RULE_VERDICTS)["credit", "v1", "evidence inputs", "evidence", "warning"] == 1


def test_a_group_of_which_everything_fires_is_as_low_as_can_be() -> None:
    view = replace(pictures.evidence(), verdicts=np.full((4, 1), CODE[Verdict.WARNING], np.int8))
    assert flow.highest(view) < 0
