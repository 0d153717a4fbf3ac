"""CBPE from counts: NannyML's printed numbers on the car loan, and laws."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import roc_auc_score

from driftwatch.drift.catalogue import read
from driftwatch.drift.estimated import LABELS_MIN, decisions_of, together
from driftwatch.drift.gather import Sides
from driftwatch.drift.reading import Estimate, Floats, Pair
from driftwatch.events.classes import Stream
from driftwatch.summaries.layout import SCORE_DECISION, Block, Field, Layout, Part, Task
from tests.drift import counting as c

CHUNKS = [slice(start, start + 5_000) for start in range(0, 50_000, 5_000)]
AUROC = [0.970744, 0.971011, 0.971407, 0.971091, 0.971123, 0.961090, 0.961825, 0.961073, 0.962533, 0.961316]
ACCURACY = [
    0.941792,
    0.943321,
    0.945492,
    0.944816,
    0.944645,
    0.910714,
    0.911149,
    0.911193,
    0.914389,
    0.911731,
]
F1_FIRST = 0.943030


@pytest.fixture(scope="module")
def data() -> c.CarLoan:
    return c.car_loan()


def _pair(
    field: Field, past: tuple[Floats, Floats], now: Floats, decided: np.ndarray | None, threshold: float
) -> Pair:
    """Predictions `now` against labelled reference predictions; with `decided` both are counted together."""
    block = Block(SCORE_DECISION, field.stop, (field.cells + 1, 2))
    part = c.fields_part(field)
    current = c.count_numeric(field, now)
    if decided is not None:
        part = Part(part.stream, part.fields, (block,), block.stop)
        joint = np.zeros(block.shape, np.int64)
        np.add.at(joint, (np.searchsorted(field.edges, now), decided), 1)
        current = np.concatenate([current, joint.ravel()])
    labels = c.labels_part(score_label=(field.cells, 2))
    layout = Layout(Task.BINARY, (part, labels), c.slices(1), ("0", "1"), threshold, 10, (), 1.0)
    labelled = c.score_label_block(field, *past).reshape(1, -1)
    return c.pair_of(part, np.zeros_like(current), current, layout=layout, labelled=labelled)


def _estimates(data: c.CarLoan, field: Field, rows: slice, *, mapped: bool) -> dict[str, Estimate]:
    past = data.reference["y_pred_proba"], data.reference["repaid"]
    decided = data.analysis["y_pred"][rows].astype(int) if mapped else None
    return dict(read(_pair(field, past, data.analysis["y_pred_proba"][rows], decided, 0.65)))


@pytest.mark.parametrize("mapped", [False, True])
def test_nannymls_numbers_in_every_chunk_to_the_last_printed_digit(data: c.CarLoan, mapped: bool) -> None:
    """The scores have 101 different values, so exact cells are the raw values."""
    field = c.cut(data.reference["y_pred_proba"], "score", exact=True)
    found = [_estimates(data, field, rows, mapped=mapped) for rows in CHUNKS]
    for name, golden in (("auc", AUROC), ("accuracy", ACCURACY)):
        assert [round(float(each[f"estimated_{name}"].value[0, 0]), 6) for each in found] == golden
    assert round(float(found[0]["estimated_f1"].value[0, 0]), 6) == F1_FIRST


def test_quantile_cells_are_near(data: c.CarLoan) -> None:
    field = c.cut(data.reference["y_pred_proba"], "score")
    for rows, accuracy, area in zip(CHUNKS, ACCURACY, AUROC, strict=True):
        found = _estimates(data, field, rows, mapped=True)
        assert found["estimated_accuracy"].value[0, 0] == pytest.approx(accuracy, abs=0.002)
        assert found["estimated_auc"].value[0, 0] == pytest.approx(area, abs=0.003)


def _world(seed: int, n: int) -> tuple[Floats, Floats]:
    rng = np.random.default_rng(seed)
    scores = rng.integers(0, 101, n) / 100
    return scores, (rng.random(n) < scores**1.5).astype(float)


@pytest.mark.parametrize("seed", range(5))
def test_the_expected_confusion_is_that_of_calibrated_raw_scores(seed: int) -> None:
    past, now = _world(seed, 4_000), _world(seed + 100, 900)[0]
    field = c.cut(past[0], "score", exact=True)
    found = read(_pair(field, past, now, None, 0.4))
    calibrated = IsotonicRegression(out_of_bounds="clip").fit(*past).predict(now)
    yes = now >= 0.4
    tp, fp, fn, tn = (
        calibrated[yes].sum(),
        (1 - calibrated[yes]).sum(),
        calibrated[~yes].sum(),
        (1 - calibrated[~yes]).sum(),
    )
    expected = {
        "accuracy": (tp + tn) / len(now), "precision": tp / (tp + fp), "recall": tp / (tp + fn),
        "specificity": tn / (tn + fp), "f1": 2 * tp / (2 * tp + fp + fn),
        "auc": roc_auc_score(np.repeat([1, 0], len(now)), np.tile(now, 2), sample_weight=np.append(calibrated, 1 - calibrated)),
    }  # fmt: skip
    for name, value in expected.items():
        assert found[f"estimated_{name}"].value[0, 0] == pytest.approx(value, abs=1e-9), name


def test_few_reference_labels_or_none_make_no_estimate() -> None:
    scores, labels = _world(1, LABELS_MIN - 1)
    field = c.cut(_world(1, 2_000)[0], "score", exact=True)
    assert np.isnan(read(_pair(field, (scores, labels), scores, None, 0.5))["estimated_accuracy"].value).all()
    sure = np.ones(2_000)
    for name in ("estimated_auc", "estimated_f1"):
        assert np.isnan(read(_pair(field, (_world(1, 2_000)[0], sure), scores, None, 0.5))[name].value).all()


def test_a_cell_lies_on_one_side_of_the_threshold() -> None:
    field = c.edged("score", 0, np.linspace(0, 1, 11), [0.2, float(np.nextafter(0.5, 0)), 0.8])
    assert decisions_of(field, 0.5).tolist() == [False, False, True, True]
    assert decisions_of(field, 2.0).tolist() == [False] * 4
    pair = _pair(field, _world(1, 500), np.array([0.1, 0.5, 0.9, 0.9]), None, 0.5)
    assert together(Sides.of(pair).current, field, 0.5)[0].tolist() == [[1, 0], [0, 0], [0, 1], [0, 2]]


def _labels(field: Field, past: tuple[Floats, Floats], now: tuple[Floats, Floats]) -> dict[str, Estimate]:
    part = c.labels_part(score_label=(field.cells, 2), strata=(max(field.groups) + 1, 2, 2))
    sides = [
        np.concatenate([
            c.score_label_block(field, *side).ravel(),
            c.strata_block(field, side[0], (side[0] >= 0.5).astype(int), side[1].astype(int), 2).ravel(),
        ])
        for side in (past, now)
    ]  # fmt: skip
    layout = c.layout(Task.BINARY, c.fields_part(field), part)
    return dict(read(c.pair_of(part, *sides, layout=layout)))


def test_the_estimates_own_error_is_small_until_labels_leave_the_score() -> None:
    past, same = _world(1, 20_000), _world(2, 5_000)
    field = c.cut(past[0], "score")
    calm = _labels(field, past, same)
    assert abs(calm["estimated_accuracy_error"].value[0, 0]) < 0.02
    assert calm["estimated_accuracy_error"].lower[0, 0] < 0 < calm["estimated_accuracy_error"].upper[0, 0]
    assert abs(calm["estimated_auc_error"].value[0, 0]) < 0.02
    turned = (same[0], 1 - same[1])
    drifted = _labels(field, past, turned)
    assert drifted["estimated_accuracy_error"].lower[0, 0] > 0.3
    assert drifted["estimated_auc_error"].value[0, 0] > 0.3


@pytest.mark.parametrize("error", ["estimated_accuracy_error", "estimated_auc_error"])
def test_too_few_reference_labels_have_no_error_either(error: str) -> None:
    past = _world(1, LABELS_MIN - 1)
    assert np.isnan(_labels(c.cut(past[0], "score"), past, _world(2, 500))[error].value).all()


def test_multiclass_estimates_by_the_decided_class() -> None:
    rng = np.random.default_rng(4)
    scores = rng.uniform(0.3, 1, 8_000)
    right = (rng.random(8_000) < scores**2).astype(float)
    field = c.cut(scores, "score")
    labels = c.labels_part(calibration_mass=(6, max(field.groups) + 1))
    part = c.fields_part(field)
    layout = c.layout(Task.MULTICLASS, part, labels, classes="ab_")
    now = rng.uniform(0.3, 0.6, 2_000)
    current = c.count_numeric(field, now)
    found = read(c.pair_of(
        part, current, current, layout=layout, labelled=c.mass_block(field, scores, right).reshape(1, -1)
    ))["estimated_accuracy"]  # fmt: skip
    truth = np.mean(now**2)
    assert found.value[0, 0] == pytest.approx(truth, abs=0.02)
    assert found.lower[0, 0] <= truth <= found.upper[0, 0]


@pytest.mark.slow
def test_the_interval_is_for_the_realised_accuracy_if_only_inputs_changed() -> None:
    rng = np.random.default_rng(6)
    hits = 0
    for seed in range(400):
        past = _world(seed, 5_000)
        field = c.cut(past[0], "score", exact=True)
        now = np.floor(101 * rng.beta(2, 4, 800)) / 100
        labels = (rng.random(800) < now**1.5).astype(float)
        found = read(_pair(field, past, now, None, 0.5))["estimated_accuracy"]
        realised = np.mean((now >= 0.5) == (labels == 1))
        hits += int(found.lower[0, 0] <= realised <= found.upper[0, 0])
    assert 0.93 < hits / 400 < 0.99


def test_multiclass_precision_is_estimated_class_by_class() -> None:
    rng = np.random.default_rng(5)
    scores, decided = rng.uniform(0.3, 1, 12_000), rng.integers(0, 2, 12_000)
    chance = np.where(decided == 0, scores**2, np.sqrt(scores))
    labels = np.where(rng.random(12_000) < chance, decided, 2)
    field = c.cut(scores, "score")
    groups = max(field.groups) + 1
    decision = c.categorical("decision", field.stop, ["a", "b"])
    block = Block(SCORE_DECISION, decision.stop, (groups + 1, 3))
    part = Part(Stream.PREDICTIONS, (field, decision), (block,), block.stop)
    strata = c.labels_part(strata=(groups, 3, 2))
    layout = c.layout(Task.MULTICLASS, part, strata, classes="ab_")
    past = c.strata_block(field, scores, decided, labels, 3).reshape(1, -1)

    def estimate(now: Floats, says: np.ndarray, labelled: np.ndarray) -> float:
        joint = np.zeros(block.shape, np.int64)
        np.add.at(joint, (np.array(field.groups)[np.searchsorted(field.edges, now)], says), 1)
        counts = np.concatenate([np.zeros(decision.stop, np.int64), joint.ravel()])
        pair = c.pair_of(part, counts, counts, layout=layout, labelled=labelled)
        return float(read(pair)["estimated_precision_macro"].value[0, 0])

    now, says = rng.uniform(0.3, 0.6, 4_000), rng.integers(0, 2, 4_000)
    truth = (np.mean(now[says == 0] ** 2) + np.mean(np.sqrt(now[says == 1]))) / 2
    assert estimate(now, says, past) == pytest.approx(truth, abs=0.02)
    one = estimate(now, np.zeros(4_000, int), past)
    assert one == pytest.approx(np.mean(now**2), abs=0.02), "a class that is not decided adds nothing"
    assert np.isnan(estimate(now, np.full(4_000, 2), past)), (
        "a class without labels in the reference has no curve"
    )
