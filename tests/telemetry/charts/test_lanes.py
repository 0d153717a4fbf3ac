import re

from driftwatch.telemetry.charts.lanes import Lane, Span, lanes, spans_of, strip
from tests.telemetry.markup import Seen

MINUTE = 60_000


def test_points_that_say_the_same_join_and_a_gap_stays_a_gap() -> None:
    # minutes:   5    10    15    (nothing)   30
    points = [(5, "ok"), (10, "ok"), (15, "drift"), (30, "drift")]
    found = spans_of([(end * MINUTE, word) for end, word in points], 5 * MINUTE)
    assert found == (
        Span(0, 10 * MINUTE, "ok"),
        Span(10 * MINUTE, 15 * MINUTE, "drift"),
        Span(25 * MINUTE, 30 * MINUTE, "drift"),
    )


def test_a_lane_is_drawn_where_its_time_is() -> None:
    drawn = lanes("all", [Lane("v<1>", (Span(0, 50, "ok"), Span(50, 100, "drift")))], 0, 100)
    bars = re.findall(r'<rect x="([\d.]+)" y="7" width="([\d.]+)" height="15" rx="2" class="v-(\w+)"', drawn)
    (x, wide, first), (other, _, second) = bars
    assert (first, second) == ("ok", "drift")
    assert float(other) - float(x) == float(wide) + 0.6
    assert Seen(drawn).labels == ["all"]


def test_what_lies_outside_the_time_is_not_drawn() -> None:
    drawn = lanes("all", [Lane("a", (Span(0, 10, "drift"),))], 50, 100)
    assert "v-drift" not in drawn


def test_a_strip_says_its_last_words() -> None:
    (label,) = Seen(strip((Span(0, MINUTE, "ok"), Span(MINUTE, 2 * MINUTE, "warning")))).labels
    assert "warning from 00:01" in label
