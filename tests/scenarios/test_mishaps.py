"""The loop through random mishaps ends with the counts of the plain model, and journal and logs give them again (E15 to E17)."""

from __future__ import annotations

import secrets

import pytest

from tests.scenarios.mishaps import difference, lived
from tests.scenarios.worlds import ASKED

FIXED = 60
FRESH = 6


def agree(seeds: range) -> None:
    for seed in seeds:
        assert difference(seed) is None, (
            f"seed {seed}: python -m tests.scenarios --mishaps --start {seed} --seeds 1"
        )


@pytest.mark.parametrize("first", range(0, FIXED, 20))
def test_the_loop_agrees_with_the_plain_model(first: int) -> None:
    agree(range(first, first + 20))


def test_the_loop_agrees_with_the_plain_model_on_fresh_seeds() -> None:
    first = secrets.randbelow(10**9)
    print(f"seeds {first} to {first + FRESH - 1}")
    agree(range(first, first + FRESH))


@pytest.mark.parametrize("asked", ASKED)
def test_the_loop_agrees_with_the_plain_model_where_each_class_has_a_score(asked: str) -> None:
    for seed in range(5):
        assert difference(seed, asked) is None, (seed, asked)


@pytest.mark.full
@pytest.mark.parametrize("first", range(0, 10_000, 500))
def test_the_loop_agrees_with_the_plain_model_on_ten_thousand_seeds(first: int) -> None:
    agree(range(first, first + 500))


def test_the_mishaps_happen() -> None:
    daemons = [lived(seed) for seed in range(20)]
    assert sum(bool(daemon.refused) for daemon in daemons) > 5, "fenced, or another member was there"
    assert sum(len(daemon.checkpoint.commits) for daemon in daemons) > 100
    idle = [
        row
        for daemon in daemons
        for _, rows in daemon.checkpoint.commits
        for row in rows
        if row.kind == "active"
    ]
    assert idle, "some partition came back"
