"""What observers can tell at a given traffic."""

from __future__ import annotations

import numpy as np

from driftwatch.events.classes import Stream
from driftwatch.evidence.design import designs
from driftwatch.evidence.odds import BOTH, UP
from driftwatch.evidence.outlook import Outlook
from driftwatch.evidence.spec import EvidenceSpec
from tests.evidence import models


def test_bets_in_each_direction_that_there_is() -> None:
    one = np.array([[0.3, 0.5]])
    made = Outlook(one, one + 0.02, one - 0.02, one * 100)
    up, down = made.bets(BOTH, 12.0)
    assert (up.sign, down.sign) == (1, -1)
    assert len(made.bets(UP, 12.0)) == 1
    assert made.at(0, slice(1, 2)).share.tolist() == [0.5]


def test_every_observer_has_bounds_around_its_share() -> None:
    for design in designs(models.reference(), EvidenceSpec()):
        events = np.full(design.observer.bets.shape, 100.0)
        found = design.observer.outlook(events)
        with np.errstate(invalid="ignore"):
            assert not (found.up[:4] <= found.share[:4]).any()
            assert not (found.down[:4] >= found.share[:4]).any()
        assert (found.effective <= 100.0 + 1e-9).all()
        if design.fields == ("error",):
            assert design.stream is Stream.LABELS
            assert np.isnan(found.down).all(), "fewer errors are no trouble"
