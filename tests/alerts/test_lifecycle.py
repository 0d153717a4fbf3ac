"""The lifecycle tables: every pair of state and cause is tried, and the documented diagrams are drawn from them."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest

from driftwatch.alerts.alert import AlertState, EpisodeState
from driftwatch.alerts.lifecycle import (
    ALERT_LIFECYCLE,
    EPISODE_LIFECYCLE,
    AlertCause,
    EpisodeCause,
    IllegalTransitionError,
)

DOCS = Path(__file__).resolve().parents[2] / "docs" / "alerts.md"

# Written down a second time, by hand: what a reader of the documentation expects.
ALERTS = {
    ("inactive", "breached"): "pending",
    ("pending", "held"): "firing",
    ("pending", "calmed"): "inactive",
    ("pending", "version_ended"): "inactive",
    ("pending", "reconfigured"): "inactive",
    ("pending", "accepted"): "inactive",
    ("firing", "recovered"): "resolved",
    ("firing", "version_ended"): "resolved",
    ("firing", "reconfigured"): "resolved",
    ("firing", "accepted"): "resolved",
    ("resolved", "breached"): "pending",
    ("resolved", "forgotten"): "inactive",
}
WITHHELD = ("no_labels", "broken_data", "cool_down", "daily_maximum", "dry_run", "disabled")
ENDS = ("new_version", "recovered", "version_ended", "reconfigured", "accepted")
EPISODES = (
    {("open", cause): "open" for cause in WITHHELD}
    | {("open", "hurts"): "requested", ("open", "input_drift"): "requested"}
    | {("requested", "acknowledged"): "acknowledged"}
    | {(state, cause): "ended" for state in ("open", "requested", "acknowledged") for cause in ENDS}
)


@pytest.mark.parametrize(("state", "cause"), list(product(AlertState, AlertCause)))
def test_alert_table(state: AlertState, cause: AlertCause) -> None:
    expected = ALERTS.get((state.value, cause.value))
    if expected is not None:
        assert ALERT_LIFECYCLE.after(state, cause).value == expected
        return
    with pytest.raises(IllegalTransitionError, match=cause.value):
        ALERT_LIFECYCLE.after(state, cause)


@pytest.mark.parametrize(("state", "cause"), list(product(EpisodeState, EpisodeCause)))
def test_episode_table(state: EpisodeState, cause: EpisodeCause) -> None:
    expected = EPISODES.get((state.value, cause.value))
    if expected is not None:
        assert EPISODE_LIFECYCLE.after(state, cause).value == expected
        return
    with pytest.raises(IllegalTransitionError, match=cause.value):
        EPISODE_LIFECYCLE.after(state, cause)


def test_every_state_can_be_left_and_reached() -> None:
    for table in (ALERT_LIFECYCLE.table, EPISODE_LIFECYCLE.table):
        left = {state for state, _ in table}
        reached = set(table.values())
        assert left | {EpisodeState.ENDED} >= reached  # only an ended episode is final
        assert left - reached <= {EpisodeState.OPEN}  # only an open one has no forerunner


def test_the_documentation_shows_the_tables() -> None:
    text = DOCS.read_text(encoding="utf-8")
    assert f"```mermaid\n{ALERT_LIFECYCLE.diagram()}\n```" in text
    assert f"```mermaid\n{EPISODE_LIFECYCLE.diagram()}\n```" in text


def test_the_documentation_explains_every_reason() -> None:
    text = DOCS.read_text(encoding="utf-8")
    explained = {
        cell for line in text.splitlines() if line.startswith("| `") for cell in [line.split("|")[1]]
    }
    words = {word.strip(" `") for cell in explained for word in cell.split(",")}
    assert words == {cause.value for cause in (*AlertCause, *EpisodeCause)}
