from pathlib import Path

import pytest

from driftwatch.errors import StateError
from driftwatch.storage.sent import deliveries
from tests.telemetry.lender import lender


def test_rows_come_newest_first_with_what_became_of_them() -> None:
    rows = lender().deliveries()
    assert [row.created_ms for row in rows] == sorted((row.created_ms for row in rows), reverse=True)
    by_endpoint = {row.endpoint: row for row in rows}
    assert (by_endpoint["ml-oncall"].state, by_endpoint["ml-oncall"].attempts) == ("delivered", 1)
    waits = by_endpoint["retrain"]
    assert (waits.type, waits.state, waits.attempts, waits.reason) == (
        "retrain.requested",
        "pending",
        3,
        "timeout",
    )


def test_those_of_one_subject_can_be_asked_for() -> None:
    subject = lender().deliveries()[0].subject
    rows = deliveries(lender().folder / "state", 10, subject)
    assert {row.subject for row in rows} == {subject}
    assert len(deliveries(lender().folder / "state", 1)) == 1
    assert deliveries(lender().folder / "state", 10, "nothing") == []


def test_without_a_checkpoint_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(StateError, match="does not exist"):
        deliveries(tmp_path, 10)
