"""The closed list of classes."""

from __future__ import annotations

import re

from driftwatch.events.classes import CLASSES, CODE, DEAD_LETTERS, RecordClass, Stream


def test_every_class_has_one_code_and_codes_are_kept_in_the_checkpoint() -> None:
    assert [CLASSES[CODE[why]] for why in RecordClass] == list(RecordClass)
    # counts are stored by position: a new class goes to the end
    assert [why.value for why in CLASSES[:5]] == ["accepted", "waiting", "late", "future", "duplicate"]


def test_family_and_reason_are_the_two_sides_of_the_colon() -> None:
    assert (RecordClass.INVALID_UTF8.family, RecordClass.INVALID_UTF8.reason) == ("invalid", "not_utf8")
    assert (RecordClass.LATE.family, RecordClass.LATE.reason) == ("late", "")


def test_names_fit_metrics_and_logs() -> None:
    for word in (*RecordClass, *Stream):
        assert re.fullmatch(r"[a-z_0-9]+(:[a-z_0-9]+)?", word.value)


def test_only_records_that_nobody_could_read_are_dead_letters() -> None:
    assert {why.family for why in DEAD_LETTERS} == {"invalid", "over_limit"}
    assert sum(why.family == "invalid" for why in CLASSES) == len(DEAD_LETTERS) - 1
