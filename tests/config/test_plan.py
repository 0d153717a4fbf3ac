from typing import Any

import pytest

from driftwatch.config import costs
from driftwatch.config.evidence_costs import reference_bytes
from driftwatch.config.plan import PARTITIONS, Plan, plan
from driftwatch.config.spec import Configuration
from driftwatch.events.classes import Stream
from driftwatch.events.joins import class_score_row
from driftwatch.events.spec import DAY_MS
from driftwatch.monitor.model import BLOCK
from tests.config.files import good
from tests.config.references import reference_of

REFERENCE = reference_of()


def planned(
    references: Any = None, partitions: int | None = None, top: dict | None = None, **model: Any
) -> Plan:
    data = {**good(), **(top or {})}
    data["models"][0].update(model)
    return plan(Configuration.model_validate(data), references or {}, partitions)


def test_a_known_reference_gives_its_layout() -> None:
    made = planned({"credit": (REFERENCE,)})
    (version,) = made.models[0].versions
    assert (version.layout, version.events, version.guessed) == (REFERENCE.layout.hash, 400, False)
    assert version.dimensions == (("country", 3),)
    assert version.rows == len(REFERENCE.layout.slices.rows) == 6
    inputs = version.parts[0]
    assert (inputs.numeric, inputs.categorical) == (3, 2)
    assert inputs.pane_bytes == REFERENCE.totals[Stream.PREDICTIONS].nbytes
    assert version.series == costs.series_of(REFERENCE.layout, 1)


def test_what_is_to_be_learned_costs_at_least_as_much() -> None:
    learned, known = planned(), planned({"credit": (REFERENCE,)})
    assert learned.models[0].versions[0].layout == ""
    assert learned.memory_bytes >= known.memory_bytes
    assert learned.series >= known.series


def test_of_an_embedding_its_vectors_cost_while_they_are_decoded() -> None:
    maps = {f"m{i}": {"kind": "mahalanobis", "embedding": path} for i, path in enumerate(("v", "v", "w"))}
    known = planned(multivariate=maps).models[0].waiting_bytes - planned().models[0].waiting_bytes
    assert known > 2 * costs.VECTORS_BYTES
    fields = (2 + 3) * 2 * BLOCK * costs.TEXT_BYTES  # two lengths and three distances of every buffered event
    assert known == 2 * costs.VECTORS_BYTES + fields


def test_the_bound_is_the_sum_of_its_parts() -> None:
    made = planned(partitions=4)
    model = made.models[0]
    parts = model.panes_bytes + model.waiting_bytes + sum(join.filter_bytes for join in model.joins)
    parts += model.evidence_bytes + model.references_bytes + model.learning_bytes
    parts += model.remembered_bytes + model.looked_bytes
    assert min(model.learning_bytes, model.remembered_bytes, model.looked_bytes) > 0
    assert made.memory_bytes == made.process_bytes + made.fetch_bytes + made.metrics_bytes + parts
    assert made.process_bytes < made.usual_bytes < made.memory_bytes
    assert model.panes_bytes == model.live_versions * model.versions[0].memory_bytes
    assert made.fetch_bytes == costs.fetch_bytes(4, 1_048_576)
    assert planned().partitions == 2 * PARTITIONS
    assert made.open_panes == model.live_versions * sum(s.open_panes for s in model.streams)


@pytest.mark.parametrize(
    ("change", "grows"),
    [
        ({"windows": [{"size": "1h", "slide": "5m"}, {"size": "1d", "slide": "1h"}]}, "memory_bytes"),
        ({"slices": ["country", "age"]}, "memory_bytes"),
        ({"slices": ["country", "age"]}, "series"),
        ({"labels": {"topic": "l", "id": "id", "label": "y", "max_outstanding": 50_000_000}}, "disk_bytes"),
    ],
)
def test_more_costs_more(change: dict, grows: str) -> None:
    assert getattr(planned(**change), grows) > getattr(planned(), grows)


def test_a_version_is_learned_or_counted_so_the_larger_of_both_is_what_it_takes() -> None:
    """More cells make the counted one larger; the sum stays until they outgrow what learning keeps (P7)."""
    few, more = planned(), planned(cells={"cells": 128})
    assert few.memory_bytes == more.memory_bytes
    assert few.models[0].panes_bytes < more.models[0].panes_bytes
    assert few.models[0].learning_bytes > more.models[0].learning_bytes
    known = planned({"credit": (REFERENCE,)})
    assert known.models[0].learning_bytes == 0


