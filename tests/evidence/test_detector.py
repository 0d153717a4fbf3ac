"""All evidence of a version: who alerts, who waits, who recovers, who is forgotten."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from driftwatch.events.classes import Stream
from driftwatch.evidence.budget import Budget
from driftwatch.evidence.design import designs
from driftwatch.evidence.detector import FORGET_MS, NOTHING, Detector, Member, Told
from driftwatch.evidence.groups import Group
from driftwatch.evidence.spec import EvidenceSpec
from tests.evidence import models
from tests.evidence.models import PANE_MS, START_MS

BUDGET = Budget.parse("1 per week")


def detector(**settings: Any) -> Detector:
    return Detector(designs(models.reference(), EvidenceSpec(**settings)), BUDGET, PANE_MS)


class Run:
    """Panes of 100 events, one after another."""

    def __init__(self, made: Detector) -> None:
        self.detector, self.pane, self.told = made, 0, list[tuple[int, Stream, Told]]()

    def see(self, panes: int, events: int = 100, **changes: Any) -> Run:
        for _ in range(panes):
            start_ms = START_MS + (1_000 + self.pane) * PANE_MS
            matrices = (
                models.counted(models.records(events, start_ms, 100 + self.pane, **changes)) if events else {}
            )
            for stream in (Stream.PREDICTIONS, Stream.LABELS):
                told = self.detector.close(stream, matrices.get(stream), start_ms)
                if told is not NOTHING:
                    self.told.append((self.pane, stream, told))
            self.pane += 1
        return self

    def groups(self) -> set[Group]:
        return {group for _, _, told in self.told for group in told.listed}

    def fields(self, group: Group) -> set[tuple[str, int]]:
        """(field, row) of everything listed."""
        return {
            (self.detector.designs[x.member.bank].fields[x.member.watch], x.member.row)
            for _, _, told in self.told for x in told.listed.get(group, ())
        }  # fmt: skip


def test_calm_traffic_tells_nothing() -> None:
    assert Run(detector()).see(40).told == []


def test_a_shifted_feature_alerts_as_inputs_within_the_hour() -> None:
    run = Run(detector()).see(12).see(12, shift=1.0)
    assert run.groups() == {Group.INPUTS}
    assert ("income", 0) in run.fields(Group.INPUTS)
    assert run.told[0][0] <= 12 + 6


def test_a_marked_field_alerts_as_a_page() -> None:
    run = Run(detector(page=["inc*"])).see(12, shift=1.0)
    assert run.groups() == {Group.MARKED}


def test_missing_values_alert_as_quality() -> None:
    run = Run(detector()).see(30, missing=0.15)
    assert run.groups() == {Group.QUALITY}
    assert {field for field, _ in run.fields(Group.QUALITY)} == {"income"}


def test_wrong_labels_alert_as_performance() -> None:
    run = Run(detector()).see(40, errors=0.5)
    assert Group.PERFORMANCE in run.groups()
    assert run.groups() <= {Group.PERFORMANCE, Group.CALIBRATION}
    assert all(stream is Stream.LABELS for _, stream, _ in run.told)


def test_a_firing_stream_makes_no_second_list_and_recovers() -> None:
    run = Run(detector()).see(60, shift=1.0)
    listed = [x.member for _, _, told in run.told for x in told.listed[Group.INPUTS]]
    assert len(listed) == len(set(listed)), "a lasting change alerts once"
    firing = run.detector.firing()[Group.INPUTS]
    assert set(firing) == set(listed)
    run.see(60)
    resolved = {member for _, _, told in run.told for member in told.resolved}
    assert resolved == set(listed)
    assert run.detector.firing() == {}
    assert (run.detector.claims(Group.INPUTS) < 5).all()


def test_a_slice_that_disappears_is_forgotten_with_its_alert() -> None:
    run = Run(detector()).see(12, shift=1.0)
    firing = set(run.detector.firing()[Group.INPUTS])
    start_ms = START_MS + (1_000 + run.pane) * PANE_MS + FORGET_MS
    told = run.detector.close(Stream.PREDICTIONS, None, start_ms + PANE_MS)
    assert set(told.forgotten) == firing
    assert run.detector.firing() == {}


def test_while_the_delay_of_labels_fires_errors_are_not_judged() -> None:
    made = detector()
    delay = next(i for i, design in enumerate(made.designs) if design.fields == ("label_delay",))
    error = next(i for i, design in enumerate(made.designs) if design.fields == ("error",))
    made.banks[delay].fire(0, 0, 30.0)
    Run(made).see(8, errors=1.0)
    assert made.banks[error].seen[0, 0] == -1, "row 0: the delay of all labels has changed"
    assert made.banks[error].seen[1, 0] >= 0


def test_the_limit_is_the_groups_share_of_the_familys_panes() -> None:
    made = detector()
    panes = 7 * 24 * 12
    assert made.log_limit(Group.INPUTS) == pytest.approx(np.log(panes / 0.4))
    assert made.log_limit(Group.QUALITY) == pytest.approx(np.log(panes / 0.2))
    assert made.log_limit(Group.PERFORMANCE) == pytest.approx(np.log(panes / (40 / 60)))
    shared = Detector(made.designs, BUDGET, PANE_MS, sharers=3)
    assert shared.log_limit(Group.INPUTS) == pytest.approx(np.log(3 * panes / 0.4))


def test_streams_are_those_with_bets() -> None:
    made = detector()
    bets = {(i, r, w) for i, bank in enumerate(made.banks) for r, w in np.argwhere(bank.bets > 0).tolist()}
    members = {(m.bank, m.row, m.watch) for pool in made.pools.values() for m in pool.members}
    assert members == bets
    rows = {m.row for pool in made.pools.values() for m in pool.members}
    assert rows == {0, 1, 2, 3}, "slices without reference events are no streams"


def test_restart_forgets_the_chosen_streams() -> None:
    run = Run(detector()).see(12, shift=1.0)
    run.detector.restart(lambda member: member.row == 0)
    assert Member(0, 0, 0) not in run.detector.firing().get(Group.INPUTS, ())
    run.detector.restart()
    assert run.detector.firing() == {}
