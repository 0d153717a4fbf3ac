from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from driftwatch.drift.catalogue import read
from driftwatch.drift.intervals import area
from driftwatch.drift.reading import Estimate, Floats
from driftwatch.summaries.layout import Field, Task
from tests.drift import counting as c


def _read(
    field: Field, current: tuple[Floats, Floats], reference: tuple[Floats, Floats]
) -> dict[str, Estimate]:
    part = c.labels_part(score_label=(field.cells, 2))
    past, now = (
        np.stack([c.count_numeric(field, p[y == label])[:-2] for label in (0, 1)], axis=1).ravel()
        for p, y in (reference, current)
    )
    layout = c.layout(Task.BINARY, c.fields_part(field), part)
    return dict(read(c.pair_of(part, past, now, layout=layout)))


def _world(seed: int, n: int, noise: float = 1.0, digits: int = 2) -> tuple[Floats, Floats]:
    rng = np.random.default_rng(seed)
    y = (rng.random(n) < 0.3).astype(float)
    y[:2] = 0, 1
    return np.round(y + rng.normal(0, noise, n), digits), y


def _brute(scores: Floats, labels: Floats) -> float:
    one, zero = scores[labels == 1][:, None], scores[labels == 0][None, :]
    return float(np.mean((one > zero) + 0.5 * (one == zero)))


@settings(max_examples=40)
@given(st.integers(0, 2**32 - 1), st.integers(2, 400))
def test_exact_cells_give_the_area_of_the_raw_scores(seed: int, n: int) -> None:
    world = _world(seed, n, digits=1)
    field = c.exact("score", 0, world[0])
    found = _read(field, world, world)["auc"]
    assert found.value[0, 0] == pytest.approx(_brute(*world), abs=1e-12)
    assert found.count[0, 0] == n


@settings(max_examples=40)
@given(st.integers(0, 2**32 - 1), st.integers(2, 400))
def test_the_grids_bound_holds_the_area_of_the_raw_scores(seed: int, n: int) -> None:
    world, past = _world(seed, n, digits=6), _world(1, 500, digits=6)
    field = c.numeric("score", 0, past[0], cells=16)
    unmarked = Field("score", field.kind, 0, field.edges, low=field.low, high=field.high)
    for each in (field, unmarked):
        found = _read(each, world, past)["auc"]
        place = np.searchsorted(each.edges, world[0], side="left")
        one, zero = (np.bincount(place[world[1] == label], minlength=each.cells) for label in (1, 0))
        bound = (one * zero).sum() / 2 / (one.sum() * zero.sum())
        assert abs(found.value[0, 0] - _brute(*world)) <= bound + 1e-12
        assert found.lower[0, 0] <= _brute(*world) <= found.upper[0, 0]
        sampling = area(found.value[:, 0], one.sum(keepdims=True), zero.sum(keepdims=True), 0.95)
        assert found.lower[0, 0] == pytest.approx(max(sampling.lower[0] - bound, 0), abs=1e-12)
        assert found.upper[0, 0] == pytest.approx(min(sampling.upper[0] + bound, 1), abs=1e-12)


def test_ties_in_an_atom_are_no_error_of_the_grid() -> None:
    scores, labels = np.full(100, 0.5), np.arange(100) % 2.0
    atom, blank = c.exact("score", 0, scores), c.edged("score", 0, scores, [0.2, 0.7])
    sharp, blurred = (_read(f, (scores, labels), (scores, labels))["auc"] for f in (atom, blank))
    assert sharp.value[0, 0] == blurred.value[0, 0] == 0.5
    assert blurred.upper[0, 0] == 1.0
    assert 0.55 < sharp.upper[0, 0] < 0.7


def test_labels_of_one_kind_have_no_area() -> None:
    scores = np.linspace(0, 1, 50)
    field = c.exact("score", 0, scores)
    found = _read(field, (scores, np.ones(50)), (scores, np.arange(50) % 2.0))
    assert np.isnan(found["auc"].value[0, 0])
    assert np.isnan(found["auc_decay"].value[0, 0])


def test_a_worse_score_is_decay_beyond_sampling_and_grid() -> None:
    past, now = _world(1, 5_000, noise=0.5), _world(2, 3_000, noise=1.5)
    found = _read(c.numeric("score", 0, past[0]), now, past)["auc_decay"]
    truth = stats.norm.cdf(1 / 0.5 / np.sqrt(2)) - stats.norm.cdf(1 / 1.5 / np.sqrt(2))
    assert 0 < found.lower[0, 0] < truth < found.upper[0, 0]
