"""The table that people read says what the reference holds."""

from __future__ import annotations

import numpy as np

from driftwatch.events.classes import Stream
from driftwatch.references.build import build
from driftwatch.references.show import cell_name, show
from driftwatch.summaries.layout import Field, FieldKind
from tests.references.records import HOUR_MS, batches, labels, predictions, subject


def test_a_small_reference() -> None:
    rows = predictions(100)
    rows[0]["f"] = {"age": None, "kind": {}}
    streams = batches(predictions=rows, labels=labels(50))
    reference = build(subject(), streams, source="file.csv", created_ms=7).reference
    shown = show(reference)
    assert (shown.model, shown.task, shown.source, shown.created_ms, shown.events) == (
        "m",
        "binary",
        "file.csv",
        7,
        100,
    )
    assert (shown.hash, shown.layout_hash) == (reference.hash, reference.layout.hash)
    by_name = {row.field: row for row in shown.fields}
    age, kind = by_name["age"], by_name["kind"]
    assert (age.kind, age.low, age.high, age.missing, age.other) == (
        FieldKind.NUMERIC,
        20.0,
        69.0,
        0.01,
        None,
    )
    assert (kind.low, kind.invalid, kind.other, kind.cells) == (None, 0.01, 0.0, 3)
    assert kind.largest == (("b", 0.66), ("a", 0.33))
    assert [(row.slice, row.events, row.share, row.labels) for row in shown.slices[:3]] == [
        ("all", 100, 1.0, 50), ("country=PT", 80, 0.8, 40), ("country=FR", 20, 0.2, 10),
    ]  # fmt: skip
    sizes = {row.stream: row for row in shown.streams}
    inputs = sizes[Stream.PREDICTIONS]
    assert (inputs.events, inputs.panes, inputs.pane_ms) == (100, 2, HOUR_MS)
    assert inputs.matrix_bytes == inputs.columns * len(shown.slices) * 8
    assert sizes[Stream.LABELS].events == 50


def test_cells_are_named_as_people_read_them() -> None:
    field = Field(
        "x",
        FieldKind.NUMERIC,
        0,
        edges=(0.0, float(np.nextafter(5.0, 0)), 5.0),
        atoms=(False, False, True, False),
    )
    assert [cell_name(field, cell) for cell in range(4)] == ["<= 0", "(0, 5]", "= 5", "> 5"]
    assert cell_name(Field("x", FieldKind.NUMERIC, 0), 0) == "any"
    letters = Field("c", FieldKind.CATEGORICAL, 0, categories=("a",))
    assert [cell_name(letters, cell) for cell in range(2)] == ["a", "__other__"]
