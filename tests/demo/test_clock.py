"""Event time runs ahead fast, and never past the wall."""

from __future__ import annotations

from driftwatch.demo.clock import EventClock


class Hands:
    """Clocks that a test sets."""

    def __init__(self, wall_s: float) -> None:
        self.monotonic_s = 50.0
        self.wall_s = wall_s

    def turn(self, seconds: float) -> None:
        self.monotonic_s += seconds
        self.wall_s += seconds


def clock(hands: Hands, start_ms: int, speed: float) -> EventClock:
    return EventClock(start_ms, speed, lambda: hands.monotonic_s, lambda: hands.wall_s)


def test_it_starts_where_it_is_told_and_runs_at_its_speed() -> None:
    hands = Hands(wall_s=1e9)
    fast = clock(hands, 5_000, 1_200)
    assert fast.now_ms() == 5_000
    hands.turn(2.5)
    assert fast.elapsed_s == 2.5
    assert fast.now_ms() == 5_000 + 2_500 * 1_200


def test_it_goes_on_with_the_wall_once_it_has_caught_up() -> None:
    hands = Hands(wall_s=1_000.0)
    fast = clock(hands, 1_000_000 - 60_000, 1_200)
    hands.turn(10)
    assert fast.now_ms() == 1_010_000
    hands.turn(1)
    assert fast.now_ms() == 1_011_000
