from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driftwatch.drift.catalogue import read
from driftwatch.drift.reading import Pair, Reading
from driftwatch.events.classes import Stream
from driftwatch.verdicts.evaluate import EXPLAINED, judge, learning
from driftwatch.verdicts.rule import Rule
from driftwatch.verdicts.state import RuleState
from driftwatch.verdicts.verdict import VERDICTS, Finding, Judgement, Verdict
from tests.drift import counting as c
from tests.verdicts.readings import INPUTS, LABELS, MINUTE_MS, layout, reading, rule

NONE = float("nan")


def _timeline(of: Rule, values: list[float], counts: list[int] | None = None) -> list[Judgement]:
    """One judgement per pane; the value stands in slice 1, field 0, everything else is calm."""
    state, found = RuleState(), []
    for pane, value in enumerate(values):
        numbers, sizes = np.zeros((3, len(of.fields))), np.full((3, len(of.fields)), 100)
        numbers[1, 0] = value
        sizes[1, 0] = counts[pane] if counts else 100
        state, judgement = judge(of, reading(of, numbers, pane + 1, sizes), state)
        found.append(judgement)
    return found


def _states(of: Rule, values: list[float], counts: list[int] | None = None) -> str:
    """F firing, p pending, . clear; one letter per pane."""
    return "".join("F" if j.firing else "p" if j.pending else "." for j in _timeline(of, values, counts))


def _verdicts(judgements: list[Judgement]) -> str:
    """D drift, w warning, o ok, i insufficient of slice 1, field 0."""
    return "".join(VERDICTS[j.verdicts[1, 0]].value[0] for j in judgements)


def test_hold_time() -> None:
    #    limit 0.25     -----x--x--x--x-----x--x--
    values = [0.1, 0.3, 0.3, 0.3, 0.3, 0.1, 0.3, 0.3]
    of = rule("psi > 0.25 for 3 panes", clear_for=1)
    assert _states(of, values) == ".ppFF.pp"
    assert _verdicts(_timeline(of, values)) == "oooddooo"


def test_clear_for_counts_panes_in_a_row() -> None:
    of = rule("psi > 0.25", clear_for=3)
    assert _states(of, [0.3, 0.1, 0.1, 0.3, 0.1, 0.1, 0.1, 0.1]) == "FFFFFF.."


def test_hysteresis_between_clear_and_limit() -> None:
    #                 limit 0.25, clear 0.10:  x  between  between  calm  between  calm  calm
    of = rule("psi > 0.25", clear=0.1, clear_for=2)
    values = [0.3, 0.2, 0.2, 0.1, 0.2, 0.1, 0.05, 0.2]
    assert _states(of, values) == "FFFFFF.."


def test_a_value_between_breaks_the_row_of_breaches() -> None:
    of = rule("psi > 0.25 for 2 panes", clear=0.1)
    assert _states(of, [0.3, 0.2, 0.3, 0.2, 0.3, 0.3]) == "p.p.pF"


def test_insufficient_neither_counts_nor_resets() -> None:
    """E8, for the hold time and for the way back."""
    of = rule("psi > 0.25 for 3 panes", clear_for=2)
    values = [0.3, NONE, 0.3, 0.9, 0.3, NONE, 0.1, NONE, 0.1, NONE]
    counts = [100, 100, 100, 9, 100, 100, 100, 100, 100, 100]
    assert _states(of, values, counts) == "ppppFFFF.."
    assert _verdicts(_timeline(of, values, counts)) == "oioididioi"


def test_a_member_without_data_shows_its_last_numbers() -> None:
    of = rule("psi > 0.25")
    last = _timeline(of, [0.3, NONE], [100, 0])[1].firing[0]
    assert (last.value, last.count) == (0.3, 100)


def test_below_with_a_lower_limit() -> None:
    of = rule("accuracy.upper < 0.8", Stream.LABELS, clear=0.9, clear_for=1)
    found = []
    state = RuleState()
    for pane, value in enumerate([0.85, 0.74, 0.6, 0.84, 0.87]):
        state, judgement = judge(of, reading(of, [[value]] * 3, pane + 1, half=0.05), state)
        found.append(len(judgement.firing))
    assert found == [0, 3, 3, 3, 0]


