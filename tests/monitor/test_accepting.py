"""A lasting new state is accepted: it is told no more, what comes after it is, and nothing of it depends on restarts."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest

from driftwatch.alerts.alert import AlertState
from driftwatch.alerts.lifecycle import AlertCause
from driftwatch.events.classes import Stream
from driftwatch.monitor.accepting import EVENTS_MIN, Accept, Refusal
from driftwatch.monitor.changes import Entry
from driftwatch.monitor.monitor import Inputs, Outcome
from driftwatch.monitor.spec import ModelSpec
from driftwatch.references.codec import decode
from tests.monitor.test_watching import SPEC, Traffic, Watched
from tests.monitor.world import MINUTE, REFERENCE, START, WRITTEN, reference

SLICED = ModelSpec.model_validate(
    WRITTEN | {"rules": [{"name": "psi", "when": "psi > 0.5 for 2 panes", "features": ["x"]}]}
)


def asked(core: Watched, *, version: str = "1", from_ms: int | None = None) -> tuple[Outcome, str]:
    what = Accept("m", version, "ana", from_ms)
    outcome = core.monitor.commit(Inputs(accepted=(what,)))
    core.store.apply(outcome)
    return outcome, outcome.accepted[what]


def firing(core: Watched) -> set[str]:
    return {rule for rule, alert in core.alerts().items() if alert.state is AlertState.FIRING}


def drifted(spec: ModelSpec = SPEC) -> tuple[Watched, Traffic]:
    core, traffic = Watched(spec=spec), Traffic().add(10).add(16, drifted=True)
    traffic.into(core)
    assert "evidence inputs" in firing(core)
    return core, traffic


@pytest.mark.parametrize("spec", [SPEC, SLICED], ids=["evidence alone", "rules beside it"])
def test_the_accepted_state_is_told_no_more_and_the_old_one_is_news(spec: ModelSpec) -> None:
    core, traffic = drifted(spec)
    asked(core)
    ended = {rule: alert.ended for rule, alert in core.alerts().items() if alert.ended}
    assert set(ended.values()) == {AlertCause.ACCEPTED}
    assert firing(core) == set()
    told = len(core.store.notifications)
    traffic.add(60, drifted=True).into(core)
    assert firing(core) == set()
    assert len(core.store.notifications) == told
    traffic.add(20).into(core)
    assert "evidence inputs" in firing(core)


def test_without_accepting_the_alert_stays_and_asks_for_nobody_twice() -> None:
    core, traffic = drifted()
    told = len(core.store.notifications)
    traffic.add(60, drifted=True).into(core)
    assert "evidence inputs" in firing(core)
    assert len(core.store.notifications) == told


def test_the_new_reference_is_the_panes_since_the_change_and_labels_keep_theirs() -> None:
    core, _ = drifted()
    outcome, became = asked(core)
    made = decode(core.store.saved.references[became])
    version = core.monitor.models["m"].versions.live["1"]
    assert version.reference.hash == made.hash == became
    assert made.layout == REFERENCE.layout
    panes = made.panes[Stream.PREDICTIONS].times_ms
    assert panes[0] >= START + 10 * MINUTE, "of the new state alone"
    assert len(panes) >= 10
    assert np.array_equal(made.totals[Stream.LABELS], REFERENCE.totals[Stream.LABELS])
    assert made.events == len(panes) * 60 * made.panes[Stream.PREDICTIONS].width_ms // MINUTE
    assert made.span_of(Stream.LABELS) == REFERENCE.span_ms
    assert made.span_of(Stream.PREDICTIONS) == len(panes) * made.panes[Stream.PREDICTIONS].width_ms
    windows = version.series[Stream.PREDICTIONS].totals
    assert all(total[0, :1].sum() <= made.events for total in windows.values()), "what was before has left"
    (row,) = [row for row in outcome.changes.journal if row.kind == Entry.ACCEPT]
    assert row.details == {"model": "m", "version": "1", "by": "ana", "from_ms": None}


def test_it_stands_in_the_decision_log() -> None:
    core, _ = drifted()
    _, became = asked(core)
    log = core.monitor.models["m"].decisions.log()
    (entry,) = [entry for entry in log if entry.rule == "reference"]
    assert (entry.old, entry.new, entry.reason) == (REFERENCE.hash, became, "accepted by ana")
    after = log[log.index(entry) + 1 :]
    assert {(e.reason, e.reference) for e in after} == {("accepted", became)}


def test_errors_are_accepted_from_labels() -> None:
    core, traffic = Watched(), Traffic().add(10).add(28, wrong=True)
    traffic.into(core)
    assert "evidence performance" in firing(core)
    _, became = asked(core)
    made = decode(core.store.saved.references[became])
    assert np.array_equal(made.totals[Stream.PREDICTIONS], REFERENCE.totals[Stream.PREDICTIONS])
    assert not np.array_equal(made.totals[Stream.LABELS], REFERENCE.totals[Stream.LABELS])
    traffic.add(40, wrong=True).into(core)
    assert firing(core) == set()
    assert core.monitor.models["m"].decisions.episodes()[0].reason == "accepted"


@pytest.mark.parametrize("seed", range(3))
def test_restarts_change_no_bit_of_it(seed: int) -> None:
    found: list[object] = []
    for rng in (None, random.Random(seed)):
        core, traffic = drifted()
        if rng:
            core.load()
        asked(core)
        if rng:
            core.load()
        traffic.add(12, drifted=True).add(9).into(core, rng)
        kept = {k: v for k, v in core.store.saved.states.items() if "/evidence/" in k or "/version/" in k}
        log = core.monitor.models["m"].decisions.log()
        found.append((kept, log, core.store.notifications, sorted(core.store.saved.references)))
    assert found[0] == found[1]


def test_twice_in_a_row_and_after_a_restart() -> None:
    core, traffic = drifted()
    _, first = asked(core)
    traffic.add(25).into(core)
    assert firing(core)
    _, second = asked(core)
    assert second not in (first, REFERENCE.hash)
    core.load()
    assert core.monitor.models["m"].versions.live["1"].reference.hash == second
    traffic.add(20).into(core)
    assert firing(core) == set()


def test_another_reference_in_the_configuration_takes_its_place() -> None:
    core, _ = drifted()
    asked(core)
    core.ref = reference(seed=8)
    core.load()
    live = core.monitor.models["m"]
    assert live.versions.live["1"].reference.hash == core.ref.hash
    assert live.versions.accepted == {}


def test_what_cannot_be_accepted_changes_nothing() -> None:
    core, traffic = Watched(), Traffic().add(10)
    traffic.into(core)
    before = core.store.saved.states
    outcome, became = asked(core)
    assert became == Refusal.NOTHING
    assert not [row for row in outcome.changes.journal if row.kind == Entry.ACCEPT]
    assert core.store.saved.states == before
    assert asked(core, version="7")[1] == Refusal.UNKNOWN
    assert core.monitor.commit(Inputs(accepted=(Accept("x", "1", "me"),))).accepted == {
        Accept("x", "1", "me"): Refusal.UNKNOWN
    }
    traffic.add(14, drifted=True).into(core)
    late = START + 1_000 * MINUTE
    assert asked(core, from_ms=late)[1] == Refusal.TOO_FEW
    assert EVENTS_MIN > 60
    assert "evidence inputs" in firing(core)


def test_the_beginning_can_be_stated() -> None:
    core, _ = drifted()
    from_ms = START + 20 * MINUTE
    _, became = asked(core, from_ms=from_ms)
    made = decode(core.store.saved.references[became])
    assert made.panes[Stream.PREDICTIONS].times_ms[0] == from_ms
    assert replace(made, hash="").events == made.events
