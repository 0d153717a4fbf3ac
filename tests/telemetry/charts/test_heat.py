import math

import pytest

from driftwatch.telemetry.charts.heat import heat, shade
from tests.telemetry.markup import Seen


@pytest.mark.parametrize(
    ("value", "name"),
    [(math.nan, "h-none"), (0.0, "h0"), (0.05, "h1"), (0.1, "h2"), (0.25, "h3"), (9.0, "h4")],
)
def test_the_shade_follows_the_limits(value: float, name: str) -> None:
    assert shade(value) == name


def test_numbers_stand_where_there_is_room_and_names_are_escaped() -> None:
    drawn = heat("psi", ["all", "<b>"], ["x", "y"], [[0.3, math.nan], [0.01, 12.0]])
    seen = Seen(drawn)
    assert "0.30" in seen.words
    assert "–" in seen.words
    assert "<b>" in seen.words
    narrow = heat("psi", ["all"], [f"f{i}" for i in range(40)], [[0.3] * 40])
    assert "0.30" not in Seen(narrow).words
    assert "all, f3: 0.3" in narrow, "pointing at it still tells"
