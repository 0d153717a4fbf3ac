from __future__ import annotations

from driftwatch.summaries.patterns import matching, unmatched


def test_stars_and_question_marks() -> None:
    names = ["all", "country=PT", "country=PL", "country=PT,channel=web"]
    assert matching(["all"], names) == [True, False, False, False]
    assert matching(["country=*"], names) == [False, True, True, True]
    assert matching(["country=P?"], names) == [False, True, True, False]
    assert matching(["*channel=web", "all"], names) == [True, False, False, True]


def test_other_signs_mean_themselves() -> None:
    assert matching(["f[0]"], ["f[0]", "f0"]) == [True, False]
    assert matching(["a.b"], ["a.b", "aXb"]) == [True, False]
    assert matching(["*"], ["two\nlines"]) == [True]


def test_the_whole_model_always_fits() -> None:
    assert matching(["age"], [""]) == [True]
    assert matching([], ["", "age"]) == [True, False]


def test_patterns_that_fit_nothing_are_named() -> None:
    assert unmatched(["age", "hight", "in*"], ["age", "height", "income"]) == ["hight"]