def test_longer_windows_of_wider_panes_cost_little() -> None:
    """A window keeps panes as wide as its slide, so 30 days by the day are 30 panes."""
    month = planned(windows=[{"size": "1h", "slide": "5m"}, {"size": "30d", "slide": "1d"}])
    assert [w.panes for w in month.models[0].windows] == [12, 30]


def test_what_late_labels_cost() -> None:
    """E5: labels inherit the predictions' lateness, and wait a day once their time is mapped."""
    labels = {"topic": "l", "id": "id", "label": "y"}

    def stream(**change: Any) -> Any:
        return planned(labels={**labels, **change}).models[0].streams[1]

    assert (stream().lateness_ms, stream().lateness_from) == (60_000, "predictions")
    mapped = stream(time="ts")
    assert (mapped.lateness_ms, mapped.lateness_from, mapped.closes_after_ms) == (
        DAY_MS,
        "mapped time",
        DAY_MS,
    )
    assert stream().closes_after_ms == 60_000 + 600_000, (
        "a label waits for the predictions that it could belong to"
    )
    assert (stream(time="ts", lateness="2h").lateness_ms, stream(lateness="2h").lateness_from) == (
        7_200_000,
        "set",
    )


def test_joins() -> None:
    assert [j.kind for j in planned().models[0].joins] == ["predictions", "labels"]
    alone = planned(labels=None, predictions={"topic": "p", "score": "s"}, rules=[], slices=[])
    assert alone.models[0].joins == ()
    duplicates = planned(labels=None).models[0].joins
    assert [(j.kind, j.rows) for j in duplicates] == [("predictions", costs.REMEMBERED_MAX)]


def test_class_scores_wait_in_a_table_of_their_own_where_labels_come_later() -> None:
    predictions = {"topic": "p", "id": "id", "decision": "d", "class_scores": {"cat": "s.c", "dog": "s.d"}}
    change: dict[str, Any] = {"task": "multiclass", "predictions": predictions, "rules": [], "slices": []}
    without = {**change, "predictions": {**predictions, "class_scores": {}}}
    made, plain = planned(**change), planned(**without)
    joins = {join.kind: join for join in made.models[0].joins}
    assert list(joins) == ["predictions", "class_scores", "labels"]
    own = joins["class_scores"]
    assert own.rows == joins["predictions"].rows
    assert own.disk_bytes == costs.join_disk_bytes(own.rows, class_score_row(2))
    more = made.models[0].waiting_bytes - plain.models[0].waiting_bytes
    assert more == costs.gathered_bytes(class_score_row(2)) + 2 * 2 * BLOCK * costs.TEXT_BYTES
    inside = planned(**{**change, "labels": None, "predictions": {**predictions, "label": "y"}})
    assert [join.kind for join in inside.models[0].joins] == ["predictions"]


def test_versions_with_references_of_their_own() -> None:
    made = planned(
        {"credit": (REFERENCE, None)}, reference=[{"version": "v1", "path": "a.ref"}, {"learn": "7d"}]
    )
    first, second = made.models[0].versions
    assert (first.source, second.source) == ("a.ref", "learn 7d")
    assert made.models[0].panes_bytes == 4 * second.memory_bytes, "the larger one counts"
    assert made.series == first.series + second.series


def test_series_beyond_the_limit_are_counted_and_cost_no_memory() -> None:
    few = planned(top={"telemetry": {"max_series": 100}})
    assert few.series_folded == few.series - 100
    assert few.metrics_bytes == 100 * costs.SERIES_BYTES
    assert planned({"credit": (REFERENCE,)}).series_folded == 0


def test_evidence_is_counted_where_it_is_watched() -> None:
    """A model with rules alone has none, until a budget is written."""
    silent, watched = planned(), planned(top={"alerting": {"budget": "1 per week"}})
    assert silent.models[0].evidence_bytes == 0
    version = watched.models[0].versions[0]
    assert (
        watched.models[0].evidence_bytes == 4 * version.evidence.state_bytes + version.evidence.design_bytes
    )
    assert watched.memory_bytes - silent.memory_bytes == watched.models[0].evidence_bytes
    assert planned(rules=[]).models[0].evidence_bytes == watched.models[0].evidence_bytes
    off = {"evidence": {"enabled": False}}
    assert planned(top={"alerting": {"budget": "1 per week"}}, **off).models[0].evidence_bytes == 0


def test_references_are_counted_as_they_are_loaded_or_at_their_most() -> None:
    known, learned = planned({"credit": (REFERENCE,)}).models[0], planned().models[0]
    assert known.references_bytes == reference_bytes(REFERENCE) < learned.references_bytes
