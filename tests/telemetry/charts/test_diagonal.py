from driftwatch.telemetry.answers import ReliabilityBar
from driftwatch.telemetry.charts.diagonal import diagonal
from tests.telemetry.markup import Seen


def bar(score: float | None, share: float | None, labels: int) -> ReliabilityBar:
    low, high = (share - 0.05, share + 0.05) if share is not None else (None, None)
    return ReliabilityBar(
        "m",
        "1",
        "1h",
        "",
        "all",
        "width",
        0,
        "",
        0.0,
        0.1,
        labels,
        score,
        share,
        low,
        high,
        score,
        score,
        9,
        score,
    )


def test_a_point_for_each_cell_with_labels() -> None:
    drawn = diagonal("reliability", [bar(0.1, 0.2, 50), bar(None, None, 0), bar(0.9, 0.7, 5)])
    assert drawn.count("<circle") == 2
    assert drawn.count('class="whisker"') == 2
    assert "mean 0.1, came true 0.2 (0.15 to 0.25) on 50 labels" in drawn
    assert Seen(drawn).labels == ["reliability"]


def test_perfect_scores_lie_on_the_line() -> None:
    drawn = diagonal("r", [bar(0.5, 0.5, 1)])
    assert 'cx="217" cy="116"' in drawn  # the middle of both scales
    assert 'x1="46" y1="222" x2="388" y2="10" class="level"' in drawn
