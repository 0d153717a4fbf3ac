"""The promise of the budget and of the delays, in worlds whose truth is known; `make simulate` runs them at full length."""

from __future__ import annotations

import numpy as np
import pytest

from tests.simulations.__main__ import PAGE, TABLES, write
from tests.simulations.boundary import WORLDS as BOUNDARIES
from tests.simulations.boundary import boundary
from tests.simulations.changes import missing, shifted
from tests.simulations.label_worlds import error_stream, slow_labels, tilted, unaged_reference
from tests.simulations.null_worlds import WORLDS, calm

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


def test_the_page_has_a_place_for_every_table() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for name in TABLES:
        assert "| new |" in write(page, name, ["| new |"])
