import re

from driftwatch.drift.cell_shares import CellShare
from driftwatch.telemetry.charts.pairs import pairs, percent
from tests.telemetry.markup import Seen


def test_bars_are_as_long_as_their_shares() -> None:
    drawn = pairs("income", [CellShare("up to 5", 0.2, 0.4), CellShare("</svg>", 0.1, 0.0)])
    found = {(kind, x) for x, kind in re.findall(r'width="([\d.]+)" height="10" rx="1" class="(\w+)"', drawn)}
    assert found == {("then", "111"), ("now", "222"), ("then", "55.5"), ("now", "0")}
    assert "</svg>" in Seen(drawn).words


def test_a_share_that_is_not_zero_is_never_shown_as_zero() -> None:
    assert [percent(s) for s in (0, 0.0004, 0.1234, 1)] == ["0.0 %", "0.04 %", "12.3 %", "100.0 %"]
