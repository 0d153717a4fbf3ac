import re

from driftwatch.drift.catalogue import CATALOGUE
from driftwatch.events.classes import RecordClass
from driftwatch.telemetry import catalogue as c


def test_every_series_has_one_metric() -> None:
    names = [series for metric in c.catalogue() for series in metric.series]
    assert len(names) == len(set(names))


def test_names_and_metric_labels_are_what_prometheus_takes() -> None:
    for metric in c.catalogue():
        assert re.fullmatch(r"(driftwatch|process)_[a-z][a-z0-9_]*", metric.name)
        assert all(re.fullmatch(r"[a-z][a-z_]*", label) and label != "le" for label in metric.labels)
        assert len(set(metric.labels)) == len(metric.labels)
        assert metric.help
        assert "\n" not in metric.help


def test_counters_end_with_total_and_nothing_else_does() -> None:
    for metric in c.catalogue():
        assert metric.name.endswith("_total") == (metric.type is c.MetricType.COUNTER)


def test_every_statistic_has_its_metric_and_limits_where_it_has_an_interval() -> None:
    names = {metric.name for metric in c.catalogue()}
    for statistic in CATALOGUE:
        assert f"driftwatch_{statistic.name}" in names
        assert (f"driftwatch_{statistic.name}_lower" in names) == statistic.interval
        assert (f"driftwatch_{statistic.name}_upper" in names) == statistic.interval


def test_open_metrics_units_stand_at_the_end_of_the_family() -> None:
    assert c.COMMIT_DURATION.open_metrics_unit == "seconds"
    assert c.RECORDS.family == "driftwatch_records"
    assert c.BUILD.family == "driftwatch_build"
    assert c.OUTBOX_LENGTH.open_metrics_unit == ""


def test_no_class_collides_after_its_colon_is_cut() -> None:
    pairs = {(class_.family, class_.reason) for class_ in RecordClass}
    assert len(pairs) == len(RecordClass)


def test_fact_counters_are_in_the_catalogue() -> None:
    assert set(c.FACT_COUNTERS) <= set(c.catalogue())
