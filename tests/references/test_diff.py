"""What changed between two references is named, and nothing else."""

from __future__ import annotations

from typing import Any

from driftwatch.references.build import build
from driftwatch.references.diff import diff
from driftwatch.references.reference import Reference
from driftwatch.summaries.layout import FieldKind
from tests.references.records import batches, predictions, subject


def made(rows: list[dict[str, Any]]) -> Reference:
    return build(subject(), batches(predictions=rows), source="test", created_ms=0).reference


def test_a_reference_does_not_differ_from_itself() -> None:
    found = diff(made(predictions(100)), made(predictions(100)))
    assert found.equal
    assert found.same_layout
    assert (found.fields, found.fields_added, found.fields_removed, found.slices_added) == ((), (), (), ())


def test_same_cells_other_shares() -> None:
    rows = predictions(300)
    turned = [
        row | {"f": row["f"] | {"kind": "a" if i < 10 else row["f"]["kind"]}} for i, row in enumerate(rows)
    ]
    found = diff(made(rows), made(turned))
    assert not found.equal
    (change,) = found.fields
    assert (change.field, change.categories_added) == ("kind", ())
    assert change.moved is not None
    assert abs(change.moved - 6 / 300) < 1e-12


def test_fields_and_slices_come_and_go_and_change_their_nature() -> None:
    rows = predictions(100)
    later = [
        row | {"country": "DE", "f": {"age": f"{row['f']['age']}y", "size": 1.0, "kind": "c"}} for row in rows
    ]
    found = diff(made(rows), made(later))
    assert not found.same_layout
    assert found.fields_added == ("predictions.size",)
    assert found.fields_removed == ()
    by_name = {change.field: change for change in found.fields}
    assert by_name["age"].kinds == (FieldKind.NUMERIC, FieldKind.CATEGORICAL)
    assert by_name["age"].moved is None
    assert (by_name["kind"].categories_added, by_name["kind"].categories_removed) == (("c",), ("b", "a"))
    assert found.slices_added == ("country=DE",)
    assert found.slices_removed == ("country=PT", "country=FR")
    back = diff(made(later), made(rows))
    assert back.fields_removed == ("predictions.size",)


def test_numbers_with_other_cells_show_means_and_ranges() -> None:
    rows = predictions(100)
    found = diff(made(rows), made([row | {"p": row["p"] / 2} for row in rows]))
    (score,) = (change for change in found.fields if change.field == "score")
    assert score.moved is None
    assert score.ranges == ((0.0, 0.99), (0.0, 0.495))
    assert score.means is not None
    assert abs(score.means[0] - 2 * score.means[1]) < 1e-12
