"""The layout has the fields and blocks that task and streams ask for."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from driftwatch.errors import ReferenceFileError
from driftwatch.events.classes import Stream
from driftwatch.events.spec import LabelsSpec, PredictionsSpec
from driftwatch.references.build import build
from driftwatch.references.design import AGE_EDGES_MS
from driftwatch.references.spec import CellsSpec
from driftwatch.summaries.layout import Layout, Task
from tests.references.records import batches, predictions, subject


def layout_of(records: list[dict[str, Any]], **changes: Any) -> Layout:
    return build(
        subject(**changes), batches(predictions=records), source="test", created_ms=0
    ).reference.layout


def shapes(layout: Layout) -> dict[str, tuple[int, ...]]:
    part = layout.part(Stream.LABELS)
    assert part is not None
    return {block.name: block.shape for block in part.blocks}


def test_binary_without_a_mapped_decision_decides_by_its_score() -> None:
    layout = layout_of(predictions(200))
    part = layout.part(Stream.PREDICTIONS)
    assert part is not None
    assert [field.name for field in part.fields] == ["age", "kind", "score", "decision"]
    assert part.field("decision").categories == ("0", "1")
    assert [f.start for f in part.fields[1:]] == [f.stop for f in part.fields[:-1]]
    assert part.columns == part.fields[-1].stop
    score = part.field("score")
    groups = max(score.groups) + 1
    assert shapes(layout) == {
        "confusion": (2, 2), "score_label": (score.cells, 2), "calibration": (6, 10),
        "calibration_mass": (6, groups), "strata": (groups, 2, 2), "ages": (7, 2), "quality": (3,), "calibration_ages": (7, 3, 10),
    }  # fmt: skip
    assert part.blocks == ()
    assert np.nextafter(0.5, 0) in score.edges
    assert layout.age_edges_ms == AGE_EDGES_MS
    assert layout.classes == ("0", "1")


def test_multiclass_classes_come_from_decisions_and_labels() -> None:
    rows = [
        row | {"d": "cat" if i % 3 else "dog", "y": "cow" if i == 0 else "cat"}
        for i, row in enumerate(predictions(9))
    ]
    of = PredictionsSpec.model_validate(
        {"topic": "p", "decision": "d", "score": "p", "features": "f", "label": "y"}
    )
    layout = layout_of(rows, task=Task.MULTICLASS, predictions=of, labels=None)
    assert layout.classes == ("cat", "dog", "cow", "__other__")
    part = layout.part(Stream.PREDICTIONS)
    assert part is not None
    assert part.field("decision").categories == ("cat", "dog", "cow")
    groups = max(part.field("score").groups) + 1
    assert shapes(layout) == {
        "confusion": (4, 4), "calibration": (6, 10), "calibration_mass": (6, groups),
        "strata": (groups, 4, 2), "ages": (7, 2), "quality": (3,), "calibration_ages": (7, 3, 10),
    }  # fmt: skip
    assert [(block.name, block.shape) for block in part.blocks] == [("score_decision", (groups + 1, 4))]
    assert part.columns == part.blocks[0].stop


def with_class_scores() -> list[dict[str, Any]]:
    return [
        row | {"d": "cat" if i % 3 else "dog", "y": "cat", "s": {"cat": i / 90, "eel": [0.5, 0.25][i % 2]}}
        for i, row in enumerate(predictions(90))
    ]


def test_each_class_with_a_score_of_its_own_has_a_field_and_its_place_in_the_blocks() -> None:
    of = PredictionsSpec.model_validate(
        {
            "topic": "p", "decision": "d", "score": "p", "features": "f", "label": "y",
            "class_scores": {"eel": "s.eel", "cat": "s.cat"},
        }
    )  # fmt: skip
    layout = layout_of(with_class_scores(), task=Task.MULTICLASS, predictions=of, labels=None)
    assert layout.classes == ("cat", "dog", "eel", "__other__"), (
        "eel is nobody's label, and counted all the same"
    )
    part, labels = layout.part(Stream.PREDICTIONS), layout.part(Stream.LABELS)
    assert part is not None
    assert labels is not None
    assert part.scored == labels.scored == ("score[eel]", "score[cat]")
    assert [field.name for field in part.fields] == [
        "age", "score[eel]", "score[cat]", "kind", "score", "decision"
    ]  # fmt: skip
    eel, cat = part.field("score[eel]"), part.field("score[cat]")
    assert cat.cells > eel.cells
    decided = part.block("class_decided")
    assert decided is not None
    assert decided.shape == (2, cat.cells + 1, 2)
    assert (decided.start, decided.stop) == (part.blocks[0].stop, part.columns)
    assert shapes(layout)["class_score_label"] == (2, cat.cells, 2)
    assert shapes(layout)["class_decided_label"] == (2, cat.cells, 2)
    assert shapes(layout)["class_calibration"] == (2, 6, 10)


def test_class_scores_without_labels_are_fields_alone() -> None:
    of = PredictionsSpec.model_validate(
        {"topic": "p", "decision": "d", "class_scores": {"cat": "s.cat", "eel": "s.eel"}}
    )
    layout = layout_of(with_class_scores(), task=Task.MULTICLASS, predictions=of, labels=None)
    part = layout.part(Stream.PREDICTIONS)
    assert part is not None
    assert part.scored == ("score[cat]", "score[eel]")
    assert part.blocks == ()
    assert layout.part(Stream.LABELS) is None


def test_a_feature_may_not_have_the_name_of_a_class_score() -> None:
    of = PredictionsSpec.model_validate(
        {"topic": "p", "decision": "d", "features": "f", "class_scores": {"cat": "s.cat", "eel": "s.eel"}}
    )
    rows = [row | {"f": {"score[cat]": 1}} for row in with_class_scores()]
    with pytest.raises(ReferenceFileError, match=r"may not be called 'score\[cat\]'"):
        layout_of(rows, task=Task.MULTICLASS, predictions=of, labels=None)


def test_regression_scale_is_the_spread_of_the_labels() -> None:
    rows = [row | {"y": float(i % 2) * 4} for i, row in enumerate(predictions(100))]
    of = PredictionsSpec.model_validate({"topic": "p", "score": "p", "label": "y"})
    layout = layout_of(rows, task=Task.REGRESSION, predictions=of, labels=None)
    assert (layout.scale, layout.classes) == (2.0, ())
    assert shapes(layout) == {"residuals": (7,), "residual_cells": (16,), "ages": (7, 2), "quality": (3,)}
    unlabelled = layout_of(predictions(100), task=Task.REGRESSION, predictions=of, labels=None)
    assert 0.28 < unlabelled.scale < 0.30
    constant = layout_of(predictions(3, p=1.0), task=Task.REGRESSION, predictions=of, labels=None)
    assert constant.scale == 1.0


def test_without_labels_nothing_counts_them() -> None:
    assert layout_of(predictions(5), labels=None).part(Stream.LABELS) is None


@pytest.mark.parametrize(("threshold", "cut"), [(0.5, True), (2.0, False), (-1.0, False)])
def test_a_threshold_inside_the_range_of_the_scores_is_an_edge(threshold: float, cut: bool) -> None:
    of = PredictionsSpec.model_validate({"topic": "p", "score": "p", "label": "y", "threshold": threshold})
    part = layout_of(predictions(200), predictions=of, labels=None).part(Stream.PREDICTIONS)
    assert part is not None
    assert (float(np.nextafter(threshold, -np.inf)) in part.field("score").edges) == cut


def test_score_and_decision_are_counted_together_only_where_labels_meet_mapped_decisions() -> None:
    fields = {"topic": "p", "score": "p", "decision": "d", "label": "y"}
    rows = [row | {"d": i % 2} for i, row in enumerate(predictions(50))]
    for dropped, counted in ((None, True), ("decision", False), ("score", False), ("label", False)):
        of = PredictionsSpec.model_validate({k: v for k, v in fields.items() if k != dropped})
        part = layout_of(rows, predictions=of, labels=None).part(Stream.PREDICTIONS)
        assert part is not None
        assert bool(part.blocks) is counted
    part = layout_of(rows, predictions=PredictionsSpec.model_validate(fields), labels=None).part(
        Stream.PREDICTIONS
    )
    assert part is not None
    assert part.blocks[0].shape == (part.field("score").cells + 1, 2)


@pytest.mark.parametrize(
    ("task", "fields", "says"),
    [
        (Task.MULTICLASS, {"score": "p"}, "labels need `predictions.decision`"),
        (Task.BINARY, {"features": "f"}, "labels need `predictions.decision`"),
        (Task.REGRESSION, {"features": "f"}, "need `predictions.score`"),
        (Task.BINARY, {}, "have nothing to count"),
    ],
)
def test_what_cannot_be_counted_is_refused(task: Task, fields: dict[str, str], says: str) -> None:
    of = PredictionsSpec.model_validate({"topic": "p", **fields})
    with pytest.raises(ReferenceFileError, match=says):
        layout_of(predictions(5), task=task, predictions=of, labels=LabelsSpec(topic="l", label="y"))


def test_a_field_with_too_many_values_for_exact_cells_says_so() -> None:
    cells = CellsSpec(exact=True, exact_max=60)
    built = build(subject(cells=cells), batches(predictions=predictions(200)), source="test", created_ms=0)
    assert [note for note in built.notes if "exact_max" in note] == [
        "score: more than 60 distinct values, so it has cells of equal mass; for exact ones raise `cells: {exact_max: …}`"
    ]
