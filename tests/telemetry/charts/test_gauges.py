import re

from driftwatch.telemetry.charts.gauges import Gauge, gauges, told
from tests.telemetry.markup import Seen


def test_a_bar_reaches_its_limit_when_the_evidence_does() -> None:
    rows = [
        Gauge("income · all", 9.0, 9.0, "drift"),
        Gauge("age · all", -3.0, 9.0, "ok"),
        Gauge("x", 99.0, 9.0, "drift"),
    ]
    drawn = gauges("evidence", rows)
    wide = [float(x) for x in re.findall(r'width="([\d.]+)" height="14" rx="2" class="v-', drawn)]
    (limit,) = re.findall(r'<line x1="([\d.]+)"', drawn)
    assert abs(wide[0] - (float(limit) - 178)) <= 0.1
    assert wide[1] == 0
    assert wide[2] == 164, "it ends at the edge; its number says how far it goes"
    assert "1100 %" in Seen(drawn).words
    assert told(rows[0]) == "income · all: ln E 9 of 9, drift"
