"""`driftwatch replay` as a command: its files, its summary, its mistakes."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
import yaml

from driftwatch.cli.program import run
from driftwatch.telemetry.rows import COLUMNS
from tests.monitor.world import REFERENCE, SPEC, START, prediction, truth


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import random

    from driftwatch.references.codec import encode

    folder = tmp_path_factory.mktemp("replay")
    (folder / "m.ref").write_bytes(encode(REFERENCE))
    model = json.loads(SPEC.model_dump_json(exclude_defaults=True))
    model |= {"windows": [{"size": "10m", "slide": "1m"}], "reference": "m.ref", "join_within": "1m"}
    model["predictions"]["lateness"] = "2m"
    model["labels"] |= {"lateness": "3m", "max_delay": "60m"}
    (folder / "driftwatch.yaml").write_text(
        yaml.safe_dump({"kafka": {"bootstrap_servers": ["nowhere:9092"]}, "models": [model]})
    )
    rng = random.Random(1)
    predictions = [prediction(n, START + n * 500, rng, drifted=n > 3_000) for n in range(6_000)]
    labels = []
    for n, value in enumerate(predictions):
        y = truth(json.loads(value)["score"], rng)
        labels.append(json.dumps({"id": f"id-{n}", "ts": START + n * 500 + 30_000, "y": y}).encode())
    (folder / "p.jsonl").write_bytes(b"\n".join(predictions))
    (folder / "l.jsonl").write_bytes(b"\n".join(labels))
    return folder


def replay(folder: Path, *more: str) -> int:
    given = [f"p={folder / 'p.jsonl'}", f"l={folder / 'l.jsonl'}"]
    return run(["replay", "-c", str(folder / "driftwatch.yaml"), *given, *more])


def test_statistics_are_tidy_rows_without_nan(folder: Path, tmp_path: Path) -> None:
    assert replay(folder, "--statistics", str(tmp_path / "s.csv")) == 0
    rows = list(csv.DictReader((tmp_path / "s.csv").read_text("utf-8").splitlines()))
    assert tuple(rows[0]) == COLUMNS
    assert len({row["end"] for row in rows}) > 40
    assert not [row for row in rows if row["value"] in ("nan", "inf")]
    drifted = [row for row in rows if row["verdict"] == "drift"]
    assert {row["feature"] for row in drifted} == {"x"}


def test_alerts_have_the_documented_columns(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert replay(folder, "--alerts", str(tmp_path / "a.ndjson")) == 0
    (row,) = [json.loads(line) for line in (tmp_path / "a.ndjson").read_text().splitlines()]
    assert list(row) == [
        "time",
        "id",
        "transition",
        "model",
        "version",
        "kind",
        "slices",
        "features",
        "reasons",
    ]
    assert (row["transition"], row["kind"], row["features"]) == ("alert.firing", "input", ["x"])
    assert "alert.firing" in capsys.readouterr().out


def test_the_same_history_gives_the_same_ids(folder: Path, tmp_path: Path) -> None:
    for name in ("a.ndjson", "b.ndjson"):
        replay(folder, "--alerts", str(tmp_path / name))
    assert (tmp_path / "a.ndjson").read_bytes() == (tmp_path / "b.ndjson").read_bytes()


def test_json_summary(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert replay(folder, "--json") == 0
    summary = json.loads(capsys.readouterr().out)
    assert summary["classes"] == {"m": {"predictions": {"accepted": 6_000}, "labels": {"accepted": 6_000}}}
    assert [alert["transition"] for alert in summary["alerts"]] == ["alert.firing"]


@pytest.mark.parametrize("text", ["p", "p=", "=x", "p=a p=b"])
def test_inputs_are_written_topic_equals_path(
    folder: Path, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["replay", "-c", str(folder / "driftwatch.yaml"), *text.split()]) == 2
    assert "TOPIC=PATH" in capsys.readouterr().err or "given twice" in text or "p=a" in text
