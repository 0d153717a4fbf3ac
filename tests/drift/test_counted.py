"""Statistics on matrices that the product's own counters filled, against the raw values: rows and cells mean the same."""

from __future__ import annotations

import numpy as np
import pytest

from driftwatch.drift.catalogue import read
from driftwatch.drift.gather import Gather
from driftwatch.drift.reading import Estimate, Floats
from driftwatch.references.numeric import numeric_field
from driftwatch.references.spec import CellsSpec
from driftwatch.summaries.layout import Task
from driftwatch.summaries.performance import LabelCounter, Labelled
from driftwatch.summaries.rows import Joint
from tests.drift import counting as c

N = 3_000


def _read(task: Task, scores: Floats, labels: Floats, **shapes: tuple[int, ...]) -> dict[str, Estimate]:
    field = numeric_field("score", 0, scores, CellsSpec(exact=True))
    if task is Task.BINARY:
        shapes["score_label"] = (field.cells, 2)
    part = c.labels_part(ages=(1, 2), quality=(3,), **shapes)
    layout = c.layout(task, c.fields_part(field), part, scale=7.0)
    decisions = (scores >= 0.5).astype(np.int64)
    labelled = Labelled(scores, decisions, labels, np.zeros(N, np.int64))
    joint = Joint(np.zeros(N, np.int64), np.zeros((1, 1), np.int64))
    counts = LabelCounter(layout).count(labelled, joint)
    pair = c.pair_of(part, counts, counts, task, layout=layout, predicted=np.array([2 * N]))
    return dict(read(pair))


def test_binary() -> None:
    rng = np.random.default_rng(5)
    scores = np.round(rng.random(N), 3)
    labels = (rng.random(N) < scores).astype(float)
    found = {
        k: e.value[0, 0]
        for k, e in _read(Task.BINARY, scores, labels, confusion=(2, 2), calibration=(6, 10)).items()
    }
    decided = scores >= 0.5
    one, zero = scores[labels == 1][:, None], scores[labels == 0][None, :]
    assert found["auc"] == pytest.approx(np.mean((one > zero) + 0.5 * (one == zero)), abs=1e-12)
    assert found["brier_score"] == pytest.approx(np.mean((scores - labels) ** 2), abs=2e-6)
    assert found["accuracy"] == np.mean(decided == labels)
    assert found["precision"] == np.mean(labels[decided])
    assert found["recall"] == np.mean(decided[labels == 1])
    assert found["specificity"] == np.mean(~decided[labels == 0])
    place = np.clip(np.ceil(np.round(scores * 10, 9)).astype(int) - 1, 0, 9)
    gaps = [abs((labels - scores)[place == b].sum()) for b in range(10)]
    assert found["calibration_error"] == pytest.approx(sum(gaps) / N, abs=2e-6)
    assert found["label_coverage"] == 0.5


def test_regression() -> None:
    rng = np.random.default_rng(6)
    labels = rng.normal(40, 7, N)
    predicted = labels + rng.normal(1, 3, N)
    found = {k: e.value[0, 0] for k, e in _read(Task.REGRESSION, predicted, labels, residuals=(7,)).items()}
    e = predicted - labels
    assert found["bias"] == pytest.approx(e.mean(), abs=1e-5)
    assert found["mae"] == pytest.approx(np.abs(e).mean(), abs=1e-5)
    assert found["rmse"] == pytest.approx(np.sqrt((e**2).mean()), abs=1e-5)


@pytest.mark.parametrize("spec", [CellsSpec(), CellsSpec(exact=True), CellsSpec(cells=4)])
@pytest.mark.parametrize("values", [np.arange(500.0), np.ones(9), np.array([-3.0, 5.0])])
def test_fields_of_built_references_know_their_range(spec: CellsSpec, values: Floats) -> None:
    field = numeric_field("x", 0, values, spec)
    assert Gather.of(c.fields_part(field)).ranged.all()
    outside = np.array([values.min() - 1, np.nextafter(values.max(), np.inf)])
    found = read(c.numeric_pair(field, values, np.concatenate([values, outside])))
    assert found["out_of_range_share"].value[0, 0] == 2 / (len(values) + 2)


def test_a_field_that_the_reference_never_saw_says_nothing() -> None:
    field = numeric_field("x", 0, np.empty(0), CellsSpec())
    found = read(c.numeric_pair(field, np.empty(0), np.arange(500.0)))
    for name in ("psi", "ks_statistic", "ks_p_value", "out_of_range_share", "psi_critical"):
        assert np.isnan(found[name].value).all(), name
    assert found["missing_share"].value[0, 0] == 0
