"""Labels by prediction day and label age: counted like a plain table, in any order, and bounded."""

from __future__ import annotations

import random
from collections import Counter

import numpy as np
import pytest

from driftwatch.events.spec import DAY_MS
from driftwatch.monitor.cohorts import DAYS_MAX, EXTRA_DAYS, Cohorts

EDGES = (3_600_000, DAY_MS, 3 * DAY_MS)


def of(delay_days: int = 10, saved: dict[int, list[int]] | None = None) -> Cohorts:
    return Cohorts(EDGES, delay_days * DAY_MS, saved or {})


def test_a_label_belongs_to_its_predictions_day_and_to_its_age() -> None:
    cohorts = of()
    cohorts.predict(np.array([0, DAY_MS - 1, DAY_MS, 2 * DAY_MS]))
    cohorts.label(np.array([0, 0, DAY_MS, DAY_MS]), np.array([3_600_000, 3_600_001, 0, 9 * DAY_MS]))
    assert cohorts.state == {0: [2, 1, 1, 0, 0], 1: [1, 1, 0, 0, 1], 2: [1, 0, 0, 0, 0]}
    view = cohorts.view(2 * DAY_MS)
    assert view.predictions.tolist() == [2, 1, 1]
    assert view.labels.tolist() == [[1, 1, 0, 0], [1, 0, 0, 1], [0, 0, 0, 0]]
    # timeline: day 0 |day 1 |closed: day 0 has lived a day at least, day 1 nothing yet
    assert view.reached.tolist() == [2, 0, 0]
    assert cohorts.view(None).reached.tolist() == [0, 0, 0]
    assert cohorts.view(4 * DAY_MS).reached.tolist() == [3, 2, 2]


@pytest.mark.parametrize("seed", range(3))
def test_as_a_plain_table_in_any_order_and_over_restarts(seed: int) -> None:
    rng = random.Random(seed)
    events = [
        (rng.randrange(8 * DAY_MS), rng.choice([-1, 0, 3_600_000, 3_600_001, 5 * DAY_MS])) for _ in range(400)
    ]
    plain: Counter[tuple[int, int]] = Counter()
    for time_ms, age_ms in events:
        column = 0 if age_ms < 0 else 1 + sum(edge < age_ms for edge in EDGES)
        plain[time_ms // DAY_MS, column] += 1
    rng.shuffle(events)
    cohorts = of()
    for first in range(0, 400, 70):
        part = events[first : first + 70]
        cohorts.predict(np.array([t for t, age in part if age < 0], np.int64))
        cohorts.label(*(np.array([pair[k] for pair in part if pair[1] >= 0], np.int64) for k in (0, 1)))
        cohorts = of(saved=cohorts.state)
    assert cohorts.state == {day: [plain[day, k] for k in range(5)] for day in range(8)}


def test_only_so_many_days_are_kept_and_one_bad_time_makes_no_table() -> None:
    cohorts = of(delay_days=2)
    cohorts.predict(np.arange(100) * DAY_MS)
    assert sorted(cohorts.state) == list(range(100 - 2 - EXTRA_DAYS, 100))
    cohorts.predict(np.array([100 * DAY_MS, 10**9 * DAY_MS]))
    assert sorted(cohorts.state) == [10**9]
    assert len(of(delay_days=10_000).state) <= DAYS_MAX
