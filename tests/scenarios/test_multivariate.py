"""Two features swap the sign of their correlation: no feature shows it, every kind of derived field does, from build to alert."""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
import yaml

from driftwatch.cli.program import run

START_MS = 1_700_000_000_000 // 3_600_000 * 3_600_000
FLIPPED_MS = START_MS + 2 * 3_600_000
WRITTEN = {
    "kafka": {"bootstrap_servers": ["nowhere:9092"]},
    "models": [
        {
            "name": "m",
            "task": "binary",
            "reference": "m.ref",
            "predictions": {
                "topic": "p", "id": "id", "time": {"path": "ts", "unit": "ms"}, "score": "score",
                "features": ["a", "b", "c"], "lateness": "0s",
            },
            "multivariate": {
                "distance": {"kind": "mahalanobis", "fields": ["a", "b", "c"]},
                "residual": {"kind": "pca_residual", "fields": ["a", "b"]},
                "along": {"kind": "projections", "fields": ["a", "b", "c"], "projections": 4},
            },
            "windows": [{"size": "1h", "slide": "1h"}],
            "slices": ["side"],
            "rules": [{"name": "together", "when": "ks_statistic > 0.1", "features": ["distance", "a", "b", "c"]}],
        }
    ],
}  # fmt: skip


def records(seed: int, hours: int, flipped_from: int) -> bytes:
    """1 500 events an hour; a and b correlate by 0.8, from the hour `flipped_from` on by -0.8."""
    random = np.random.default_rng(seed)
    made: list[str] = []
    for i in range(hours * 1_500):
        a, b, c, score = random.standard_normal(4).tolist()
        sign = -1 if i >= flipped_from * 1_500 else 1
        row = {
            "id": f"{seed}-{i}",
            "ts": START_MS + i * 2_400,
            "score": 1 / (1 + np.exp(-score)),
            "side": "LR"[i % 2],
        }
        made.append(
            json.dumps(row | {"a": a, "b": 40 + 9 * (sign * 0.8 * a + 0.6 * b), "c": c if i % 50 else None})
        )
    return "\n".join(made).encode()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("multivariate")
    (folder / "c.yaml").write_text(yaml.safe_dump(WRITTEN))
    (folder / "past.jsonl").write_bytes(records(1, 6, 6))
    (folder / "now.jsonl").write_bytes(records(2, 4, 2))
    config = str(folder / "c.yaml")
    target = str(folder / "m.ref")
    assert run(["reference", "build", "-c", config, str(folder / "past.jsonl"), "-o", target]) == 0
    assert run(["check", "-c", config]) == 0
    out = ["--statistics", str(folder / "s.csv"), "--alerts", str(folder / "a.ndjson")]
    assert run(["replay", "-c", config, f"p={folder / 'now.jsonl'}", *out]) == 0
    return folder


def test_only_the_derived_fields_see_it(folder: Path) -> None:
    ks: dict[tuple[str, str], list[float]] = defaultdict(list)
    for row in csv.DictReader((folder / "s.csv").read_text("utf-8").splitlines()):
        if row["statistic"] == "ks_statistic" and row["value"]:
            ks[row["slice"], row["feature"]].append(float(row["value"]))
    assert {feature for _, feature in ks} == {
        "a", "b", "c", "score", "distance", "residual", "along_1", "along_2", "along_3", "along_4"
    }  # fmt: skip
    for (row, feature), values in ks.items():
        limit = 0.055 if row == "all" else 0.08  # 1 500 events an hour, half of them in a slice
        assert max(values[:2]) < limit, (row, feature)
        if feature in ("a", "b", "c", "score"):
            assert max(values[2:]) < limit, (row, feature)
        elif feature in ("distance", "residual"):
            assert min(values[2:]) > 0.3, (row, feature)
    assert max(min(ks["all", f"along_{k}"][2:]) for k in range(1, 5)) > 0.1


def test_a_missing_input_is_a_missing_value_and_the_shares_say_so(folder: Path) -> None:
    found = {
        row["feature"]: float(row["value"])
        for row in csv.DictReader((folder / "s.csv").read_text("utf-8").splitlines())
        if row["statistic"] == "missing_share" and row["slice"] == "all"
    }
    assert found["c"] == found["distance"] == found["along_1"] == pytest.approx(0.02)
    assert found["residual"] == 0


def test_the_alert_names_the_derived_field(folder: Path) -> None:
    rows = [json.loads(line) for line in (folder / "a.ndjson").read_text().splitlines()]
    firing = [row for row in rows if row["transition"] == "alert.firing"]
    assert [row["features"] for row in firing] == [["distance"]]
