from dataclasses import replace

import numpy as np

from driftwatch.telemetry.rows import COLUMNS, Chosen, Row, finite, rows, version_rows
from driftwatch.verdicts.verdict import CODE, Verdict
from tests.telemetry import pictures

MADE = pictures.layout()
READING = pictures.reading(MADE)
RULE = pictures.rule_view(READING)


def test_the_columns_are_those_of_the_issue_and_the_stream() -> None:
    assert COLUMNS == (
        "model",
        "version",
        "window",
        "start",
        "end",
        "slice",
        "feature",
        "statistic",
        "value",
        "lower",
        "upper",
        "count",
        "verdict",
        "stream",
    )


def test_there_is_one_row_per_slice_feature_and_statistic() -> None:
    made = list(rows(READING))
    keys = {(row.slice, row.feature, row.statistic) for row in made}
    declared = sum(len(MADE.slices.rows) * len(e.fields) for e in READING.estimates.values())
    assert len(keys) == len(made) == declared


def test_a_row_has_the_estimate_s_numbers_and_the_rule_s_verdict() -> None:
    [row] = rows(READING, [RULE], Chosen("all", "age", "psi"))
    estimate = READING.estimates["psi"]
    assert row == Row(
        model="credit",
        version="v1",
        window="1h",
        start="2023-11-14T21:00:00Z",
        end="2023-11-14T22:00:00Z",
        slice="all",
        feature="age",
        statistic="psi",
        value=float(estimate.value[0, 0]),
        lower=float(estimate.lower[0, 0]),
        upper=float(estimate.upper[0, 0]),
        count=int(estimate.count[0, 0]),
        verdict="drift",
        stream="predictions",
    )


def test_no_number_is_insufficient_and_no_rule_is_no_verdict() -> None:
    made = {(row.slice, row.statistic): row for row in rows(READING, [RULE])}
    last = MADE.slices.rows[-1]
    assert (made[last, "psi"].value, made[last, "psi"].verdict) == (None, "insufficient")
    assert made["all", "ks_statistic"].verdict == ""
    assert made["country=PT", "psi"].verdict == "ok"


def test_the_loudest_rule_speaks_and_rules_of_other_windows_do_not() -> None:
    codes = np.full_like(RULE.verdicts, CODE[Verdict.WARNING])
    louder = replace(RULE, rule="second", verdicts=codes)
    elsewhere = replace(louder, window="1d", verdicts=np.full_like(codes, CODE[Verdict.DRIFT]))
    made = {
        row.slice: row.verdict for row in rows(READING, [RULE, louder, elsewhere], Chosen(statistic="psi"))
    }
    assert made["country=PT"] == "warning"
    assert made["all"] == "drift"


def test_a_rule_that_looks_at_nothing_here_says_nothing() -> None:
    blind = replace(RULE, verdicts=np.full_like(RULE.verdicts, -1))
    assert {row.verdict for row in rows(READING, [blind], Chosen("all", statistic="psi"))} == {""}


def test_fields_of_rule_and_estimate_meet_by_name() -> None:
    made = pictures.layout(features=("age", "income"))
    shown = pictures.reading(made)
    narrow = replace(
        pictures.rule_view(shown), fields=("income",), verdicts=pictures.rule_view(shown).verdicts[:, :1]
    )
    found = {row.feature: row.verdict for row in rows(shown, [narrow], Chosen("all", statistic="psi"))}
    assert found == {"age": "", "income": "drift"}


def test_a_version_s_rows_can_be_cut_to_a_window() -> None:
    view = pictures.version_view(READING, pictures.reading(MADE, window="1d"))
    assert {row.window for row in version_rows(view, Chosen())} == {"1h", "1d"}
    assert {row.window for row in version_rows(view, Chosen(), "1d")} == {"1d"}


def test_only_finite_numbers_are_numbers() -> None:
    assert [finite(x) for x in (1.5, float("nan"), float("inf"), -0.0)] == [1.5, None, None, 0.0]
