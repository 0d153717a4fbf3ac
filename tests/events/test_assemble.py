"""Rows become columns: who leaves and why, labels of every kind (F9), and payloads that tell repeats apart."""

from __future__ import annotations

import pytest

from driftwatch.events.classes import RecordClass
from driftwatch.events.columns import INVALID_TEXT
from driftwatch.events.fields import short_text
from driftwatch.events.ids import NO_ID
from driftwatch.events.reading import LabelKind
from tests.events.loans import NOW, decode, labels, loan, predictions

NAN, INF = float("nan"), float("inf")


def test_the_first_reason_stands_and_filtered_beats_every_other() -> None:
    found = decode(loan(id=None, ts=None), loan(ts=-1, model=None), loan(model=None), loan(type="x", id=None))
    assert found.rejected == {
        RecordClass.INVALID_ID: 1,
        RecordClass.INVALID_TIME: 1,
        RecordClass.INVALID_VERSION: 1,
        RecordClass.FILTERED: 1,
    }
    assert len(found) == 0
    assert found.texts == [[], []]


def test_streams_without_id_time_or_version_have_defaults() -> None:
    events = decode(loan(), reading=predictions(id=None, time=None, version=None, score=None))
    assert events.ids.tolist() == [NO_ID]
    assert events.times_ms.tolist() == [NOW], "the record's own timestamp"
    assert events.versions == ["default"]
    assert events.scores.tolist() == []


@pytest.mark.parametrize(
    ("kind", "value", "label"),
    [
        (LabelKind.BINARY, 1, 1.0),
        (LabelKind.BINARY, 0.0, 0.0),
        (LabelKind.BINARY, True, 1.0),
        (LabelKind.BINARY, 2, RecordClass.INVALID_LABEL),
        (LabelKind.BINARY, 0.5, RecordClass.INVALID_LABEL),
        (LabelKind.BINARY, "1", RecordClass.INVALID_LABEL),
        (LabelKind.BINARY, INF, RecordClass.INVALID_LABEL),
        (LabelKind.BINARY, None, RecordClass.MISSING_LABEL),
        (LabelKind.BINARY, NAN, RecordClass.MISSING_LABEL),
        (LabelKind.BINARY, [1], RecordClass.INVALID_LABEL),
        (LabelKind.CLASS, "cat", "cat"),
        (LabelKind.CLASS, 3.0, "3"),
        (LabelKind.CLASS, True, "true"),
        (LabelKind.CLASS, "", RecordClass.INVALID_LABEL),
        (LabelKind.CLASS, {"a": 1}, RecordClass.INVALID_LABEL),
        (LabelKind.CLASS, NAN, RecordClass.MISSING_LABEL),
        (LabelKind.CLASS, INF, RecordClass.INVALID_LABEL),
        (LabelKind.NUMBER, 7, 7.0),
        (LabelKind.NUMBER, -1.5, -1.5),
        (LabelKind.NUMBER, "7", RecordClass.INVALID_LABEL),
        (LabelKind.NUMBER, False, RecordClass.INVALID_LABEL),
        (LabelKind.NUMBER, INF, RecordClass.INVALID_LABEL),
        (LabelKind.NUMBER, 10**310, RecordClass.INVALID_LABEL),
        (LabelKind.NUMBER, 1e301, RecordClass.INVALID_LABEL),
        (LabelKind.NUMBER, NAN, RecordClass.MISSING_LABEL),
        (LabelKind.NUMBER, None, RecordClass.MISSING_LABEL),
    ],
)
def test_labels_by_kind_f9(kind: LabelKind, value: object, label: object) -> None:
    events = decode({"id": 1, "ts": NOW, "y": value}, reading=labels(kind))
    if isinstance(label, RecordClass):
        assert events.rejected == {label: 1}
    else:
        assert events.labels == [label]


def test_a_label_inside_a_prediction_may_be_absent_but_not_wrong() -> None:
    events = decode(loan(y=1), loan(), loan(y=None), loan(y="x"), reading=predictions(label="y"))
    assert events.labels == [1.0, None, None]
    assert events.rejected == {RecordClass.INVALID_LABEL: 1}


def test_payloads_tell_a_repetition_from_a_conflict_f14() -> None:
    events = decode(
        loan(), loan(), loan(income=1_001), loan(ts=NOW + 1), loan(output={"score": 0.26}), loan(income=None)
    )
    same, again, *others = events.payloads.tolist()
    assert same == again
    assert len({same, *others}) == 5
    found = decode(
        {"id": 1, "ts": NOW, "y": 1},
        {"id": 1, "ts": NOW + 9, "y": True},
        {"id": 1, "ts": NOW, "y": 0},
        reading=labels(),
    )
    first, second, third = found.payloads.tolist()
    assert first == second, "the same label again, whenever it is said"
    assert first != third


def test_payloads_fit_the_join_rows() -> None:
    events = decode(*(loan(income=n) for n in range(500)))
    assert 0 <= events.payloads.min() <= events.payloads.max() < 2**32
    assert len(set(events.payloads.tolist())) == 500


def test_decisions_are_texts_with_missing_and_invalid() -> None:
    values = ["approve", 1, 1.0, True, None, [1], INF]
    events = decode(
        *(loan(decided=value) for value in values), loan(), reading=predictions(decision="decided")
    )
    assert events.decisions == ["approve", "1", "1", "true", None, INVALID_TEXT, INVALID_TEXT, None]


def test_the_two_zeros_are_one_label_whatever_stands_beside_them() -> None:
    reading = labels(LabelKind.NUMBER)
    one, other = {"id": "a", "ts": NOW, "y": 0.0}, {"id": "a", "ts": NOW, "y": -0.0}
    alone = decode(other, reading=reading).payloads.tolist()
    assert decode(one, other, reading=reading).payloads.tolist() == [
        *decode(one, reading=reading).payloads,
        *alone,
    ]
    assert len(set(decode(one, other, {**one, "y": 0}, reading=reading).payloads.tolist())) == 1


def test_one_and_true_are_different_classes_in_one_batch() -> None:
    events = decode(
        *({"id": "a", "ts": NOW, "y": y} for y in (1, True, 1.0, "1")), reading=labels(LabelKind.CLASS)
    )
    assert events.labels == ["1", "true", "1", "1"]


def test_long_texts_are_cut_alike_in_every_batch_and_column_f34() -> None:
    long, other = "x" * 1_500, "x" * 1_499 + "y"
    reading = predictions(decision="decided", max_record_bytes=10_000)
    alone = decode(loan(decided=long), reading=reading).decisions
    beside = decode(loan(decided="a"), loan(decided=long), loan(decided=other), reading=reading).decisions
    assert beside == ["a", *alone, short_text(other)]
    assert alone == [short_text(long)]
    said = decode({"id": "a", "ts": NOW, "y": long}, reading=labels(LabelKind.CLASS)).labels
    assert said == alone, "a decision and its label are the same class still"
    ids = decode(*(loan(id=text) for text in (long, other)), reading=reading).ids.tolist()
    assert len(set(ids)) == 2
