import math
import re

from driftwatch.telemetry.charts.trend import Point, trend
from tests.telemetry.markup import Seen

NAN = math.nan


def test_the_line_breaks_where_nothing_is_known() -> None:
    points = [
        Point(0, 0.8, 0.7, 0.9, 9),
        Point(1, NAN, NAN, NAN, 0),
        Point(2, 0.6, 0.5, 0.7, 9),
        Point(3, 0.5, 0.4, 0.6, 9),
    ]
    drawn = trend("accuracy", points, 0, 3)
    assert drawn.count('class="curve"') == drawn.count('class="band"') == 2
    assert "nan" not in drawn.lower()
    assert Seen(drawn).labels == ["accuracy"]


def test_first_readings_of_few_events_do_not_press_the_rest_flat() -> None:
    points = [Point(0, 0.1, 0.0, 0.4, 2), *(Point(t, 0.80, 0.79, 0.81, 1_000) for t in range(1, 9))]
    drawn = trend("accuracy", points, 0, 8, level=0.82)
    ticks = [float(v) for v in re.findall(r'class="tick" text-anchor="end">([\d.]+)<', drawn)]
    assert min(ticks) > 0.7


def test_the_range_stays_inside_what_is_possible() -> None:
    drawn = trend("auc", [Point(0, 1.0, 0.99, 1.0, 10)], 0, 1, bounds=(0.0, 1.0))
    assert max(float(v) for v in re.findall(r'text-anchor="end">([\d.]+)<', drawn)) <= 1


def test_nothing_known_is_said() -> None:
    assert "not known yet" in trend("x", [Point(0, NAN, NAN, NAN)], 0, 1)
