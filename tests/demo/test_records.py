"""Records are what the example configuration says they are, read by the daemon's own decoder."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from driftwatch.config.spec import Configuration
from driftwatch.demo.records import LABELS_TOPIC, MODEL, PREDICTIONS_TOPIC, label_records, prediction_records
from driftwatch.demo.world import FEATURES, NEVER, World
from driftwatch.events.iso import parse_iso_ms
from tests.deploy import documents

LOANS = World(seed=3).stretch(0, 600_000)
IDS = [f"r{i}" for i in range(len(LOANS))]
SCORES = np.linspace(0, 1, len(LOANS))
EXAMPLE = Configuration.model_validate(
    documents.read(Path(__file__).resolve().parents[2] / "deploy" / "driftwatch.yaml")
)


def at(content: object, path: object) -> object:
    assert isinstance(path, str)
    for key in path.split("."):
        assert isinstance(content, dict)
        content = content[key]
    return content


def test_predictions_fit_the_example_configuration() -> None:
    (model,) = EXAMPLE.models
    spec = model.predictions
    record = prediction_records(LOANS, IDS, "7", SCORES)[20]
    content = json.loads(record.value)
    assert (model.name, spec.topic) == (MODEL, record.topic) == (MODEL, PREDICTIONS_TOPIC)
    assert at(content, spec.id) == record.key == "r20"
    assert parse_iso_ms(str(at(content, spec.time))) == record.time_ms == LOANS.time_ms[20]
    assert at(content, spec.version) == "7"
    assert at(content, spec.score) == round(SCORES[20], 6)
    features = at(content, spec.features)
    assert isinstance(features, dict)
    assert tuple(features) == FEATURES
    assert features["income"] == LOANS.income[20]
    for columns in model.slices:
        for column in [columns] if isinstance(columns, str) else columns:
            assert at(content, column) == getattr(LOANS, column)[20]


def test_labels_fit_the_example_configuration_and_come_in_the_order_of_their_times() -> None:
    spec = EXAMPLE.models[0].labels
    assert spec is not None
    records = label_records(LOANS, IDS)
    assert len(records) == np.count_nonzero(LOANS.label_ms != NEVER)
    assert [record.time_ms for record in records] == sorted(record.time_ms for record in records)
    for record in records[::50]:
        content, i = json.loads(record.value), int(record.key[1:])
        assert (record.topic, spec.topic) == (LABELS_TOPIC, LABELS_TOPIC)
        assert at(content, spec.id) == record.key
        assert parse_iso_ms(str(at(content, spec.time))) == record.time_ms == LOANS.label_ms[i]
        assert at(content, spec.label) is bool(LOANS.defaulted[i])


def test_what_the_applicant_did_not_say_is_null() -> None:
    unsaid = np.flatnonzero(np.isnan(LOANS.employment_years))
    assert len(unsaid)
    record = prediction_records(LOANS, IDS, "1", SCORES)[unsaid[0]]
    assert b"NaN" not in record.value
    assert json.loads(record.value)["features"]["employment_years"] is None


def test_records_stay_small_for_the_embedded_broker() -> None:
    assert max(len(record.value) for record in prediction_records(LOANS, IDS, "1", SCORES)) < 500
