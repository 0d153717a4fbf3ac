import pytest

from dashboards.queries import TARGET, largest, largest_few, rate, selector, statistic, total
from driftwatch.telemetry import catalogue as c
from tests.dashboards.promql import grouped_by, metrics_in


def test_values_and_variables_are_matched_as_they_must_be() -> None:
    assert selector(c.RECORDS) == f"driftwatch_records_total{{{TARGET}}}"
    assert (
        selector(c.RECORDS, model="~$model", class_="late")
        == f'driftwatch_records_total{{{TARGET},model=~"$model",class="late"}}'
    )


def test_what_is_not_in_the_catalogue_cannot_be_written() -> None:
    with pytest.raises(ValueError, match="no metric label modell"):
        selector(c.RECORDS, modell="x")
    with pytest.raises(ValueError, match="no metric label slice"):
        total("x", c.RECORDS, "slice")
    with pytest.raises(ValueError, match="no series"):
        selector(c.COMMIT_DURATION)
    with pytest.raises(KeyError):
        statistic("psi", "lower")
    with pytest.raises(KeyError):
        statistic("psy")


def test_rates_and_sums() -> None:
    inner = rate(c.RECORDS, model="~$model")
    assert inner == f'rate(driftwatch_records_total{{{TARGET},model=~"$model"}}[$__rate_interval])'
    assert total(inner, c.RECORDS, "stream") == f"sum by (stream) ({inner})"
    assert largest("x", c.RECORDS) == "max(x)"
    assert statistic("ks_statistic", "upper").name == "driftwatch_ks_statistic_upper"


def test_the_few_largest_are_chosen_by_what_they_are_now() -> None:
    query = largest_few(5, statistic("psi"), "slice", model="$model")
    assert metrics_in(query)
    assert grouped_by(query) == {"slice"}
    assert " and on (slice) topk(5, max by (slice) (" in query
    assert query.count("@ end()") == 1
