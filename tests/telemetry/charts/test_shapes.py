import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.telemetry.charts import shapes
from tests.telemetry.markup import Seen

HOUR = 3_600_000


def test_a_picture_says_what_it_shows_and_escapes_what_it_is_given() -> None:
    drawn = shapes.picture(
        'a "label" <b>', 40, shapes.text(1, 2, "<script>"), shapes.rect(0, 0, -5, 3, "now", "<i>")
    )
    seen = Seen(drawn)
    assert seen.labels == ['a "label" <b>']
    assert seen.tags == {"svg", "desc", "text", "rect", "title"}
    assert 'width="0"' in drawn, "a negative width is no width"


def test_attributes_are_written_as_svg_wants_them() -> None:
    assert shapes.shape("g", stroke_width=1.25, class_="a") == '<g stroke-width="1.2" class="a"></g>'
    assert (
        shapes.path([(0, 1), (2.5, 3)], "curve", closed=True)
        == '<path d="M0 1 L2.5 3 Z" class="curve"></path>'
    )


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e9))
def test_ticks_are_round_few_and_inside(low: float, wide: float) -> None:
    high = low + wide
    found = shapes.ticks(low, high)
    assert len(found) <= 6
    assert all(low - 1e-6 * wide <= tick <= high + 1e-6 * wide for tick in found)


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(0, 1, [0, 0.25, 0.5, 0.75, 1]), (0.41, 0.88, [0.6, 0.8]), (3, 3, [3]), (0, math.nan, [0])],
)
def test_ticks_of_usual_ranges(low: float, high: float, expected: list[float]) -> None:
    assert shapes.ticks(low, high) == expected


def test_times_are_round_and_named_in_utc() -> None:
    start = 1_772_323_200_000  # 2026-03-01T00:00Z
    assert shapes.time_ticks(start, start + 10 * HOUR)[:3] == [
        (start, "1 Mar"), (start + 2 * HOUR, "02:00"), (start + 4 * HOUR, "04:00"),
    ]  # fmt: skip
    assert [name for _, name in shapes.time_ticks(start, start + 96 * HOUR)] == [
        "1 Mar",
        "2 Mar",
        "3 Mar",
        "4 Mar",
        "5 Mar",
    ]
    assert shapes.clock(10**18) == f"{10**18}ms"


def test_a_scale_puts_what_lies_outside_at_its_end() -> None:
    scale = shapes.Scale(0, 10, 100, 0)
    assert [scale(v) for v in (-5, 0, 5, 10, 99)] == [100, 100, 50, 0, 0]
    assert shapes.Scale(1, 1, 0, 10)(1) == 5


def test_numbers_for_people() -> None:
    assert [shapes.figures(v) for v in (None, math.nan, 0.12345, 123456.0)] == [
        "unknown",
        "unknown",
        "0.123",
        "123,456",
    ]
    assert shapes.short("abcdef", 4) == "abc…"
