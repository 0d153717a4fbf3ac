from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score

from driftwatch.drift.catalogue import read
from driftwatch.drift.reading import Estimate, Floats
from driftwatch.summaries.layout import Field, Task
from tests.drift import counting as c

ROWS = st.lists(st.tuples(st.integers(0, 20), st.booleans()), min_size=1, max_size=80)


def _read(field: Field, scores: Floats, labels: Floats) -> Estimate:
    part = c.labels_part(score_label=(field.cells, 2))
    block = c.score_label_block(field, scores, labels).ravel()
    layout = c.layout(Task.BINARY, c.fields_part(field), part)
    return read(c.pair_of(part, block, block, layout=layout))["average_precision"]


@settings(max_examples=80)
@given(ROWS)
def test_with_exact_cells_it_is_scikit_learns(rows: list[tuple[int, bool]]) -> None:
    scores, labels = np.array([row[0] / 20 for row in rows]), np.array([float(row[1]) for row in rows])
    found = _read(c.exact("score", 0, scores), scores, labels)
    if not labels.any():
        assert np.isnan(found.value[0, 0])
        return
    expected = average_precision_score(labels, scores)
    assert found.value[0, 0] == pytest.approx(expected, abs=1e-12)
    assert found.upper[0, 0] == pytest.approx(found.lower[0, 0], abs=1e-12)


@settings(max_examples=60)
@given(st.integers(0, 2**32 - 1), st.integers(1, 16))
def test_on_a_grid_the_raw_value_lies_between_the_limits(seed: int, cells: int) -> None:
    rng = np.random.default_rng(seed)
    scores = rng.random(200)
    labels = (rng.random(200) < scores**2).astype(float)
    field = c.edged("score", 0, scores, np.linspace(0, 1, cells + 1)[1:].tolist())
    found = _read(field, scores, labels)
    raw = average_precision_score(labels, scores)
    assert found.lower[0, 0] - 1e-12 <= raw <= found.upper[0, 0] + 1e-12
    best = average_precision_score(labels, np.ceil(scores * cells) + labels / 2)
    worst = average_precision_score(labels, np.ceil(scores * cells) - labels / 2 - labels * scores / 4)
    assert found.lower[0, 0] <= worst + 1e-12
    assert found.upper[0, 0] >= best - 1e-12


def test_a_perfect_order_is_one() -> None:
    scores = np.linspace(0, 1, 50)
    found = _read(c.exact("score", 0, scores), scores, (scores > 0.8).astype(float))
    assert found.value[0, 0] == 1.0
