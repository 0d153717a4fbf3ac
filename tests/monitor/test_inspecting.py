"""Broken data in a running core: told within two panes (F29), apart from drift, the same in any interleaving."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import msgspec
import numpy as np
import pytest

from driftwatch.alerts.alert import AlertState
from driftwatch.drift.reasons import Reason
from driftwatch.events.classes import Stream
from driftwatch.events.records import Partition
from driftwatch.facts import Fact, QualityChanged
from driftwatch.monitor.inspecting import CALM, HELD, QUALITY, RULES, InspectState, rate_of
from driftwatch.references.panes import no_panes
from tests.monitor.drive import Logs, drive
from tests.monitor.world import MINUTE, REFERENCE, SPEC, START, Core, batch, label, prediction

P0, L0 = Partition("p", 0), Partition("l", 0)
BOUNDS = {P0: (0, 9), L0: (0, 0)}
Record = dict[str, Any]
EACH = 120


def minute(number: int, change: Callable[[Record], object] = lambda _: None, each: int = EACH) -> list[bytes]:
    rng = random.Random(number)
    made = []
    for k in range(each):
        record = json.loads(prediction(number * 1_000 + k, START + number * MINUTE + k * MINUTE // each, rng))
        change(record)
        made.append(json.dumps(record).encode())
    return made


def feed(core: Core, number: int, change: Callable[[Record], object] = lambda _: None) -> list[Fact]:
    """One minute is read and committed: panes close two minutes (lateness) later."""
    core.monitor.ingest(batch("p", 0, minute(number, change), core.monitor.offsets[P0]))
    return list(core.commit().facts)


def begun(**changed: Any) -> Core:
    core = Core(spec=SPEC.model_copy(update=changed))
    core.monitor.assign(BOUNDS)
    return core


def alerts(core: Core) -> dict[str, AlertState]:
    found = core.monitor.models["m"].decisions.alerts()
    return {alert.rule: alert.state for alert in found if alert.kind == "quality"}


CHANGES: dict[Reason, Callable[[Record], object]] = {
    Reason.NEW_FIELD: lambda r: r.update(y_new=1),
    Reason.REMOVED_FIELD: lambda r: r.pop("x"),
    Reason.RENAMED_FIELD: lambda r: r.update(x_new=r.pop("x")),
    Reason.TYPE_CHANGE: lambda r: r.update(x=f"about {r['x']}"),
    Reason.UNIT_CHANGE: lambda r: r.update(score=r["score"] * 100),
}


@pytest.mark.parametrize("reason", CHANGES)
def test_a_change_of_the_schema_is_told_within_two_panes_f29(reason: Reason) -> None:
    core = begun(rules=[])
    facts = [fact for number in range(4) for fact in feed(core, number)]
    assert not alerts(core)
    facts += [fact for number in range(4, 9) for fact in feed(core, number, CHANGES[reason])]
    # A pane whose few values do not fit the factor well says `out_of_range` beside it, which is shown only.
    told = [f for f in facts if isinstance(f, QualityChanged) and f.reason in SPEC.quality.alert]
    assert {(f.reason, f.began) for f in told} == {(reason, True)}
    assert told[0].time_ms <= START + (4 + 2) * MINUTE
    assert alerts(core) == {f"{QUALITY} {reason}": AlertState.FIRING}
    (issue,) = (i for i in core.monitor.models["m"].view().versions["1"].quality if i.alerts)
    assert (issue.reason, issue.alerts, issue.stream) == (reason, True, Stream.PREDICTIONS)
    assert issue.example
    assert issue.since_ms == told[0].time_ms
    (alert,) = core.monitor.models["m"].decisions.alerts()
    assert not alert.retrain
    assert issue.example in alert.findings[0].cells
    assert core.monitor.models["m"].decisions.episodes() == ()


def test_it_is_over_after_so_many_calm_panes_and_not_before_f39() -> None:
    core = begun(rules=[])
    states: list[AlertState | None] = []
    told: list[bool] = []
    for number in range(8 + 2 * CALM):
        broken = number in (0, 1, 4)
        facts = feed(core, number, CHANGES[Reason.NEW_FIELD] if broken else lambda _: None)
        told += [fact.began for fact in facts if isinstance(fact, QualityChanged)]
        states.append(alerts(core).get(f"{QUALITY} new_field"))
    assert told == [True, False], "a pause of two panes ends nothing"
    resolved = states.index(AlertState.RESOLVED)
    assert resolved == 4 + CALM + 3
    assert states[resolved - 1] is AlertState.FIRING


def test_a_constant_is_told_when_it_has_held_for_some_panes() -> None:
    core = begun(rules=[])
    told: list[tuple[Reason, int]] = []
    for number in range(8):
        facts = feed(core, number, lambda r: r.update(x=0.125))
        told += [(f.reason, f.time_ms) for f in facts if isinstance(f, QualityChanged) and f.reason in HELD]
    assert (Reason.CONSTANT, START + HELD[Reason.CONSTANT] * MINUTE) in told
    assert alerts(core) == {f"{QUALITY} constant": AlertState.FIRING}


def test_the_event_rate_is_shown_and_opens_no_ticket() -> None:
    core = begun(rules=[])
    for number in range(8):
        core.monitor.ingest(batch("p", 0, minute(number, each=300), core.monitor.offsets[P0]))
        core.commit()
    (issue,) = core.monitor.models["m"].view().versions["1"].quality
    assert (issue.reason, issue.field, issue.alerts) == (Reason.EVENT_RATE, "", False)
    assert issue.example == "300 events, at most 120 expected"
    assert not alerts(core)


def test_panes_without_enough_events_neither_count_nor_reset_e8() -> None:
    core = begun(rules=[])
    for number in range(4):
        feed(core, number, CHANGES[Reason.NEW_FIELD])
    for number in range(4, 6 + 2 * CALM):
        core.monitor.ingest(batch("p", 0, minute(number, each=50), core.monitor.offsets[P0]))
        core.commit()
    assert alerts(core) == {f"{QUALITY} new_field": AlertState.FIRING}


def test_what_opens_a_ticket_and_what_is_left_out_is_configured() -> None:
    quality = SPEC.quality.model_copy(update={"alert": [Reason.NEW_FIELD], "ignore": ["y_*"]})
    core = begun(rules=[], quality=quality)
    for number in range(6):
        feed(core, number, lambda r: (r.update(y_new=1, z=2), r.pop("x")))
    assert alerts(core) == {f"{QUALITY} new_field": AlertState.FIRING}
    shown = {(i.reason, i.field) for i in core.monitor.models["m"].view().versions["1"].quality}
    assert shown - {(Reason.EVENT_RATE, "")} == {(Reason.NEW_FIELD, "z"), (Reason.REMOVED_FIELD, "x")}


def test_repeated_ids_and_contradicting_labels_have_reasons_of_their_own() -> None:
    core = begun(rules=[])
    core.monitor.assign({P0: (0, 9), L0: (0, 9)})
    reasons: set[tuple[Stream, Reason, str]] = set()
    for number in range(12):
        values = minute(number)
        core.monitor.ingest(batch("p", 0, values + values[:20], core.monitor.offsets[P0]))
        ids = [json.loads(value)["id"].removeprefix("id-") for value in values]
        time_ms = START + number * MINUTE
        said = [label(int(k), time_ms, 1) for k in ids] + [label(int(k), time_ms, 0) for k in ids[:9]]
        core.monitor.ingest(batch("l", 0, said, core.monitor.offsets[L0]))
        facts = core.commit().facts
        reasons |= {(f.stream, f.reason, f.example) for f in facts if isinstance(f, QualityChanged)}
    shown = {(stream, reason) for stream, reason, _ in reasons if reason is not Reason.EVENT_RATE}
    assert shown == {
        (Stream.PREDICTIONS, Reason.DUPLICATE_ID),
        (Stream.LABELS, Reason.CONFLICTING_LABEL),
    }
    assert (Stream.PREDICTIONS, Reason.DUPLICATE_ID, "partition 0, offset 120") in reasons


@pytest.mark.parametrize("seed", range(4))
def test_the_state_follows_from_the_logs_alone(seed: int) -> None:
    """The bytes of the checkpoint are the same in any interleaving, with any commits and restarts (O1)."""
    logs = Logs()
    for number in range(6):
        for value in minute(number, CHANGES[Reason.RENAMED_FIELD] if number > 2 else lambda _: None, 60):
            logs.add("p", value[8] % 2, json.loads(value))
    states = []
    for way in (seed, seed + 100):
        core = Core(spec=SPEC.model_copy(update={"rules": [], "quality": _eager()}))
        drive(core, logs, way)
        states.append(core.store.saved.states["m/inspection"])
    assert states[0] == states[1]
    held = msgspec.msgpack.decode(states[0], type=InspectState).held["1"][Stream.PREDICTIONS]
    assert {(h.reason, h.field) for h in held if h.firing} >= {(Reason.RENAMED_FIELD, "x")}


def _eager() -> Any:
    return SPEC.quality.model_copy(update={"min_events": 16})


def test_alerts_of_every_reason_survive_a_restart() -> None:
    core = begun(rules=[])
    for number in range(6):
        feed(core, number, CHANGES[Reason.NEW_FIELD])
    core.load()
    core.monitor.assign(BOUNDS)
    core.commit()
    assert alerts(core) == {f"{QUALITY} new_field": AlertState.FIRING}
    assert set(RULES) == {f"quality {reason}" for reason in Reason}


def test_a_reference_says_how_many_events_are_usual() -> None:
    found = rate_of(REFERENCE, Stream.PREDICTIONS, MINUTE)
    assert found is not None
    assert found.low == found.high == 60, "one a second"
    double = rate_of(REFERENCE, Stream.PREDICTIONS, 2 * MINUTE)
    assert double is not None
    assert double.low == 120
    assert rate_of(REFERENCE, Stream.LABELS, MINUTE) is None
    untimed = replace(REFERENCE, panes={**REFERENCE.panes, Stream.PREDICTIONS: no_panes(MINUTE)})
    assert rate_of(untimed, Stream.PREDICTIONS, MINUTE) is None
    panes = REFERENCE.panes[Stream.PREDICTIONS]
    gap = replace(panes, times_ms=np.r_[panes.times_ms[:-1], panes.times_ms[-1] + 10 * MINUTE])
    found = rate_of(
        replace(REFERENCE, panes={**REFERENCE.panes, Stream.PREDICTIONS: gap}), Stream.PREDICTIONS, MINUTE
    )
    assert found is not None
    assert found.low == 0, "panes that are left out were empty"
