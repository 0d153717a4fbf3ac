"""The wait of the tests: returns the value, asks once more at the end, and says what it waited for."""

from __future__ import annotations

import pytest

from tests.waiting import until


def test_returns_the_first_true_value() -> None:
    values = iter([None, 0, "", "there"])
    assert until(lambda: next(values), 10, "a value", every_s=0) == "there"


def test_a_condition_that_is_true_at_the_deadline_counts() -> None:
    assert until(lambda: True, 0, "nothing") is True


def test_says_what_it_waited_for() -> None:
    with pytest.raises(TimeoutError, match="waited 0 s for: the moon"):
        until(lambda: False, 0, "the moon")
