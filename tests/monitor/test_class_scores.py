"""The scores of all classes wait for their label, whatever the interleaving, restarts and other classes in between."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from driftwatch.errors import StateError
from driftwatch.events.classes import Stream
from driftwatch.events.ids import hash_ids
from driftwatch.events.joins import class_score_row
from driftwatch.events.records import Partition
from driftwatch.monitor.class_scores import ClassScores, kind_of
from driftwatch.monitor.forgetting import drop_generations, halve_sample
from driftwatch.monitor.spec import ModelSpec
from driftwatch.references.codec import decode
from driftwatch.references.reference import Reference
from driftwatch.summaries.layout import CLASS_CALIBRATION, CLASS_DECIDED, CLASS_SCORE_LABEL, Layout, Part
from tests.monitor.drive import Logs, built, drive, spec
from tests.monitor.world import KEY, START, Core, batch

CLASSES = ("cat", "dog", "cow")
PATHS = {"dog": "s.dog", "cat": "s.cat"}
"""Cow has no score of its own."""
Record = dict[str, Any]


def model(class_scores: Mapping[str, str] = PATHS, **changed: Any) -> ModelSpec:
    predictions = {"decision": "d", "features": ["x"], "class_scores": dict(class_scores), "version": None}
    own = changed.pop("predictions", {})
    return spec(task="multiclass", predictions=predictions | own, slices=["country"], **changed)


def records(seed: int, n: int) -> list[Record]:
    rng = random.Random(seed)
    made: list[Record] = []
    for k in range(n):
        dog, cat = round(rng.random(), 3), round(rng.random(), 3)
        own: Record = {"dog": dog, "cat": rng.choice([cat, cat, cat, None, "much", 1.5])}
        made.append(
            {
                "id": f"{seed}-{k}",
                "ts": START + k * 1_000,
                "d": rng.choice([*CLASSES, "eel", None]),
                "score": round(rng.random(), 3),
                "s": own,
                "x": rng.gauss(0, 1),
                "country": rng.choice(["PT", "DE"]),
                "y": rng.choice([*CLASSES, "eel"]),
            }
        )
    return made


def reference(of: ModelSpec) -> Reference:
    rows = records(1, 600)
    streams: dict[Stream, Sequence[Mapping[str, Any]]] = {Stream.PREDICTIONS: rows}
    if of.labels is not None:
        streams[Stream.LABELS] = [{key: row[key] for key in ("id", "ts", "y")} for row in rows]
    return built(of, streams)


SPEC = model()
REFERENCE = reference(SPEC)


def logs_of(rows: Sequence[Record]) -> Logs:
    """Predictions in two partitions, and labels five minutes later in another."""
    logs = Logs()
    for k, row in enumerate(rows):
        logs.add("p", k % 2, row)
        logs.add("l", 0, {"id": row["id"], "ts": row["ts"] + 300_000, "y": row["y"]})
    return logs


def summed(core: Core, layout: Layout, stream: Stream, name: str) -> np.ndarray:
    """A block of all traffic over all stored panes."""
    part = part_of(layout, stream)
    block = part.block(name)
    assert block is not None
    total = sum(
        pane[0, block.start : block.stop]
        for key, pane in core.store.saved.panes.items()
        if (key.stream, key.layout) == (stream, layout.hash)
    )
    return np.asarray(total).reshape(block.shape)


def part_of(layout: Layout, stream: Stream) -> Part:
    part = layout.part(stream)
    assert part is not None
    return part


def met(layout: Layout, rows: Sequence[Record]) -> np.ndarray:
    """The block `class_score_label` by its words."""
    part = part_of(layout, Stream.PREDICTIONS)
    cells = [part.field(name).cells for name in part.scored]
    found = np.zeros((len(cells), max(cells), 2), np.int64)
    for row in rows:
        for k, field in enumerate(part.scored):
            name = field[6:-1]
            p = row["s"].get(name)
            if isinstance(p, float):
                cell = sum(edge < p for edge in part.field(field).edges)
                found[k, cell, int(row["y"] == name)] += 1
    return found


@pytest.mark.parametrize("seed", range(3))
def test_any_interleaving_and_restarts_count_each_class_once_with_its_label(seed: int) -> None:
    rows = records(2, 400)
    core = drive(Core(SPEC, REFERENCE), logs_of(rows), seed)
    layout = REFERENCE.layout
    assert (summed(core, layout, Stream.LABELS, CLASS_SCORE_LABEL) == met(layout, rows)).all()
    decided = summed(core, layout, Stream.PREDICTIONS, CLASS_DECIDED)
    assert decided.sum() == 2 * len(rows)
    assert decided[0, :-1, 1].sum() == sum(row["d"] == "dog" for row in rows)
    calibration = summed(core, layout, Stream.LABELS, CLASS_CALIBRATION)
    likely = [row for row in rows if isinstance(row["s"]["cat"], float) and row["s"]["cat"] <= 1]
    assert calibration[1, 0].sum() == len(likely)
    assert calibration[1, 2].sum() == sum(round(row["s"]["cat"] * 1_000_000) for row in likely)


def test_the_reference_is_counted_by_the_same_code() -> None:
    rows = records(1, 600)
    labels = part_of(REFERENCE.layout, Stream.LABELS)
    block = labels.block(CLASS_SCORE_LABEL)
    assert block is not None
    found = REFERENCE.totals[Stream.LABELS][0, block.start : block.stop].reshape(block.shape)
    assert (found == met(REFERENCE.layout, rows)).all()


def test_labels_inside_the_prediction_meet_its_scores_without_a_table() -> None:
    of = model(labels=None, predictions={"label": "y"})
    ref, rows, logs = reference(of), records(2, 200), Logs()
    for row in rows:
        logs.add("p", 0, row)
    core = drive(Core(of, ref), logs)
    assert (summed(core, ref.layout, Stream.LABELS, CLASS_SCORE_LABEL) == met(ref.layout, rows)).all()
    assert not core.monitor.models["m"].counting.class_scores.tables


def test_a_model_without_class_scores_has_no_table() -> None:
    core = Core()
    scores = core.monitor.models["m"].counting.class_scores
    assert (scores.tables, scores.known, scores.kept) == ((), [], ())


def test_a_learned_reference_has_them_too() -> None:
    of, rows = model(reference={"learn": "20m"}), records(2, 2_400)
    core = drive(Core(of, None), logs_of(rows))
    (layout,) = {
        of.layout.hash: of.layout for of in map(decode, core.store.saved.references.values())
    }.values()
    assert part_of(layout, Stream.PREDICTIONS).scored == ("score[dog]", "score[cat]")
    (version,) = core.monitor.models["m"].versions.all
    counted = [row for row in rows if row["ts"] >= version.state.starts_ms]
    assert 100 < len(counted) < len(rows)
    found = summed(core, layout, Stream.LABELS, CLASS_SCORE_LABEL)
    assert (found == met(layout, counted)).all()


def first_half(of: ModelSpec, ref: Reference, rows: Sequence[Record]) -> Core:
    """All predictions of the first half are read and committed, no label yet."""
    core = Core(of, ref)
    core.monitor.assign({Partition("p", 0): (0, len(rows)), Partition("l", 0): (0, len(rows))})
    logs = Logs()
    for row in rows:
        logs.add("p", 0, row)
    core.monitor.ingest(batch("p", 0, logs.values[Partition("p", 0)]))
    core.commit()
    return core


def finished(core: Core, rows: Sequence[Record], of: ModelSpec, ref: Reference) -> Core:
    """The daemon begins again with this configuration, and all labels come."""
    core.spec, core.ref = of, ref
    core.load()
    core.monitor.assign({Partition("p", 0): (0, len(rows)), Partition("l", 0): (0, len(rows))})
    logs = logs_of(rows)
    core.monitor.ingest(batch("l", 0, logs.values[Partition("l", 0)]))
    core.commit(finish=True)
    return core


@pytest.mark.parametrize(
    "classes", [{"cat": "s.cat", "dog": "s.dog"}, {"dog": "s.dog", "cat": "s.cat", "cow": "s.cow"}]
)
def test_other_classes_over_an_existing_state_count_what_was_remembered(classes: dict[str, str]) -> None:
    rows = records(2, 200)
    now = model(classes)
    ref = reference(now)
    core = finished(first_half(SPEC, REFERENCE, rows), rows, now, ref)
    assert core.monitor.models["m"].counting.class_scores.known == [
        ["score[dog]", "score[cat]"],
        [f"score[{name}]" for name in classes],
    ]
    # the predictions belong to the layout that drains; its labels find their scores in the table of then
    found = summed(core, REFERENCE.layout, Stream.LABELS, CLASS_SCORE_LABEL)
    assert (found == met(REFERENCE.layout, rows)).all()


def test_switched_on_over_an_existing_state_older_predictions_have_no_scores() -> None:
    rows, before = records(2, 200), model({})
    old = reference(before)
    core = finished(first_half(before, old, rows), rows, SPEC, REFERENCE)
    (table,) = core.monitor.models["m"].counting.class_scores.tables
    assert len(table) == 0
    part = part_of(old.layout, Stream.LABELS)
    assert part.block(CLASS_SCORE_LABEL) is None
    assert sum(pane.sum() for key, pane in core.store.saved.panes.items() if key.stream is Stream.LABELS)


def test_a_class_less_while_its_layout_drains_is_told() -> None:
    rows = records(2, 50)
    core = first_half(SPEC, REFERENCE, rows)
    fewer = model({"cow": "s.cow", "cat": "s.cat"})
    with pytest.raises(StateError, match=r"score\[dog\] can no longer be read"):
        finished(core, rows, fewer, reference(fewer))


def test_rows_leave_with_those_of_the_predictions() -> None:
    rows = records(2, 100)
    core = first_half(SPEC, REFERENCE, rows)
    model_now = core.monitor.models["m"]
    counting = model_now.counting
    (table,) = counting.class_scores.tables
    assert len(table) == len(counting.predictions) == 100
    tight = model_now.plan.spec.labels.model_copy(update={"max_outstanding": 40})  # type: ignore[union-attr]
    plan = model_now.plan
    halve_sample(replace(plan, spec=plan.spec.model_copy(update={"labels": tight})), counting)
    assert 0 < len(table) == len(counting.predictions) <= 40
    drop_generations(plan, counting, START + 10 * plan.max_delay_ms)
    assert len(table) == len(counting.predictions) == 0


def test_a_row_is_of_the_prediction_of_this_partition_and_offset() -> None:
    """The same id in another partition is another prediction (E3)."""
    rows = records(2, 2)
    core = Core(SPEC, REFERENCE)
    core.monitor.assign({Partition("p", 0): (0, 1), Partition("p", 1): (0, 1), Partition("l", 0): (0, 1)})
    rows[1]["id"] = rows[0]["id"]
    for number, row in enumerate(rows):
        logs = Logs()
        logs.add("p", number, row)
        core.monitor.ingest(batch("p", number, logs.values[Partition("p", number)]))
    core.commit()
    counting = core.monitor.models["m"].counting
    id_ = hash_ids([rows[0]["id"]], KEY)
    _, known = counting.predictions.find(range(2**40), id_)
    assert len(known) == 2
    for row in rows:
        of = known[known["time_ms"] == row["ts"]]
        found = counting.class_scores.of(id_, of, ("score[dog]", "score[eel]"))
        assert found is not None
        assert found[0, 0] == row["s"]["dog"]
        assert math.isnan(found[0, 1]), "nobody ever read the score of an eel"


def test_an_id_that_comes_again_long_after_has_scores_of_its_own() -> None:
    """In the same partition it is no repetition once it is more than a generation away (E3)."""
    rows = records(2, 2)
    core = Core(SPEC, REFERENCE)
    core.monitor.assign({Partition("p", 0): (0, 2), Partition("l", 0): (0, 2)})
    generation_ms = core.monitor.models["m"].plan.generation_ms
    rows[1] |= {"id": rows[0]["id"], "ts": rows[0]["ts"] + 3 * generation_ms}
    logs = Logs()
    for row in rows:
        logs.add("p", 0, row)
    core.monitor.ingest(batch("p", 0, logs.values[Partition("p", 0)]))
    core.commit()
    counting = core.monitor.models["m"].counting
    id_ = hash_ids([rows[0]["id"]] * 2, KEY)
    _, known = counting.predictions.find(range(2**40), id_[:1])
    found = counting.class_scores.of(id_, known, ("score[dog]",))
    assert found is not None
    assert found[:, 0].tolist() == [row["s"]["dog"] for row in rows]


def test_the_kind_names_the_classes_and_their_order() -> None:
    names = {kind_of(fields) for fields in (("a", "b"), ("b", "a"), ("a", "b", "c"), ("a,b",))}
    assert len(names) == 4
    assert class_score_row(3).itemsize == 20 + 3 * 8
    scores = ClassScores.__new__(ClassScores)
    assert scores.of(np.empty(0, np.int64), np.empty(0), ()) is None
