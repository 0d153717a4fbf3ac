"""Why a stream alerts, in words that hold the numbers of the detector."""

from __future__ import annotations

import numpy as np

from driftwatch.evidence.budget import Budget
from driftwatch.evidence.design import designs
from driftwatch.evidence.detector import Detector
from driftwatch.evidence.findings import Describe
from driftwatch.evidence.groups import Group
from driftwatch.evidence.spec import EvidenceSpec
from driftwatch.evidence.telling import CAP, bars, path, told
from tests.evidence.models import PANE_MS, START_MS, counted, records, reference


def test_the_path_grows_from_the_change_on_and_the_lines_say_so() -> None:
    made = reference()
    detector = Detector(designs(made, EvidenceSpec()), Budget.parse("1 per day"), PANE_MS)
    panes, listed = {}, None
    for k in range(16):
        start_ms = START_MS + (1_000 + k) * PANE_MS
        values = records(100, start_ms, 50 + k, shift=2.0 if k >= 6 else 0.0)
        matrices = counted(values)
        (stream, matrix) = next(iter(matrices.items()))
        panes[start_ms] = matrix
        for each in detector.close(stream, matrix, start_ms).listed.get(Group.INPUTS, ()):
            listed = listed or each
    assert listed is not None
    found = Describe(detector, made.layout.slices, {stream: sum(panes.values())}).one(listed)
    grown = path(detector, listed.member, found, panes)
    assert len(grown) == 16
    assert grown[:6].max() < CAP
    assert grown[-1] > 5 * CAP
    assert (np.diff(grown) <= CAP + 1e-9).all(), "no pane earns more"
    lines = list(told(detector, made.layout.slices, Group.INPUTS, found, panes))
    assert lines[0].startswith(
        f"ln E {listed.log_evidence:.1f} when it alerted, needed {listed.log_limit:.1f}"
    )
    assert f"one of {len(detector.pools[Group.INPUTS].members)} streams of inputs" in lines[0]
    assert f"over the last 16 panes: {bars(grown)}" in lines[1]
    assert lines[2].startswith("bets that paid: ")
    assert "nats" in lines[2]
    assert lines[3].startswith("nearest that do not fire: ")
    assert list(told(detector, made.layout.slices, Group.INPUTS, found, {}))[1].startswith("bets that paid")


def test_bars() -> None:
    assert bars(np.array([0.0, 7.0, 3.5])) == "▁█▅"
    assert bars(np.zeros(2)) == "▁▁"
