"""Golden numbers of STATISTICS §6 on NannyML's car loan data, where counts can give them."""

from __future__ import annotations

import numpy as np
import pytest

from driftwatch.drift.catalogue import read
from driftwatch.drift.reading import Estimate, Floats, Pair
from driftwatch.summaries.layout import Field, Task
from tests.drift import counting as c

CHUNKS = [slice(start, start + 5_000) for start in range(0, 50_000, 5_000)]
KS = {
    "car_value": [0.0131, 0.01124, 0.01674, 0.01436, 0.01116, 0.43548, 0.43032, 0.43784, 0.43606, 0.4385],
    "y_pred_proba": [0.0253, 0.0123, 0.01642, 0.01058, 0.01408, 0.1307, 0.1273, 0.1311, 0.1197, 0.13752],
}
AUROC = [0.970962, 0.970248, 0.976282, 0.967721, 0.969886, 0.960050, 0.958530, 0.959041, 0.963094, 0.957556]


@pytest.fixture(scope="module")
def data() -> c.CarLoan:
    return c.car_loan()


def _one(found: dict[str, Estimate], name: str) -> float:
    return float(found[name].value[0, 0])


def _numeric(data: c.CarLoan, column: str, rows: slice, cells: str) -> dict[str, Estimate]:
    reference = data.reference[column]
    field = c.exact(column, 0, reference) if cells == "exact" else c.numeric(column, 0, reference)
    return dict(read(c.numeric_pair(field, reference, data.analysis[column][rows])))


@pytest.mark.parametrize("column", KS)
def test_ks_lies_between_its_bounds_in_every_chunk(data: c.CarLoan, column: str) -> None:
    for rows, truth in zip(CHUNKS, KS[column], strict=True):
        found = _numeric(data, column, rows, "quantile")["ks_statistic"]
        assert found.lower[0, 0] - 1e-9 <= truth <= found.upper[0, 0] + 1e-9
        assert found.upper[0, 0] - found.lower[0, 0] < 0.03


@pytest.mark.parametrize("column", KS)
def test_ks_is_exact_with_exact_cells(data: c.CarLoan, column: str) -> None:
    for rows, truth in zip(CHUNKS, KS[column], strict=True):
        assert _one(_numeric(data, column, rows, "exact"), "ks_statistic") == pytest.approx(truth, abs=1e-9)


@pytest.mark.parametrize(
    ("column", "rows", "p"),
    [
        ("car_value", slice(0, 5_000), 0.4128884889),
        ("car_value", slice(25_000, 30_000), 0.0),
        ("car_value", slice(0, 200), 0.2225080013),
        ("y_pred_proba", slice(0, 5_000), 0.0058419892),
        ("y_pred_proba", slice(0, 200), 0.1631673403),
        ("debt_to_income_ratio", slice(0, 5_000), 0.2067522244),
    ],
)
def test_ks_p_values(data: c.CarLoan, column: str, rows: slice, p: float) -> None:
    """To the last digit printed; in the tail SciPy leaves out paths that cross both bounds, 2e-8 of 0.0058."""
    assert _one(_numeric(data, column, rows, "exact"), "ks_p_value") == pytest.approx(p, rel=3e-8, abs=6e-11)


def test_a_tiny_ks_p_value(data: c.CarLoan) -> None:
    found = _numeric(data, "y_pred_proba", slice(25_000, 30_000), "exact")
    assert _one(found, "ks_p_value") == pytest.approx(3.722e-68, rel=1e-3)


@pytest.mark.parametrize(
    ("column", "rows", "classic"),
    [
        ("car_value", slice(0, 5_000), 0.001371),
        ("car_value", slice(25_000, 30_000), 1.846028),
        ("car_value", slice(0, 200), 0.052721),
        ("y_pred_proba", slice(0, 5_000), 0.002535),
        ("y_pred_proba", slice(25_000, 30_000), 0.312784),
        ("y_pred_proba", slice(0, 200), 0.070314),
        ("debt_to_income_ratio", slice(0, 5_000), 0.002141),
    ],
)
def test_psi_on_the_reference_deciles(data: c.CarLoan, column: str, rows: slice, classic: float) -> None:
    reference, current = data.reference[column], data.analysis[column][rows]
    edges = np.unique(np.quantile(reference, np.arange(1, 10) / 10))
    field = c.edged(column, 0, reference, edges.tolist())
    past, now = c.count_numeric(field, reference)[:-2], c.count_numeric(field, current)[:-2]
    assert _psi(past, now) == pytest.approx(classic, abs=6e-7)
    found = dict(read(c.numeric_pair(field, reference, current)))
    assert _one(found, "psi") == pytest.approx(_psi(past + 0.5, now + 0.5), rel=1e-12)


