"""The car-loan data: 50 000 rows become a sound reference, with the numbers of STATISTICS section 6."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from driftwatch.events.classes import Stream
from driftwatch.events.records import Partition, RecordBatch
from driftwatch.references.build import Built, build
from driftwatch.references.codec import decode, encode
from driftwatch.references.show import show
from driftwatch.references.spec import CellsSpec
from driftwatch.summaries.layout import FIXED_POINT, FieldKind
from tests.references.records import FEATURES, car_loan, car_loan_subject

pytestmark = pytest.mark.slow
SIZE = 5_000


def records_of(rows: list[dict[str, Any]]) -> list[tuple[Stream, RecordBatch]]:
    values = [json.dumps(row).encode() for row in rows]
    return [
        (
            Stream.PREDICTIONS,
            RecordBatch(
                Partition("p", 0), np.arange(i, i + SIZE), np.full(SIZE, -1), values[i : i + SIZE], i + SIZE
            ),
        )
        for i in range(0, len(values), SIZE)
    ]


@pytest.fixture(scope="module")
def rows() -> list[dict[str, Any]]:
    return car_loan()


@pytest.fixture(scope="module")
def built(rows: list[dict[str, Any]]) -> Built:
    made = records_of(rows)
    return build(car_loan_subject(), lambda: made, source="car_loan_reference.csv.gz", created_ms=0)


def test_every_field_holds_all_rows(built: Built) -> None:
    reference = built.reference
    part = reference.layout.part(Stream.PREDICTIONS)
    assert part is not None
    assert {field.name for field in part.fields} == {*FEATURES, "score", "decision"}
    total = reference.totals[Stream.PREDICTIONS]
    assert [int(total[0, f.start : f.stop].sum()) for f in part.fields] == [50_000] * 9
    assert reference.totals[Stream.LABELS][0, -1] == 50_000
    assert built.notes == ()


def test_kinds_and_cells_are_sensible(built: Built) -> None:
    shown = {row.field: row for row in show(built.reference).fields}
    numeric = {name for name, row in shown.items() if row.kind is FieldKind.NUMERIC}
    assert numeric == {"car_value", "debt_to_income_ratio", "loan_length", "driver_tenure", "score"}
    assert shown["car_value"].cells == 66
    assert all(row.cells <= 2 * 64 + 4 for row in shown.values())
    assert shown["repaid_loan_on_prev_car"].cells == 3
    assert shown["salary_range"].cells == 5
    assert sum(share for _, share in shown["repaid_loan_on_prev_car"].largest) == pytest.approx(1.0)


def test_cells_hold_what_numpy_counts(built: Built, rows: list[dict[str, Any]]) -> None:
    part = built.reference.layout.part(Stream.PREDICTIONS)
    assert part is not None
    total = built.reference.totals[Stream.PREDICTIONS][0]
    for field, column in (("car_value", "car_value"), ("score", "y_pred_proba")):
        of = part.field(field)
        values = np.array([row[column] for row in rows])
        edges = np.concatenate([[-np.inf], of.edges, [np.inf]])
        expected = [int(((values > a) & (values <= b)).sum()) for a, b in pairwise(edges)]
        assert total[of.start : of.start + of.cells].tolist() == expected


@pytest.mark.parametrize(("cells", "golden"), [(10, 0.016105), (15, 0.022580), (20, 0.026041)])
def test_calibration_and_accuracy_are_the_golden_numbers(
    rows: list[dict[str, Any]], cells: int, golden: float
) -> None:
    made = records_of(rows)
    of = car_loan_subject(cells=CellsSpec(calibration_cells=cells), dimensions=())
    reference = build(of, lambda: made, source="", created_ms=0).reference
    part, total = reference.layout.part(Stream.LABELS), reference.totals[Stream.LABELS][0]
    assert part is not None
    blocks = {b.name: total[b.start : b.stop].reshape(b.shape) for b in part.blocks}
    n, y, p, pp, py, _ = blocks["calibration"]
    assert np.abs(y - p / FIXED_POINT).sum() / n.sum() == pytest.approx(golden, abs=5e-7)
    assert (pp - 2 * py + y * FIXED_POINT).sum() / FIXED_POINT / n.sum() == pytest.approx(0.045572, abs=5e-7)
    assert np.trace(blocks["confusion"]) / 50_000 == pytest.approx(0.9436, abs=5e-5)
    assert blocks["ages"][0, 0] == 50_000


def test_file_and_hash_are_stable(built: Built, rows: list[dict[str, Any]]) -> None:
    data = encode(built.reference)
    again = decode(data)
    assert encode(again) == data
    assert again.hash == built.reference.hash
    assert len(data) < 2_500_000
    turned = records_of(rows[::-1])
    backwards = build(car_loan_subject(), lambda: turned, source="other", created_ms=1).reference
    assert backwards.hash == again.hash
    assert backwards.layout.hash == again.layout.hash


def test_panes_cover_ten_months_in_days(built: Built) -> None:
    panes = built.reference.panes[Stream.PREDICTIONS]
    assert panes.width_ms == 86_400_000
    assert 290 < len(panes.times_ms) < 310
    assert panes.counts.sum() == built.reference.totals[Stream.PREDICTIONS].sum()
