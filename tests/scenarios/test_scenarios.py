"""Random logs, interleavings, commits and crashes: the core agrees with the plain model on every count (E1 to E12)."""

from __future__ import annotations

import secrets
from collections import Counter

import pytest

from driftwatch.events.classes import RecordClass
from driftwatch.facts import AlertChanged, SplitIds
from driftwatch.monitor.changes import Entry
from tests.scenarios.case import Case, Crash, draw
from tests.scenarios.compare import difference
from tests.scenarios.drive import run
from tests.scenarios.shrink import show, shrink
from tests.scenarios.worlds import ASKED, WORLDS

FIXED = 300
FOUND = (5_022_684, 5_027_606, 7_007_235)
"""Seeds of long runs that found something which the fixed ones do not reach."""
FRESH = 20
CHUNK = 50


def agree(seeds: range, asked: str | None = None) -> None:
    for seed in seeds:
        case = draw(seed, asked)
        if (what := difference(case)) is not None:
            small = shrink(case, lambda smaller: difference(smaller) is not None)
            raise AssertionError(f"seed {seed}: {what}\nshrunk: {difference(small)}\n{show(small)}")


@pytest.mark.parametrize("first", range(0, FIXED, CHUNK))
def test_the_core_agrees_with_the_plain_model(first: int) -> None:
    agree(range(first, first + CHUNK))


@pytest.mark.parametrize("seed", FOUND)
def test_the_core_agrees_with_the_plain_model_where_it_once_did_not(seed: int) -> None:
    agree(range(seed, seed + 1))


def test_the_core_agrees_with_the_plain_model_on_fresh_seeds() -> None:
    first = secrets.randbelow(10**9)
    print(f"seeds {first} to {first + FRESH - 1}: python -m tests.scenarios --start {first} --seeds {FRESH}")
    agree(range(first, first + FRESH))


@pytest.mark.parametrize("asked", ASKED)
def test_the_core_agrees_with_the_plain_model_where_each_class_has_a_score(asked: str) -> None:
    agree(
        range(100, 100 + CHUNK), asked
    )  # 139: other classes after a reload, and labels of predictions before it


@pytest.mark.full
@pytest.mark.parametrize("asked", ASKED)
def test_the_core_agrees_with_the_plain_model_on_ten_thousand_seeds_of_class_scores(asked: str) -> None:
    agree(range(10_000), asked)


@pytest.mark.full
@pytest.mark.parametrize("first", range(0, 100_000, 1_000))
def test_the_core_agrees_with_the_plain_model_on_a_hundred_thousand_seeds(first: int) -> None:
    agree(range(first, first + 1_000))


def test_the_cases_reach_what_they_are_meant_to() -> None:
    # a generator that never makes a late label proves nothing about late labels
    worlds, classes, rows, facts = Counter[str](), Counter[str](), Counter[str](), Counter[str]()
    crashes = 0
    for seed in range(100):
        case = draw(seed)
        made = run(case)
        worlds[case.world] += 1
        crashes += sum(isinstance(step, Crash) for step in case.steps)
        for commit in made.commits:
            rows.update(row.kind for row in commit.journal)
            facts.update(type(fact).__name__ for fact in commit.facts)
        for counts in made.commits[-1].classes["m"].values():
            classes.update({str(why): count for why, count in counts.items()})
    assert set(worlds) == set(WORLDS)
    assert crashes > 40
    never = {RecordClass.OVER_LIMIT, RecordClass.INVALID_UTF8, RecordClass.INVALID_NESTING}
    never |= {RecordClass.INVALID_DUPLICATE_KEY}  # how records are read is tested in events/
    assert {why.value for why in RecordClass} - {why.value for why in never} <= set(classes)
    by_hand = {
        Entry.ACKNOWLEDGE.value,
        Entry.ACCEPT.value,
    }  # what people ask for is tested in monitor/ and recompute/
    assert {entry.value for entry in Entry} - by_hand <= set(rows)
    assert {AlertChanged.__name__, SplitIds.__name__} <= set(facts)


def test_a_failing_case_is_made_small() -> None:
    # whatever fails: here, that some label has no prediction
    def fails(case: Case) -> bool:
        return any("unmatched" in counts for counts in run(case).commits[-1].classes["m"].values())

    case = next(c for c in map(draw, range(300)) if c.world == "binary" and c.records > 40 and fails(c))
    small = shrink(case, fails)
    assert fails(small)
    assert small.records <= 5, "the label, and what moves the frontiers past it"
    assert f"seed {case.seed}" in show(small)
