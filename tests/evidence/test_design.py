"""Banks designed from a reference: which streams there are, and what the settings change."""

from __future__ import annotations

import numpy as np

from driftwatch.events.classes import Stream
from driftwatch.evidence.design import designs, rows_of
from driftwatch.evidence.groups import Group
from driftwatch.evidence.shares import ShareObserver
from driftwatch.evidence.spec import EvidenceSpec, ToleranceSpec
from tests.evidence import models


def test_fields_and_labels_are_watched() -> None:
    found = designs(models.reference(), EvidenceSpec())
    assert [(d.stream, d.fields, d.observer.groups) for d in found] == [
        (
            Stream.PREDICTIONS,
            ("income", "income", "colour", "colour", "score", "score", "decision", "decision"),
            (Group.INPUTS, Group.QUALITY) * 2 + (Group.SCORES, Group.QUALITY) * 2,
        ),
        (Stream.LABELS, ("label_delay",), (Group.QUALITY,)),
        (Stream.LABELS, ("labels",), (Group.QUALITY,)),
        (Stream.LABELS, ("error",), (Group.PERFORMANCE,)),
        (Stream.LABELS, ("calibration",), (Group.CALIBRATION,)),
    ]
    for design in found:
        assert len(design.indicators) == design.observer.kept.shape[2]
        assert design.learned[0].all()


def test_an_income_has_the_54_bets_of_its_deciles() -> None:
    assert designs(models.reference(), EvidenceSpec())[0].observer.bets[0, 0] == 54


def test_marked_fields_are_a_group_of_their_own_but_their_quality_is_not() -> None:
    first = designs(models.reference(), EvidenceSpec(page=["inc*", "score"]))[0]
    assert [g for g in first.observer.groups if g is Group.MARKED] == [Group.MARKED] * 2
    assert first.observer.groups[1] is Group.QUALITY


def test_tolerances_are_those_of_the_settings() -> None:
    spec = EvidenceSpec(tolerance=ToleranceSpec(inputs=0.07, scores=0.03, quality=0.001))
    observer = designs(models.reference(), spec)[0].observer
    assert isinstance(observer, ShareObserver)
    assert observer.baseline.spread.tolerance[0, [0, 1, 4]].tolist() == [0.07, 0.001, 0.03]


def test_a_reference_without_times_says_that_clumping_is_assumed() -> None:
    for design in designs(models.reference(timed=False), EvidenceSpec()):
        assert not design.learned.any()


def test_panes_come_back_as_the_rows_that_hold_anything() -> None:
    reference = models.reference()
    part = reference.layout.part(Stream.PREDICTIONS)
    panes = reference.panes[Stream.PREDICTIONS]
    assert part is not None
    total = np.zeros_like(reference.totals[Stream.PREDICTIONS])
    for k, (start_ms, rows, matrix) in enumerate(rows_of(panes, part.columns)):
        assert start_ms == panes.times_ms[k]
        assert matrix.any(axis=1).all()
        total[rows] += matrix
    assert np.array_equal(total, reference.totals[Stream.PREDICTIONS])
