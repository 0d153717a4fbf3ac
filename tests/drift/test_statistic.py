from __future__ import annotations

import pytest

from driftwatch.drift.catalogue import CATALOGUE, STATISTICS
from driftwatch.drift.gather import Gather
from driftwatch.drift.statistic import Kind, Statistic
from driftwatch.events.classes import Stream
from driftwatch.summaries.layout import Task
from tests.drift import counting as c
from tests.drift.worlds import fields


@pytest.mark.parametrize("statistic", CATALOGUE, ids=lambda s: s.name)
def test_every_entry_says_what_it_is(statistic: Statistic) -> None:
    assert statistic.summary.endswith(".")
    assert statistic.source
    assert statistic.unit in ("1", "share", "label", "probability", "reference standard deviations")
    assert statistic.low is None or statistic.high is None or statistic.low < statistic.high
    assert statistic.compute.__doc__ or statistic.compute.__name__ == "compute"


def test_fields_are_those_of_the_needed_kinds_in_their_order() -> None:
    part = c.fields_part(*fields())
    assert STATISTICS["psi"].fields(part) == ("income", "flag", "grade", "country")
    assert STATISTICS["ks_statistic"].fields(part) == ("income", "flag", "grade")
    assert STATISTICS["unseen_share"].fields(part) == ("country",)
    assert STATISTICS["event_ratio"].fields(part) == ("",)
    gather = Gather.of(part)
    names = [statistic.names(gather) for statistic in (STATISTICS["ks_statistic"], STATISTICS["psi"])]
    assert names == [STATISTICS["ks_statistic"].fields(part), STATISTICS["psi"].fields(part)]
    assert STATISTICS["psi"].names(gather) is names[1]


def test_a_statistic_applies_only_where_its_counts_are() -> None:
    part = c.labels_part(confusion=(2, 2), quality=(3,))
    names = {s.name for s in CATALOGUE if s.applies(c.layout(Task.BINARY, part), part)}
    assert {"accuracy", "f1", "label_coverage"} <= names
    assert not names & {"auc", "brier_score", "macro_f1", "mae", "psi", "missing_share", "event_ratio"}
    assert not STATISTICS["f1"].applies(c.layout(Task.MULTICLASS, part), part)
    empty = c.fields_part()
    assert not any(s.applies(c.layout(Task.BINARY, empty), empty) for s in CATALOGUE)


def test_a_distribution_of_score_and_decision_alone_is_of_kind_score() -> None:
    psi, missing = STATISTICS["psi"], STATISTICS["missing_share"]
    assert psi.kind_of(("score",)) is Kind.SCORE
    assert psi.kind_of(("score", "decision")) is Kind.SCORE
    assert psi.kind_of(("score[cat]", "decision", "score[dog]")) is Kind.SCORE
    assert psi.kind_of(("score", "age")) is Kind.INPUT
    assert missing.kind_of(("score",)) is Kind.QUALITY


def test_only_performance_and_calibration_rest_on_labels() -> None:
    labelled = {s.name for s in CATALOGUE if s.kind.rests_on_labels}
    assert {"accuracy_decay", "auc", "mae", "calibration_error_excess"} <= labelled
    assert all(s.needs.streams == {Stream.LABELS} for s in CATALOGUE if s.name in labelled)
    assert STATISTICS["label_coverage"].kind is Kind.QUALITY
