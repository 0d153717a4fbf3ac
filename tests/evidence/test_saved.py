"""Evidence survives the checkpoint to the last bit, and goes on as if nothing had been."""

from __future__ import annotations

import msgspec
import numpy as np

from driftwatch.events.classes import Stream
from driftwatch.evidence.budget import Budget
from driftwatch.evidence.design import designs
from driftwatch.evidence.detector import Detector
from driftwatch.evidence.saved import EvidenceState, fingerprint, load, save
from driftwatch.evidence.spec import EvidenceSpec, ToleranceSpec
from tests.evidence import models
from tests.evidence.models import PANE_MS, START_MS

DESIGNS = designs(models.reference(), EvidenceSpec())


def detector() -> Detector:
    return Detector(DESIGNS, Budget.parse("1 per week"), PANE_MS)


def see(made: Detector, numbers: range) -> None:
    for number in numbers:
        start_ms = START_MS + (1_000 + number) * PANE_MS
        matrices = models.counted(models.records(60 + number, start_ms, number, shift=0.1 * (number % 20)))
        for stream in (Stream.PREDICTIONS, Stream.LABELS):
            made.close(stream, matrices[stream], start_ms)


def test_a_restart_between_any_two_panes_changes_no_bit() -> None:
    whole, parts = detector(), detector()
    for number in range(16):
        see(whole, range(number, number + 1))
        see(parts, range(number, number + 1))
        data = msgspec.msgpack.encode(save(parts, "x"))
        parts = detector()
        assert load(parts, "x", msgspec.msgpack.decode(data, type=EvidenceState))
        for one, other in zip(whole.banks, parts.banks, strict=True):
            assert np.array_equal(one.evidence.log, other.evidence.log)
            assert np.array_equal(one.evidence.linear, other.evidence.linear)
            assert np.array_equal(one.log_evidence, other.log_evidence)
    assert msgspec.msgpack.encode(save(whole, "x")) == data
    assert whole.firing(), "something fired on the way"


def test_a_state_of_another_reference_or_setting_is_not_taken_up() -> None:
    made = detector()
    see(made, range(3))
    state, fresh = save(made, "x"), detector()
    assert not load(fresh, "y", state)
    assert not load(fresh, "x", EvidenceState("x"))
    assert np.array_equal(fresh.banks[0].evidence.log, detector().banks[0].evidence.log)


def test_sharers_never_become_fewer() -> None:
    made = detector()
    made.sharers = 3
    fresh = detector()
    assert load(fresh, "x", save(made, "x"))
    assert fresh.sharers == 3


def test_the_fingerprint_names_what_gives_evidence_its_meaning() -> None:
    spec = EvidenceSpec()
    names = {
        fingerprint("a", spec, 1), fingerprint("b", spec, 1), fingerprint("a", spec, 2),
        fingerprint("a", EvidenceSpec(tolerance=ToleranceSpec(inputs=0.03)), 1), fingerprint("a", EvidenceSpec(page=["x"]), 1),
    }  # fmt: skip
    assert len(names) == 5
    assert fingerprint("a", EvidenceSpec(must_detect=["accuracy drop of 3 % within 1d"]), 1) == fingerprint(
        "a", spec, 1
    )
