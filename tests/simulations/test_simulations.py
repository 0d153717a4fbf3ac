"""The promise of the budget and of the delays, in worlds whose truth is known; `make simulate` runs them at full length."""

from __future__ import annotations

import numpy as np
import pytest

from tests.simulations.__main__ import PAGE, TABLES, write
from tests.simulations.boundary import WORLDS as BOUNDARIES
from tests.simulations.boundary import boundary
from tests.simulations.changes import CASES, missing, shifted
from tests.simulations.label_worlds import (
    error_stream,
    slow_labels,
    slowly_tilted,
    tilted,
    unaged_reference,
)
from tests.simulations.null_worlds import UNTIMED, WORLDS, calm, first_day
from tests.simulations.peers import INSTALLED, Peers
from tests.simulations.peers import table as peers_table

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("name", BOUNDARIES)
def test_at_the_exact_boundary_the_budget_holds(name: str) -> None:
    found = boundary(name, seeds=50, streams=4, panes=400)
    assert found.allowed == 200
    assert found.upper <= found.allowed


def test_the_boundary_is_where_evidence_lives() -> None:
    """Not so far from the limit that the test above could not fail."""
    assert boundary("iid, 10 events per pane", seeds=50, streams=4, panes=400).lists > 20


@pytest.mark.parametrize("name", WORLDS)
def test_in_calm_worlds_false_alerts_stay_within_the_budget(name: str) -> None:
    """20 seeds, two days each after three days of reference: not 6 false alerts in all."""
    found = calm(name, seeds=20, streams=2, panes=576, reference=864, rules=False)
    assert found.lists <= found.allowed


@pytest.mark.parametrize("name", UNTIMED)
def test_what_the_first_day_teaches_keeps_the_budget_from_then_on(name: str) -> None:
    _, after = first_day(name, seeds=20, streams=2, panes=864, learns=True)
    assert after <= 20 * 2 / 7


def test_without_that_the_budget_breaks() -> None:
    assert first_day("correlation .1", seeds=20, streams=2, panes=576, learns=False)[1] > 20


def test_threshold_rules_do_not_keep_it() -> None:
    """The same streams and looks: this is what evidence is for."""
    rules = calm("iid, 1 000", seeds=20, streams=3, panes=288, reference=288).rules
    assert rules["KS p < 0.05"] > 100


def test_an_error_rate_that_doubles_is_found_in_250_events() -> None:
    found = error_stream(200)
    assert found.false == 0
    assert np.median(found.delays) <= 250


def test_a_shift_is_found_as_soon_as_the_cap_allows() -> None:
    found = shifted([0.15, 0.5], 20, 1, events=1_000, before=144, after=200, reference=576)
    assert found.false == 0
    assert found.evidence[1] <= 5
    assert found.evidence[0] <= 40


@pytest.mark.parametrize("name", CASES)
def test_every_change_of_the_table_is_found_where_it_is_large(name: str) -> None:
    """One standard deviation, two seeds, a short past: the code of the long form, not its numbers."""
    settings = CASES[name] | {"seeds": 1 if CASES[name]["streams"] > 50 else 2}
    after = 12 if settings["streams"] > 50 else 90
    found = shifted((1.5,), before=12, after=after, reference=48, **settings)
    assert found.false == 0
    assert found.evidence[0] <= after, name


class Threshold:
    """A detector with the interface of river's."""

    drift_detected = False

    def update(self, value: float) -> None:
        self.drift_detected = value > 1.9


def test_peers_see_every_event_and_count_alarms_before_and_the_first_after() -> None:
    beside = Peers(2, since=1, made={"high": Threshold})
    calm_, high = np.zeros((2, 20), np.int64), np.zeros((2, 20), np.int64)
    calm_[:, 10], high[0, 19], high[1, 3] = 5, 3, 3
    for number, matrix in enumerate((high, calm_, high, high)):
        beside.see(matrix, number)
    assert beside.alarms == {"high": 3}
    assert beside.first["high"][0] == 2
    assert np.isnan(beside.first["high"][1])


def test_the_table_of_peers_says_where_river_is_not_installed() -> None:
    lines = list(peers_table(seeds=1, after=3))
    told = [line for line in lines if line.startswith("| | river's")]
    assert len(told) == 4
    assert all(("not installed" in line) is not INSTALLED for line in told)


def test_missing_values_are_found() -> None:
    false, delay = missing(0.02, 20, 100, 100, 200, 576)
    assert (false, delay <= 60) == (0, True)


def test_slow_labels_are_different_labels() -> None:
    """A mere fall in traffic: labels as they arrive alarm everywhere, each compared with its own age nowhere."""
    assert slow_labels(20, 300, 400, by_age=True)[0] <= 4
    assert slow_labels(20, 300, 400, by_age=False)[1] == 20
    assert unaged_reference(20, 200) == 0


def test_a_tilted_calibration_is_found() -> None:
    false, delay = tilted(0.7, 20, 300, 100, 200, 288)
    assert (false, delay <= 60) == (0, True)


def test_a_tilted_calibration_is_found_where_ones_come_late() -> None:
    """The labels of the first hours are nearly all zeros, whatever the model does: that is no miscalibration."""
    false, delay = slowly_tilted(0.5, 5, 300, 40, 120, 144)
    assert (false, delay <= 120) == (0, True)


def test_the_page_has_a_place_for_every_table() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for name in TABLES:
        assert "| new |" in write(page, name, ["| new |"])
