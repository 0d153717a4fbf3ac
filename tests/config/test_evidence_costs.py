"""The formulas against what evidence really takes, measured by tracemalloc, which NumPy tells of its arrays."""

import gc
import json
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import numpy as np
import pytest

from driftwatch.config.assumed import assumed_layout
from driftwatch.config.evidence_costs import evidence_of, learned_bytes, reference_bytes, shares_of
from driftwatch.events.classes import Stream
from driftwatch.evidence.budget import USUAL
from driftwatch.evidence.design import designs
from driftwatch.evidence.detector import Detector, Listed, Member
from driftwatch.evidence.findings import Describe
from driftwatch.evidence.saved import load, save
from driftwatch.evidence.spec import EvidenceSpec
from driftwatch.monitor.plan import subject_of
from driftwatch.monitor.spec import ModelSpec
from driftwatch.references.build import build
from driftwatch.references.reference import Reference
from tests.evidence.models import DECLARED, START_MS, batch

PANE_MS = 1_800_000
SHAPES = {
    "two days": (20, 50, 60_000),
    "days, so that there are slots": (10, 10, 120_000),
    "many slices": (2, 300, 60_000),
}


def spec(features: int) -> ModelSpec:
    names = [*(f"f{i}" for i in range(features)), "colour"]
    return ModelSpec.model_validate(
        DECLARED
        | {
            "predictions": DECLARED["predictions"] | {"features": names},
            "cells": {"slice_values": 300},
            "windows": [{"size": "1h", "slide": "30m"}],
        }
    )


@cache
def reference(features: int, slices: int, spacing_ms: int) -> Reference:
    """2 500 events; spread over days there is a daily wave, so that slots are worth their while."""
    rng = np.random.default_rng(1)
    made: list[bytes] = []
    for n in range(2_500):
        time_ms = START_MS + n * spacing_ms
        wave = np.sin(time_ms / 86_400_000 * 2 * np.pi)
        score = float(rng.beta(2, 2))
        numbers = rng.normal(wave, size=features)
        made.append(
            json.dumps({
                "id": f"{n}", "ts": time_ms, "country": f"c{rng.integers(slices)}", "score": round(score, 4),
                "label": int(rng.random() < score), "colour": f"v{rng.integers(8)}",
                **{f"f{i}": round(float(x), 3) for i, x in enumerate(numbers)},
            }).encode()
        )  # fmt: skip
    subject, records = subject_of(spec(features)), [(Stream.PREDICTIONS, batch(made))]
    return build(subject, lambda: records, source="a test", created_ms=0).reference


class Measured:
    held = peak = 0


@contextmanager
def memory() -> Iterator[Measured]:
    """Bytes that the block keeps, and that it has at its most."""
    gc.collect()
    tracemalloc.start()
    found = Measured()
    try:
        yield found
        gc.collect()
        found.held, found.peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_evidence_fits_its_bound_and_the_bound_is_not_silly(shape: tuple[int, int, int]) -> None:
    made = reference(*shape)
    said = evidence_of(made.layout, made.span_ms, PANE_MS)
    with memory() as designed:
        detector = Detector(designs(made, EvidenceSpec()), USUAL, PANE_MS)
    assert designed.peak <= said.state_bytes + said.design_bytes
    with memory() as live:
        detector = Detector(designs(made, EvidenceSpec()), USUAL, PANE_MS)
        tracemalloc.reset_peak()
        listed = watch(detector, made)
        found = Describe(detector, made.layout.slices, made.totals).all(listed)
        state = save(detector, "x")
    assert load(detector, "x", state)
    assert found
    assert sum(len(pool.members) for pool in detector.pools.values()) <= said.streams
    assert sum(bank.observer.kept[0].size for bank in detector.banks) <= said.shares
    assert live.peak <= said.state_bytes <= 3 * live.peak


def watch(detector: Detector, made: Reference) -> list[Listed]:
    """Thirty panes that are nothing like the reference; every stream of the first group that alerts."""
    rng = np.random.default_rng(2)
    listed: dict[Member, Listed] = {}
    for pane in range(15):
        for stream, total in made.totals.items():
            counts = total if stream is Stream.LABELS else rng.permutation(total, axis=1)
            told = detector.close(stream, counts, START_MS + pane * PANE_MS)
            listed |= {each.member: each for group in told.listed.values() for each in group}
    assert len(listed) > 5
    return list(listed.values())


def test_slots_are_counted_where_the_reference_covers_three_days() -> None:
    made = reference(*SHAPES["days, so that there are slots"])
    baseline = designs(made, EvidenceSpec())[0].observer.baseline  # pyright: ignore
    assert baseline.slots == 24
    days = [evidence_of(made.layout, d * 86_400_000, PANE_MS).state_bytes for d in (2, 3, 20, 21)]
    assert days[0] < days[1] == days[2] < days[3]
    hours_wide = evidence_of(made.layout, 30 * 86_400_000, 2 * 3_600_000)
    assert hours_wide == evidence_of(made.layout, 0, PANE_MS), "panes wider than an hour have no slots"


@pytest.mark.parametrize("features", [1, 20])
def test_what_can_be_learned_has_at_least_as_many_shares(features: int) -> None:
    known, most = reference(features, 3, 10_000).layout, assumed_layout(spec(features))
    for part in known.parts:
        largest = most.part(part.stream)
        assert largest is not None
        assert shares_of(known, part) <= shares_of(most, largest)


def test_references() -> None:
    made = reference(*SHAPES["days, so that there are slots"])
    assert reference_bytes(made) > sum(total.nbytes for total in made.totals.values())
    layout = made.layout
    per_event = (learned_bytes(layout) - sum(total.nbytes for total in made.totals.values())) / 100_000
    panes = reference_bytes(made) - sum(total.nbytes for total in made.totals.values())
    assert per_event / 3 < panes / made.events <= per_event
