"""From records to statistics: what the daemon reads of every class's own score is what the raw records say."""

from __future__ import annotations

import math
import random
import re
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss, f1_score, log_loss, roc_auc_score

from driftwatch.drift.reading import Reading
from driftwatch.events.classes import Stream
from driftwatch.monitor.spec import ModelSpec
from driftwatch.telemetry.counts import Counts
from driftwatch.verdicts.spec import RuleSpec
from driftwatch.verdicts.verdict import CODE, Verdict
from tests.drift.cbpe import world
from tests.monitor.drive import Logs, built, drive, spec
from tests.monitor.world import START, Core
from tests.telemetry.daemon import Daemon

CLASSES = ("cat", "dog", "cow")
SPEC: ModelSpec = spec(
    task="multiclass",
    predictions={
        "decision": "d",
        "score": None,
        "features": ["x"],
        "class_scores": {name: f"s.{name}" for name in CLASSES},
        "version": None,
    },
    slices=["country"],
    cells={"exact": True},
    statistics={"also": ["all"]},
    windows=[{"size": "1000m", "slide": "10m"}],
)


FIRING = ("class_calibration_error", "class_log_loss", "classwise_calibration_error", "estimated_class_f1")
"""Of a class of the labels, of the model, and of a class of the predictions."""


def records(seed: int, n: int, mix: tuple[float, ...] = (0.5, 0.3, 0.2)) -> list[dict[str, Any]]:
    """Scores that sum to 1, to two digits."""
    scores, decided, labels = world(seed, n, mix)
    rng = random.Random(seed)
    return [
        {
            "id": f"{seed}-{k}",
            "ts": START + k * 1_000,
            "d": CLASSES[decided[k]],
            "s": dict(zip(CLASSES, scores[k].tolist(), strict=True)),
            "x": rng.gauss(0, 1),
            "country": rng.choice(["PT", "DE"]),
            "y": CLASSES[labels[k]],
        }
        for k in range(n)
    ]


def watched(of: ModelSpec) -> tuple[list[dict[str, Any]], Core]:
    """The window's records, and the monitor that counted them."""
    past, rows, logs = records(1, 2_000), records(2, 900, (0.2, 0.3, 0.5)), Logs()
    labels = [{key: row[key] for key in ("id", "ts", "y")} for row in past]
    reference = built(of, {Stream.PREDICTIONS: past, Stream.LABELS: labels})
    for k, row in enumerate(rows):
        logs.add("p", k % 2, row)
        logs.add("l", 0, {"id": row["id"], "ts": row["ts"] + 300_000, "y": row["y"]})
    return rows, drive(Core(of, reference), logs)


@pytest.fixture(scope="module")
def told() -> tuple[list[dict[str, Any]], Reading, Reading]:
    """The window's records, and the last readings of predictions and labels."""
    rows, core = watched(SPEC)
    (version,) = core.monitor.models["m"].versions.live.values()
    readings = {stream: reading for (stream, _), reading in version.readings.items()}
    return rows, readings[Stream.PREDICTIONS], readings[Stream.LABELS]


def raw(rows: list[dict[str, Any]], slice_: str = "") -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    chosen = [row for row in rows if not slice_ or row["country"] == slice_]
    scores = np.array([[row["s"][name] for name in CLASSES] for row in chosen])
    decided, labels = (np.array([CLASSES.index(row[key]) for row in chosen]) for key in ("d", "y"))
    return scores, decided, labels


@pytest.mark.parametrize("slice_", ["", "PT", "DE"])
def test_scikit_learns_numbers_of_every_class_and_slice(
    told: tuple[list[dict[str, Any]], Reading, Reading], slice_: str
) -> None:
    rows, _, reading = told
    scores, _, labels = raw(rows, slice_)
    row = reading.layout.slices.rows.index(f"country={slice_}" if slice_ else "all")
    found = {name: estimate.value[row] for name, estimate in reading.estimates.items()}
    assert reading.events[row] == len(labels)
    fields = reading.estimates["class_auc"].fields
    assert fields == tuple(f"score[{name}]" for name in CLASSES)
    for k in range(3):
        y, p = labels == k, scores[:, k]
        assert found["class_auc"][k] == pytest.approx(roc_auc_score(y, p), abs=1e-12)
        assert found["class_brier_score"][k] == pytest.approx(brier_score_loss(y, p), abs=2e-6)
        assert found["class_calibration_gap"][k] == pytest.approx(y.mean() - p.mean(), abs=2e-6)
    macro = roc_auc_score(labels, scores, multi_class="ovr", average="macro")
    assert found["macro_auc"][0] == pytest.approx(macro, abs=1e-12)
    # A score that the reference never had lies somewhere in its cell.
    loss, truth = reading.estimates["multiclass_log_loss"], log_loss(labels, scores)
    assert loss.value[row, 0] == pytest.approx(truth, rel=1e-4)
    assert loss.lower[row, 0] <= truth <= loss.upper[row, 0]
    brier = np.mean(np.sum((scores - np.eye(3)[labels]) ** 2, axis=1))
    assert found["multiclass_brier_score"][0] == pytest.approx(brier, abs=5e-6)


def test_the_estimates_error_is_the_estimate_minus_what_the_labels_said(
    told: tuple[list[dict[str, Any]], Reading, Reading],
) -> None:
    rows, predictions, reading = told
    scores, decided, labels = raw(rows)
    real = {
        "f1": f1_score(labels, decided, average="macro"),
        "auc": roc_auc_score(labels, scores, multi_class="ovr", average="macro"),
    }
    for name, value in real.items():
        guess = predictions.estimates[f"estimated_{name}_macro"].value[0, 0]
        assert math.isclose(guess, value, abs_tol=0.06)
        error = reading.estimates[f"estimated_{name}_macro_error"].value[0, 0]
        assert error == pytest.approx(guess - value, abs=1e-9), name


def test_rules_on_classes_fire_and_every_page_shows_them() -> None:
    """Each class is a field of the finding; its labels are all that the slice has."""
    rules = [{"name": name, "when": f"{name} > 0.0001", "min_events": 50} for name in FIRING]
    _, core = watched(SPEC.model_copy(update={"rules": [RuleSpec.model_validate(rule) for rule in rules]}))
    daemon = Daemon()
    daemon.board.publish(core.monitor.snapshot(1), Counts())
    (version,) = core.monitor.snapshot(1).models["m"].versions.values()
    found = {rule.rule: rule for rule in version.rules}
    drift = CODE[Verdict.DRIFT]
    for name in FIRING:
        assert (found[name].verdicts[0] == drift).all(), name
        assert found[name].fields == (("",) if "wise" in name else tuple(f"score[{c}]" for c in CLASSES))
    client = daemon.client()
    links = {"/", "/models/m", "/api/v1/alerts", "/api/v1/models", "/metrics"} | {
        f"/api/v1/{each}"
        for each in ("windows", "decisions", "evidence", "reliability", "prospects", "explain-last")
    }
    links |= set(re.findall(r'href="(/(?:alerts|models)/[^"]+)"', client.get("/models/m").text))
    for link in sorted(links):
        answer = client.get(link.replace("&amp;", "&"))
        assert answer.status_code == 200, (link, answer.text[:300])
    assert len([link for link in links if link.startswith("/alerts/")]) >= len(FIRING)
    assert "score[dog]" in client.get("/models/m").text