def test_psi_of_a_category(data: c.CarLoan) -> None:
    reference = data.reference["salary_range"]
    field = c.categorical("salary_range", 0, sorted(set(reference.tolist())))
    past = c.count_texts(field, reference.tolist())
    for rows, psi in ((slice(0, 5_000), 0.000227), (slice(25_000, 30_000), 0.225121)):
        now = c.count_texts(field, data.analysis["salary_range"][rows].tolist())
        assert _psi(past[:4], now[:4]) == pytest.approx(psi, abs=6e-7)
        found = dict(read(c.pair_of(c.fields_part(field), past, now)))
        assert _one(found, "psi") == pytest.approx(_psi(past[:4] + 0.5, now[:4] + 0.5), rel=1e-12)
        assert _one(found, "unseen_share") == 0


def _psi(reference: np.ndarray, current: np.ndarray) -> float:
    """The golden numbers' sum, a zero share filled with 1e-4; ours is the same on counts + ½, without any fill."""
    p, q = (np.where(side > 0, side / side.sum(), 1e-4) for side in (reference, current))
    return float(np.sum((q - p) * np.log(q / p)))


def _sides(data: c.CarLoan) -> list[dict[str, np.ndarray]]:
    chunks = [{k: v[rows] for k, v in data.analysis.items()} for rows in (CHUNKS[0], CHUNKS[5])]
    return [data.reference, *chunks]


@pytest.mark.parametrize(
    ("cells", "errors"),
    [
        (10, [0.016105, 0.017434, 0.037960]),
        (15, [0.022580, 0.024554, 0.040600]),
        (20, [0.026041, 0.029198, 0.041664]),
    ],
)
def test_calibration_error_and_brier(data: c.CarLoan, cells: int, errors: list[float]) -> None:
    part = c.labels_part(calibration=(6, cells))
    blocks = [c.calibration_block(s["y_pred_proba"], s["repaid"], cells).ravel() for s in _sides(data)]
    for block, error, brier in zip(blocks, errors, [0.045572, 0.046179, 0.070452], strict=True):
        found = dict(read(c.pair_of(part, blocks[0], block)))
        assert _one(found, "calibration_error") == pytest.approx(error, abs=6e-7)
        assert _one(found, "brier_score") == pytest.approx(brier, abs=6e-7)


def test_accuracy_and_its_decay(data: c.CarLoan) -> None:
    part = c.labels_part(confusion=(2, 2))
    blocks = [
        c.confusion_block(s["y_pred"].astype(int), s["repaid"].astype(int), 2).ravel() for s in _sides(data)
    ]
    for block, accuracy in zip(blocks, [0.9436, 0.9422, 0.9146], strict=True):
        found = dict(read(c.pair_of(part, blocks[0], block)))
        assert round(_one(found, "accuracy"), 4) == accuracy
    assert found["accuracy_decay"].lower[0, 0] > 0.02
    assert read(c.pair_of(part, blocks[0], blocks[1]))["accuracy_decay"].lower[0, 0] < 0


def _areas(data: c.CarLoan, field: Field) -> Pair:
    """One slice row per chunk."""
    part = c.labels_part(score_label=(field.cells, 2))

    def block(scores: Floats, labels: Floats) -> np.ndarray:
        return np.stack([c.count_numeric(field, scores[labels == y])[:-2] for y in (0, 1)], axis=1).ravel()

    past = block(data.reference["y_pred_proba"], data.reference["repaid"])
    now = [block(data.analysis["y_pred_proba"][rows], data.analysis["repaid"][rows]) for rows in CHUNKS]
    layout = c.layout(Task.BINARY, c.fields_part(field), part, rows=len(CHUNKS))
    return c.pair_of(part, np.tile(past, (len(CHUNKS), 1)), np.stack(now), layout=layout)


def test_the_realised_area_in_every_chunk(data: c.CarLoan) -> None:
    scores = data.reference["y_pred_proba"]
    exact = read(_areas(data, c.exact("score", 0, scores)))["auc"]
    assert exact.value[:, 0].tolist() == pytest.approx(AUROC, abs=6e-7)
    coarse = read(_areas(data, c.numeric("score", 0, scores)))["auc"]
    assert (coarse.lower[:, 0] < AUROC).all()
    assert (coarse.upper[:, 0] > AUROC).all()
    assert np.abs(coarse.value[:, 0] - AUROC).max() < 0.003
