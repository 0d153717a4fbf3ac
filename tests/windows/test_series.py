"""Panes and windows against a plain recount, under random events, frontiers and reloads."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.windows.series import Series, Window

WINDOWS = (Window("short", 20, 5), Window("long", 60, 20), Window("long, read often", 60, 5))
SHAPE = (2, 3)
COUNTS = (1, 5, -3, 127, 128, 2**33, -(2**40), 255, -128)
"""Fixed-point sums are large, and sums of residuals can be negative (E13)."""


def recount(log: list[tuple[int, np.ndarray]], start: int, end: int) -> np.ndarray:
    return sum((counts for time, counts in log if start <= time < end), np.zeros(SHAPE, np.int64))


class Run:
    """A series beside everything that was ever added to it, and beside its stored panes."""

    def __init__(self, origin: int) -> None:
        self.origin = origin
        self.series = Series(SHAPE, WINDOWS, origin)
        self.log: list[tuple[int, np.ndarray]] = []
        self.stored: dict[tuple[int, int], np.ndarray] = {}

    def add(self, time: int, counts: np.ndarray) -> None:
        start = int(self.series.starts_ms(np.array([time]))[0])
        pane = self.series.pane(start)
        pane += counts
        self.log.append((time, counts))

    def close(self, frontier: int) -> list[int]:
        ends = []
        for closed in self.series.close(frontier):
            ends.append(closed.end_ms)
            expected = recount(self.log, closed.start_ms, closed.end_ms)
            assert (closed.pane if closed.pane is not None else 0 * expected).tolist() == expected.tolist()
            for window, total in closed.windows:
                assert (closed.end_ms - self.origin) % window.slide_ms == 0
                recounted = recount(self.log, closed.end_ms - window.size_ms, closed.end_ms)
                assert total.tolist() == recounted.tolist(), (window, closed.end_ms)
        return ends

    def store(self) -> None:
        for name, pane in self.series.changes().items():
            if pane is None:
                self.stored.pop(name, None)  # made and dropped between two stores
            else:
                self.stored[name] = pane.copy()

    def reload(self) -> None:
        self.series = Series(SHAPE, WINDOWS, self.origin, self.series.closed_ms)
        self.series.load(self.stored)


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.integers(0, 45)),
        st.tuples(st.just("close"), st.sampled_from([0, 1, 5, 7, 30, 400])),
        st.tuples(st.just("reload"), st.just(0)),
    ),
    max_size=60,
)


@given(steps=STEPS, origin=st.integers(-7, 7))
def test_windows_are_sums_of_their_panes_whatever_happens(steps: list[tuple[str, int]], origin: int) -> None:
    run, frontier = Run(origin), 0
    ends: list[int] = []
    for number, (what, value) in enumerate(steps):
        if what == "add":
            run.add(frontier + value, np.full(SHAPE, COUNTS[number % len(COUNTS)]))
        elif what == "close":
            frontier += value
            ends += run.close(frontier)
        else:
            run.store()
            run.reload()
    assert ends == sorted(set(ends)), "each pane closes once, in order"
    run.store()
    width = min(window.slide_ms for window in WINDOWS)
    assert len(run.stored) <= 2 * sum(w.size_ms // w.slide_ms for w in WINDOWS) + 45 // width + 2


def test_an_empty_stretch_of_any_length_closes_in_one_step() -> None:
    # 0    5         ...            a million windows later
    # |#####|  nothing  nothing ...  |#####|
    run = Run(0)
    run.add(2, np.ones(SHAPE, np.int64))
    far = 60 * 10**6
    run.add(far, np.ones(SHAPE, np.int64))
    ends = run.close(far + 5)
    assert ends[0] == 5
    assert ends[-1] == far + 5
    assert len(ends) <= 2 + (60 + 20) // 5, "the windows drain, then the stretch is skipped"


def test_a_closed_pane_takes_nothing_more() -> None:
    run = Run(0)
    run.add(2, np.ones(SHAPE, np.int64))
    run.close(10)
    with pytest.raises(ValueError, match="closed at"):
        run.series.pane(0)


def test_the_frontier_must_pass_the_end_of_a_pane() -> None:
    # frontier 9: the pane [5, 10) can still grow
    run = Run(0)
    run.add(7, np.ones(SHAPE, np.int64))
    assert run.close(9) == []
    assert run.close(10) == [10]


@pytest.mark.parametrize("extreme", [0, 127, 128, 255, 2**31, 2**32, 2**33, 2**62, -1, -128, -129, -(2**62)])
def test_window_sums_hold_every_counter_that_a_pane_can_hold(extreme: int) -> None:
    run = Run(0)
    run.add(2, np.full(SHAPE, extreme))
    run.close(5)
    run.close(25)


def test_closed_panes_are_those_of_the_window_that_holds_most_of_the_time() -> None:
    # 0 … 100, a count in each base pane; short keeps 4 panes of 5, long 3 of 20, read often 12 of 5
    run = Run(0)
    for time in range(0, 100, 5):
        run.add(time, np.ones(SHAPE, np.int64))
    run.close(100)
    width, panes = run.series.closed_panes(0)
    assert (width, sorted(panes)) == (5, list(range(40, 100, 5))), "as long as the wide ones, and narrower"
    assert all(pane.dtype == np.int64 and pane.tolist() == np.ones(SHAPE).tolist() for pane in panes.values())
    assert sorted(run.series.closed_panes(83)[1]) == [85, 90, 95]
    assert run.series.closed_panes(100)[1] == {}
    assert sorted(run.series.panes_of("short")) == [80, 85, 90, 95]
    assert run.series.covered_ms("short") == 20


def test_what_a_window_covers_begins_with_its_oldest_content() -> None:
    run = Run(0)
    assert run.series.covered_ms("long") == 0
    run.add(2, np.ones(SHAPE, np.int64))
    run.close(5)
    assert (run.series.covered_ms("short"), run.series.covered_ms("long")) == (5, 0)
    run.add(13, np.ones(SHAPE, np.int64))
    run.close(30)
    assert run.series.covered_ms("short") == 20, "an empty pane at its end is covered, too"
    assert run.series.covered_ms("long") == 20, "of panes of 20, one has closed"
    run.close(200)
    assert run.series.covered_ms("short") == 0


def test_what_is_forgotten_leaves_every_window_and_the_store() -> None:
    run = Run(0)
    for time in range(0, 100, 5):
        run.add(time, np.ones(SHAPE, np.int64))
    run.close(100)
    run.store()
    run.series.forget(80)
    assert {name: int(total[0, 0]) for name, total in run.series.totals.items()} == {
        "short": 4,
        "long": 4,
        "long, read often": 4,
    }
    run.store()
    assert min(start for _, start in run.stored) == 80
    run.reload()
    assert {int(total[0, 0]) for total in run.series.totals.values()} == {4}
