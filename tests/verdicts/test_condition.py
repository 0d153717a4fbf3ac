from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.drift.catalogue import NAMES
from driftwatch.verdicts.condition import Condition, Number


def test_everything_at_once() -> None:
    found = Condition.parse("accuracy_decay.lower > 0.02 for 3 panes")
    assert found.statistic.name == "accuracy_decay"
    assert found.number is Number.LOWER
    assert found.above
    assert (found.limit, found.panes) == (0.02, 3)


@pytest.mark.parametrize("text", ["psi>0.25", " psi  >  .25 ", "psi.value > 2.5e-1", "psi > 0.25 for 1 pane"])
def test_ways_to_write_the_same(text: str) -> None:
    assert str(Condition.parse(text)) == "psi > 0.25"


@given(
    st.sampled_from(NAMES),
    st.sampled_from(["", ".lower", ".upper"]),
    st.sampled_from("<>"),
    st.integers(-1_000, 1_000).map(lambda i: i / 100),
    st.integers(1, 99),
)
def test_what_is_written_is_read_back(name: str, number: str, sign: str, limit: float, panes: int) -> None:
    hold = f" for {panes} panes" if panes > 1 else ""
    text = f"{name}{number} {sign} {limit:g}{hold}"
    assert str(Condition.parse(text)) == text


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("pssi > 0.25", "did you mean 'psi'"),
        ("accuracy_decoy > 0.25", "did you mean 'accuracy_decay'"),
        ("PSI > 0.25", "did you mean 'psi'"),
        ("zzzzzz > 1", "there are psi, psi_bias"),
        ("psi", "write `STATISTIC"),
        ("", "write `STATISTIC"),
        ("psi > 0.25 for 3 hours", "write `STATISTIC"),
        ("psi > 0.25 > 0.1", "write `STATISTIC"),
        ("psi >= 0.25", "'>=' in 'psi >= 0.25'"),
        ("psi == 0.25", "'=='"),
        ("psi > 0.25 for 0 panes", "never holds"),
        ("psi.middle > 0.25", "write `.lower` or `.upper`"),
        ("psi > high", "'high' is not a number"),
        ("psi > 25%", "'25%' is not a number"),
        ("psi > nan", "'nan' is not a number"),
        ("psi > inf", "'inf' is not a number"),
        ("psi > 1_0", "'1_0' is not a number"),
    ],
)
def test_mistakes_say_what_to_write(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        Condition.parse(text)
    assert says in str(caught.value)
