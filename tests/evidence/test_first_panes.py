"""Clumping and wander of a reference without event times, from the first closed panes."""

from __future__ import annotations

import numpy as np
import pytest

from driftwatch.events.classes import Stream
from driftwatch.evidence.budget import Budget
from driftwatch.evidence.design import designs
from driftwatch.evidence.detector import Detector
from driftwatch.evidence.first_panes import SpreadState, relearned, spreads_of, untimed, with_spreads
from driftwatch.evidence.spec import EvidenceSpec
from tests.evidence import models

PANES = 60


def detector() -> Detector:
    made = designs(models.reference(timed=False), EvidenceSpec())
    return Detector(made, Budget.parse("1 per week"), models.PANE_MS)


def live(stream: Stream, copies: int = 1) -> dict[int, np.ndarray]:
    """Panes of about 100 events, each of them `copies` times the same."""
    found: dict[int, np.ndarray] = {}
    for k in range(PANES):
        start = models.START_MS + k * models.PANE_MS
        found[start] = copies * models.counted(models.records(100 // copies, start, 100 + k))[stream]
    return found


def test_only_a_reference_without_panes_needs_it() -> None:
    assert untimed(models.reference(timed=False), Stream.PREDICTIONS)
    assert not untimed(models.reference(), Stream.PREDICTIONS)
    assert untimed(models.reference(), Stream.FEATURES)


@pytest.mark.parametrize("stream", [Stream.PREDICTIONS, Stream.LABELS])
def test_clumps_are_learned_from_panes(stream: Stream) -> None:
    """Events that come ten at a time: ten count as one; alone they count for themselves."""
    for copies, low, high in ((1, 1.0, 2.0), (10, 7.0, 17.0)):
        found = spreads_of(detector(), stream, live(stream, copies), models.PANE_MS)
        assert found
        first = found[min(found)] if stream is Stream.PREDICTIONS else found[max(found)]
        assert first.learned[0].all()
        assert low <= first.factor[0].max() <= high
        assert 95 <= first.mean_size[0, 0] <= 105


def test_wander_is_tolerated_and_nothing_less_than_what_was_configured() -> None:
    made = detector()
    start = models.START_MS
    shifted = {
        start + k * models.PANE_MS: models.counted(
            models.records(100, start + k * models.PANE_MS, 300 + k, shift=0.8 if k // 12 % 2 else -0.8)
        )[Stream.PREDICTIONS]
        for k in range(120)
    }
    before, after = (
        made.designs[0].observer.spread,
        spreads_of(made, Stream.PREDICTIONS, shifted, models.PANE_MS)[0],
    )
    assert (after.tolerance >= before.tolerance).all()
    assert after.tolerance[0, 0] > 3 * before.tolerance[0, 0], "income moves by the hour"
    assert after.tolerance[0, 2] < 2 * before.tolerance[0, 2], "colour does not"


def test_few_panes_say_so() -> None:
    few = dict(list(live(Stream.PREDICTIONS).items())[:10])
    assert not spreads_of(detector(), Stream.PREDICTIONS, few, models.PANE_MS)[0].learned.any()
    assert spreads_of(detector(), Stream.PREDICTIONS, {}, models.PANE_MS) == {}


def test_what_fires_goes_on_as_it_was_and_what_is_calm_starts_anew() -> None:
    made = detector()
    for k, pane in enumerate(live(Stream.PREDICTIONS).values()):
        made.close(Stream.PREDICTIONS, pane, models.START_MS + k * models.PANE_MS)
    made.banks[0].fire(0, 0, 5.0)
    log = made.banks[0].log_evidence.copy()
    spreads = spreads_of(made, Stream.PREDICTIONS, live(Stream.PREDICTIONS, 10), models.PANE_MS)
    after = relearned(made, spreads)
    assert spreads[0].factor[0, 0] == made.banks[0].observer.spread.factor[0, 0]
    assert spreads[0].factor[0, 4] > 5
    assert after.banks[0].observer.spread.factor[0, 4] == spreads[0].factor[0, 4]
    assert after.banks[0].firing.limit[0, 0] == made.banks[0].firing.limit[0, 0] > 0
    assert after.banks[0].log_evidence[0, 0] == log[0, 0]
    assert log[0, 4] > -20
    assert after.banks[0].log_evidence[0, 4] < -20
    assert (after.pane_ms, after.sharers, after.log_limit(made.designs[0].observer.groups[0])) == (
        made.pane_ms, made.sharers, made.log_limit(made.designs[0].observer.groups[0])
    )  # fmt: skip


def test_a_spread_comes_back_from_the_checkpoint_to_the_last_bit() -> None:
    made = detector()
    (first, *_) = spreads_of(made, Stream.PREDICTIONS, live(Stream.PREDICTIONS), models.PANE_MS).values()
    again = SpreadState.of(first).spread()
    for name in ("mean_size", "factor", "tolerance", "learned"):
        assert np.array_equal(getattr(again, name), getattr(first, name))
    assert with_spreads(made.designs, {0: again})[0].learned.all() == first.learned.all()
