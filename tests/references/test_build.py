"""References hold exactly what the accepted records say, joined as live records are."""

from __future__ import annotations

import numpy as np
import pytest

from driftwatch.errors import ReferenceFileError
from driftwatch.events.classes import Stream
from driftwatch.events.spec import DAY_MS, FeaturesSpec, PredictionsSpec
from driftwatch.references.build import Built, build
from driftwatch.references.reference import Reference
from driftwatch.summaries.totals import events_of
from tests.references.records import HOUR_MS, START_MS, batches, labels, predictions, subject


def built(of=None, version: str = "*", **streams) -> Built:
    return build(of or subject(), batches(**streams), version=version, source="test", created_ms=5)


def events(reference: Reference, stream: Stream) -> dict[str, int]:
    part = reference.layout.part(stream)
    assert part is not None
    return dict(
        zip(reference.layout.slices.rows, events_of(part, reference.totals[stream]).tolist(), strict=True)
    )


def block(reference: Reference, name: str) -> np.ndarray:
    part = reference.layout.part(Stream.LABELS)
    assert part is not None
    found = part.block(name)
    assert found is not None
    return reference.totals[Stream.LABELS][0, found.start : found.stop].reshape(found.shape)


def test_every_event_is_in_each_field_and_in_its_slice() -> None:
    reference = built(predictions=predictions(100)).reference
    part = reference.layout.part(Stream.PREDICTIONS)
    assert part is not None
    total = reference.totals[Stream.PREDICTIONS]
    assert [int(total[0, f.start : f.stop].sum()) for f in part.fields] == [100] * 4
    assert events(reference, Stream.PREDICTIONS) == {
        "all": 100, "country=PT": 80, "country=FR": 20, "country=__other__": 0, "country=__unknown__": 0,
    }  # fmt: skip
    assert (reference.events, reference.start_ms, reference.end_ms) == (
        100,
        START_MS,
        START_MS + 99 * 60_000 + 1,
    )
    assert (reference.source, reference.created_ms) == ("test", 5)


def test_panes_sum_to_the_totals() -> None:
    reference = built(predictions=predictions(300), labels=labels(300)).reference
    rows = len(reference.layout.slices.rows)
    for part in reference.layout.parts:
        panes, total = reference.panes[part.stream], reference.totals[part.stream]
        assert panes.width_ms == HOUR_MS
        assert (panes.times_ms % HOUR_MS == 0).all()
        summed = sum(panes.matrix(k, rows, part.columns) for k in range(len(panes.times_ms)))
        assert (summed == total).all()
    assert len(reference.panes[Stream.PREDICTIONS].times_ms) == 5
    assert len(reference.panes[Stream.LABELS].times_ms) == 6


def test_labels_in_the_rows_have_age_0() -> None:
    rows = [row | {"y": i % 2} for i, row in enumerate(predictions(10))]
    reference = built(predictions=rows).reference
    assert block(reference, "ages")[:, 0].tolist() == [10, 0, 0, 0, 0, 0, 0]
    assert block(reference, "quality").tolist() == [0, 0, 10]
    # scores below 0.1: all decided 0
    assert block(reference, "confusion").tolist() == [[5, 5], [0, 0]]


def test_labels_of_their_own_stream_are_joined_with_their_age() -> None:
    late = [{"id": "r0", "ts": START_MS + 2 * DAY_MS, "y": 1}]
    repeated = [{"id": "r1", "ts": START_MS + DAY_MS, "y": 1}]
    repeated += [{"id": "r3", "ts": START_MS + 9 * DAY_MS, "y": 1}]
    foreign = [{"id": "zz", "ts": START_MS, "y": 1}, {"id": "r2", "ts": START_MS + 40 * DAY_MS, "y": 1}]
    made = built(
        predictions=predictions(5), labels=[*labels(5)[1:2], *labels(5)[3:], *late, *repeated, *foreign]
    )
    assert block(made.reference, "ages")[:, 0].tolist() == [3, 0, 1, 0, 0, 0, 0]
    assert events(made.reference, Stream.LABELS)["all"] == 4
    assert made.notes == (
        "1 labels records are not counted: duplicate",
        "3 label records belong to no prediction, or to one that has a label",
    )


def test_without_labels_the_part_is_there_and_empty() -> None:
    made = built(predictions=predictions(5))
    assert not made.reference.totals[Stream.LABELS].any()
    assert len(made.reference.panes[Stream.LABELS].times_ms) == 0
    assert made.notes == ("there are no labels, so performance has nothing to be compared with",)


def test_without_times_there_are_no_panes_and_no_span() -> None:
    of = subject().predictions.model_copy(update={"time": None})
    rows = [row | {"y": 1} for row in predictions(5)]
    reference = built(subject(predictions=of), predictions=rows).reference
    assert (reference.start_ms, reference.end_ms, reference.span_ms) == (0, 0, 0)
    assert all(len(panes.times_ms) == 0 for panes in reference.panes.values())
    assert block(reference, "ages")[0].tolist() == [5, 5]


def test_features_of_their_own_stream_exchange_slices_with_predictions() -> None:
    of = subject(
        predictions=PredictionsSpec.model_validate(
            {"topic": "predictions", "id": "id", "time": {"path": "ts", "unit": "ms"}, "score": "p"}
        ),
        features=FeaturesSpec.model_validate(
            {"topic": "features", "id": "id", "time": {"path": "ts", "unit": "ms"}, "features": "f"}
        ),
        dimensions=(("country",), ("f.kind",)),
    )
    rows = predictions(6)
    features = [{"id": r["id"], "ts": r["ts"] + 1_000, "f": r["f"]} for r in rows[:5]]
    reference = built(of, predictions=rows, features=features).reference
    part = reference.layout.part(Stream.FEATURES)
    assert part is not None
    assert [f.name for f in part.fields] == ["age", "kind"]
    inputs, outputs = events(reference, Stream.FEATURES), events(reference, Stream.PREDICTIONS)
    assert (inputs["all"], inputs["country=FR"], inputs["country=PT"]) == (5, 1, 4)
    assert (outputs["all"], outputs["f.kind=a"], outputs["f.kind=b"], outputs["f.kind=__unknown__"]) == (
        6,
        2,
        3,
        1,
    )


def test_only_records_of_the_version() -> None:
    rows = [*predictions(10), *predictions(15, v="2")[10:]]
    assert built(version="2", predictions=rows).reference.events == 5


def test_records_that_cannot_be_read_are_told() -> None:
    made = built(predictions=[*predictions(5), b"{", b"", *predictions(1)], labels=labels(5))
    assert made.notes == (
        "1 predictions records are not counted: duplicate",
        "1 predictions records are not counted: invalid:empty",
        "1 predictions records are not counted: invalid:not_json",
    )


def test_nothing_usable_is_refused_with_the_reason() -> None:
    with pytest.raises(
        ReferenceFileError, match=r"test: no predictions of model 'm' can be used: 2 .*not_json"
    ):
        built(predictions=[b"{", b"}"])
    with pytest.raises(ReferenceFileError, match="there are none"):
        built(predictions=[])


def test_the_order_of_records_and_the_moment_do_not_matter() -> None:
    rows = predictions(200)
    one = built(predictions=rows, labels=labels(200)).reference
    other = build(
        subject(),
        batches(predictions=rows[::-1], labels=labels(200)[::-1]),
        source="elsewhere",
        created_ms=99,
    ).reference
    assert one.layout == other.layout
    assert one.hash == other.hash
    changed = built(predictions=[*rows[:-1], rows[-1] | {"p": 0.5}], labels=labels(200)).reference
    assert changed.hash != one.hash
