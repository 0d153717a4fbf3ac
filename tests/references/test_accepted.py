"""Panes become a reference of the same layout; what was not replaced stays as it was."""

from __future__ import annotations

import numpy as np

from driftwatch.events.classes import Stream
from driftwatch.references.accepted import Stretch, accepted
from driftwatch.references.codec import decode, encode
from tests.evidence.models import PANE_MS, reference

OLD = reference()
LATER = OLD.end_ms // PANE_MS * PANE_MS + PANE_MS


def stretch(stream: Stream, panes: int = 3, width_ms: int = PANE_MS) -> Stretch:
    rng = np.random.default_rng(1)
    total = OLD.totals[stream]
    return Stretch(width_ms, {LATER + k * width_ms: rng.poisson(total / 100) for k in range(panes)})


def test_one_stream_is_replaced_pane_by_pane() -> None:
    new = stretch(Stream.PREDICTIONS)
    made = accepted(OLD, {Stream.PREDICTIONS: new}, 77, 5)
    assert made.layout is OLD.layout
    assert np.array_equal(made.totals[Stream.PREDICTIONS], sum(new.panes.values()))
    assert np.array_equal(made.totals[Stream.LABELS], OLD.totals[Stream.LABELS])
    panes = made.panes[Stream.PREDICTIONS]
    assert panes.times_ms.tolist() == sorted(new.panes)
    rows, columns = OLD.totals[Stream.PREDICTIONS].shape
    for k, (_, pane) in enumerate(sorted(new.panes.items())):
        assert np.array_equal(panes.matrix(k, rows, columns), pane)
    assert (made.start_ms, made.end_ms, made.events) == (OLD.start_ms, OLD.end_ms, 77)
    assert made.span_of(Stream.PREDICTIONS) == 3 * PANE_MS
    assert made.span_of(Stream.LABELS) == OLD.span_ms == OLD.span_of(Stream.PREDICTIONS)
    assert OLD.hash in made.source


def test_all_streams_replaced_are_of_their_own_time() -> None:
    made = accepted(OLD, {s: stretch(s) for s in OLD.totals}, 77, 5)
    assert (made.start_ms, made.end_ms) == (LATER, LATER + 3 * PANE_MS)
    assert made.span_of(Stream.LABELS) == made.span_ms


def test_it_is_a_reference_like_any_other_and_its_hash_names_its_content() -> None:
    made = accepted(OLD, {Stream.PREDICTIONS: stretch(Stream.PREDICTIONS)}, 77, 5)
    again = decode(encode(made))
    assert again.hash == made.hash != OLD.hash
    assert accepted(OLD, {Stream.PREDICTIONS: stretch(Stream.PREDICTIONS)}, 77, 9).hash == made.hash
    assert accepted(OLD, {Stream.PREDICTIONS: stretch(Stream.PREDICTIONS, 4)}, 77, 5).hash != made.hash
