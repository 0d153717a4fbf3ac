"""What an alert says: the share, the direction, since when, where from; the largest change first."""

from __future__ import annotations

from driftwatch.events.classes import Stream
from driftwatch.evidence.budget import Budget
from driftwatch.evidence.design import designs
from driftwatch.evidence.detector import Detector
from driftwatch.evidence.findings import Bet, Describe, Found
from driftwatch.evidence.groups import Group
from driftwatch.evidence.spec import EvidenceSpec
from tests.evidence import models
from tests.evidence.models import PANE_MS, START_MS

FIRST = 1_000


def told(calm: int, changed: int, group: Group, **changes: object) -> tuple[tuple[Found, ...], int]:
    """The first list of a group, described by the pane in which it was made; and the start of the change."""
    made = Detector(
        designs(models.reference(), EvidenceSpec()), Budget.parse("1 per week"), PANE_MS, origin_ms=7
    )
    for number in range(calm + changed):
        start_ms = START_MS + (FIRST + number) * PANE_MS
        more = changes if number >= calm else {}
        matrices = models.counted(models.records(100, start_ms, 100 + number, **more))  # type: ignore[arg-type]
        for stream in (Stream.PREDICTIONS, Stream.LABELS):
            found = made.close(stream, matrices[stream], start_ms)
            if group in found.listed:
                table = models.reference().layout.slices
                describe = Describe(made, table, matrices)
                return describe.all(found.listed[group]), START_MS + (FIRST + calm) * PANE_MS
    raise AssertionError("nothing was listed")


def test_a_shift_everywhere_is_one_of_all_traffic_since_it_began() -> None:
    found, began_ms = told(12, 20, Group.INPUTS, shift=1.0)
    first = found[0]
    assert (first.slice, first.field, first.rising, first.origin) == ("all", "income", False, True)
    assert first.indicator.startswith("<= ")
    assert first.past - first.now > 0.2
    assert abs(first.since_ms - began_ms) <= PANE_MS
    assert first.log_evidence >= first.log_limit
    assert first.events == 100
    assert first.reference_events == 20_000


def test_a_shift_in_one_country_names_the_country() -> None:
    found, _ = told(12, 40, Group.INPUTS, shift=2.0, shifted=("PT",))
    assert [f.slice for f in found if f.origin] == ["country=PT"]
    assert found[0].slice == "country=PT"


def test_missing_values_are_named_as_such() -> None:
    found, _ = told(5, 40, Group.QUALITY, missing=0.3)
    assert (found[0].field, found[0].indicator, found[0].rising) == ("income", "missing", True)
    assert found[0].past == 0.0
    assert found[0].now > 0.15


def test_errors_state_the_change_of_the_error_rate() -> None:
    found, _ = told(5, 60, Group.PERFORMANCE, errors=0.6)
    assert (found[0].field, found[0].indicator, found[0].rising) == ("error", "errors", True)
    assert found[0].change > 0.03


def test_the_best_bets_come_first() -> None:
    found, _ = told(12, 20, Group.INPUTS, shift=1.0)
    logs = [bet.log for bet in found[0].bets]
    assert logs == sorted(logs, reverse=True)
    assert str(Bet("<= 3", -0.5, 4.25)) == "<= 3 down by 0.5 logit: +4.2 nats"
