from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import log_loss

from driftwatch.drift.catalogue import read
from driftwatch.drift.log_loss import score_field
from driftwatch.drift.reading import Estimate, Floats
from driftwatch.summaries.layout import Field, Task
from tests.drift import counting as c


def _read(field: Field, *sides: tuple[Floats, Floats]) -> dict[str, Estimate]:
    part = c.labels_part(score_label=(field.cells, 2))
    blocks = [c.score_label_block(field, *side).ravel() for side in sides]
    layout = c.layout(Task.BINARY, c.fields_part(field), part)
    return dict(read(c.pair_of(part, blocks[0], blocks[-1], layout=layout)))


def _world(seed: int, n: int) -> tuple[Floats, Floats]:
    rng = np.random.default_rng(seed)
    scores = np.round(rng.random(n), 2)
    return scores, (rng.random(n) < scores).astype(float)


@settings(max_examples=60)
@given(st.integers(0, 2**32 - 1), st.integers(2, 500))
def test_exact_cells_give_the_raw_values_loss_certain_scores_included(seed: int, n: int) -> None:
    scores, labels = _world(seed, n)
    labels[:1] = 1 - labels[:1]
    found = _read(c.cut(scores, "score", exact=True), (scores, labels))["log_loss"]
    assert found.value[0, 0] == pytest.approx(log_loss(labels, scores, labels=[0, 1]), rel=1e-9)


@settings(max_examples=60)
@given(st.integers(0, 2**32 - 1), st.integers(2, 3_000))
def test_quantile_cells_hold_it_between_their_limits(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    field = c.cut(rng.random(5_000), "score")
    scores = rng.random(n)
    labels = (rng.random(n) < scores).astype(float)
    found = _read(field, (scores, labels))["log_loss"]
    truth = log_loss(labels, scores, labels=[0, 1])
    assert found.lower[0, 0] <= truth <= found.upper[0, 0]
    assert found.value[0, 0] == pytest.approx(truth, abs=0.1)


def test_a_worse_model_decays_upwards() -> None:
    field = c.cut(np.linspace(0.01, 0.99, 99), "score", exact=True)
    rng = np.random.default_rng(1)
    scores = rng.integers(1, 100, 5_000) / 100
    good = (rng.random(5_000) < scores).astype(float)
    found = _read(field, (scores, good), (scores, 1 - good))["log_loss_decay"]
    assert 0 < found.lower[0, 0] < found.value[0, 0]


def test_a_single_label_has_no_interval_and_no_score_no_loss() -> None:
    field = c.cut(np.linspace(0, 1, 50), "score")
    assert np.isnan(_read(field, (np.array([0.3]), np.array([1.0])))["log_loss"].value).all()
    with pytest.raises(KeyError):
        score_field(c.layout(Task.BINARY, c.labels_part(quality=(3,))))