def test_since_is_the_first_pane_of_the_breach() -> None:
    of = rule("psi > 0.25 for 2 panes", clear=0.1, clear_for=2)
    found = _timeline(of, [0.0, 0.3, 0.3, 0.2, 0.3, 0.1, 0.3, 0.1, 0.1, 0.3])
    since = [(j.firing or j.pending or (None,))[0] for j in found]
    assert [s and s.since_ms // MINUTE_MS for s in since] == [None, 2, 2, 2, 2, 2, 2, 2, None, 10]


def test_a_finding_says_everything() -> None:
    of = rule("psi > 0.25", severity="warning")
    judgement = _timeline(of, [0.3])[0]
    assert judgement.firing == (
        Finding("r", "psi", "1h", "s=__other__", "age", 0.3, 0.3, 0.3, 0.25, 100, MINUTE_MS),
    )
    assert (judgement.model, judgement.version, judgement.window) == ("credit", "v1", "1h")
    assert judgement.severity.value == "warning"
    assert judgement.verdict is Verdict.WARNING
    assert not judgement.clear
    assert not judgement.retrain


@pytest.mark.parametrize(
    ("when", "values"),
    [
        ("psi > 0.05", [[0.3, 0.1], [0.2, 0.3], [0.05, 0.4]]),
        ("psi < 0.35", [[0.1, 0.3], [0.2, 0.1], [0.35, 0.0]]),
    ],
)
def test_the_farthest_beyond_the_limit_comes_first(when: str, values: list[list[float]]) -> None:
    of = rule(when)
    _, judgement = judge(of, reading(of, values), RuleState())
    assert [(f.slice, f.field) for f in judgement.firing] == [
        ("s=__unknown__", "score"),
        ("all", "age"),
        ("s=__other__", "score"),
        ("s=__other__", "age"),
        ("all", "score"),
    ]


def test_the_rule_looks_only_where_its_patterns_point() -> None:
    of = rule("psi > 0.25", slices=["all"], features=["age"])
    _, judgement = judge(of, reading(of, np.full((3, 2), 0.9)), RuleState())
    assert judgement.verdicts.tolist() == [[2, -1], [-1, -1], [-1, -1]]
    assert [(f.slice, f.field) for f in judgement.firing] == [("all", "age")]


def test_a_limit_itself_is_no_breach_and_is_clear() -> None:
    of = rule("psi > 0.25", clear_for=1)
    assert _states(of, [0.25, 0.26, 0.25]) == ".F."


def test_with_the_counts_findings_name_what_moved_and_on_how_much_it_rests() -> None:
    reference = np.array([[90, 10, 0, 0, 0, 50, 50, 0, 0, 0]] * 3)
    current = np.array([[50, 50, 0, 0, 0, 50, 50, 0, 0, 0]] * 3)
    pair = Pair(layout(), INPUTS, reference, current, 0, MINUTE_MS)
    of = rule("psi > 0.25", features=["age"])
    values = read(pair)["psi"]
    made = Reading(
        "m", "v", of.stream, "1h", 0, MINUTE_MS, layout(), "ref", values.count[:, 0], {"psi": values}
    )
    _, judgement = judge(of, made, RuleState(), pair)
    assert [f.reference_count for f in judgement.firing] == [100] * 3
    assert judgement.firing[0].cells == ("b: 10.0 % → 50.0 %", "a: 90.0 % → 50.0 %")


def test_a_finding_of_the_whole_model_rests_on_the_references_labels() -> None:
    past, now = np.array([[45, 5, 5, 45, 0, 0, 100]] * 3), np.array([[30, 20, 20, 30, 0, 0, 100]] * 3)
    pair = c.pair_of(LABELS, past, now, layout=layout())
    of = rule("accuracy_decay.lower > 0.02", Stream.LABELS)
    made = Reading("m", "v", of.stream, "1h", 0, MINUTE_MS, layout(), "ref", now[:, 6], read(pair))
    _, judgement = judge(of, made, RuleState(), pair)
    assert [f.reference_count for f in judgement.firing] == [100] * 3
    assert judgement.firing[0].cells == ()
    assert judgement.retrain


def test_only_the_loudest_are_explained() -> None:
    rows = EXPLAINED + 10
    of = rule("psi > 0.25", rows=rows, features=["age"])
    past, now = np.tile([90, 10, 0, 0, 0, 0, 0, 0, 0, 0], (rows, 1)), np.tile([10, 90] + [0] * 8, (rows, 1))
    pair = Pair(layout(rows), INPUTS, past, now, 0, MINUTE_MS)
    _, judgement = judge(of, reading(of, np.full((rows, 2), 1.0)), RuleState(), pair)
    assert [bool(f.cells) for f in judgement.firing] == [True] * EXPLAINED + [False] * 10


def test_while_learning_nothing_is_said() -> None:
    of = rule("psi > 0.25", slices=["all"])
    judgement = learning(of, reading(of, np.full((3, 2), 9.0)))
    assert judgement.verdict is Verdict.LEARNING
    assert judgement.clear
    assert judgement.verdicts.tolist() == [[4, 4], [-1, -1], [-1, -1]]


def test_a_reading_of_another_layout_is_refused() -> None:
    of = rule("psi > 0.25")
    with pytest.raises(ValueError, match="looks at"):
        judge(of, reading(of, np.zeros((5, 2))), RuleState())
    with pytest.raises(KeyError):
        judge(of, reading(rule("missing_share > 0.1"), np.zeros((3, 2))), RuleState())


@dataclass
class Plain:
    """The same decisions for one member, as slow and simple as they can be told."""

    held: int = 0
    calm: int = 0
    firing: bool = False
    since: int = field(default=0)

    def step(self, value: float, pane: int, *, limit: float, clear: float, panes: int, clear_for: int) -> str:
        if np.isnan(value):
            return "F" if self.firing else "p" if self.held else "."
        if value > limit:
            self.since = self.since or pane
            self.held += 1
            self.calm = 0
        else:
            self.held = 0
            self.calm = self.calm + 1 if value <= clear else 0
        self.firing = self.firing or self.held >= panes
        if self.firing and self.calm >= clear_for:
            self.firing = False
        if not self.firing and not self.held:
            self.since = self.calm = 0
        return "F" if self.firing else "p" if self.held else "."


@settings(max_examples=100)
@given(
    st.lists(
        st.lists(st.sampled_from([0.0, 0.15, 0.3, NONE]), min_size=6, max_size=6), min_size=1, max_size=25
    ),
    st.integers(1, 4),
    st.integers(1, 4),
    st.sampled_from([None, 0.1]),
)
def test_every_member_lives_its_own_life(
    panes: list[list[float]], hold: int, clear_for: int, clear: float | None
) -> None:
    of = rule(f"psi > 0.25 for {hold} panes", clear=clear, clear_for=clear_for)
    plain = [Plain() for _ in range(6)]
    state = RuleState()
    for pane, values in enumerate(panes, start=1):
        state, judgement = judge(of, reading(of, np.reshape(values, (3, 2)), pane), state)
        limits = {
            "limit": 0.25,
            "clear": 0.25 if clear is None else clear,
            "panes": hold,
            "clear_for": clear_for,
        }
        expected = [p.step(v, pane, **limits) for p, v in zip(plain, values, strict=True)]  # type: ignore[arg-type]
        members = [(s, f) for s in of.slices for f in of.fields]
        for letter, findings in (("F", judgement.firing), ("p", judgement.pending)):
            loud = {(f.slice, f.field): f.since_ms // MINUTE_MS for f in findings}
            assert loud == {
                m: p.since for m, p, e in zip(members, plain, expected, strict=True) if e == letter
            }
        assert judgement.clear == (set(expected) == {"."})
