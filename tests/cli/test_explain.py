"""`driftwatch explain` as a new user would try it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from driftwatch.cli.program import run
from driftwatch.errors import ExitCode
from driftwatch.references.codec import encode
from tests.evidence import models

CONFIG = """\
kafka: {bootstrap_servers: [localhost:9092]}
models:
  - name: credit
    task: binary
    reference: credit.ref
    predictions: {topic: predictions, id: id, time: {path: ts, unit: ms}, score: score, label: label, features: [income, colour]}
    slices: [country]
    windows: [{size: 1h, slide: 5m}]
    evidence: {must_detect: [accuracy drop of 10 % within 1d, accuracy drop of 1 % within 1h]}
alerting: {budget: 1 per week}
"""


@pytest.fixture
def config(tmp_path: Path) -> str:
    (tmp_path / "credit.ref").write_bytes(encode(models.reference()))
    (tmp_path / "c.yaml").write_text(CONFIG)
    return str(tmp_path / "c.yaml")


def test_it_says_what_is_found_and_when(config: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", "-c", config]) == ExitCode.OK
    out = capsys.readouterr().out
    assert "model credit, versions *" in out
    assert "found within 1d" in out
    assert [line.split()[-1] for line in out.splitlines() if "accuracy change" in line] == [
        "ok",
        "underpowered",
    ]
    assert "country=PT" not in out


def test_slices_and_json(config: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", "-c", config, "--slice", "country=PT", "--change", "20", "--json"]) == ExitCode.OK
    (found,) = json.loads(capsys.readouterr().out)
    assert {power["slice"] for power in found["powers"]} == {"country=PT"}
    assert (found["model"], found["version"], found["change"], found["watched"]) == ("credit", "*", 0.2, True)
    assert [goal["underpowered"] for goal in found["goals"]] == [False, True]
    assert found["goals"][1]["goal"] == "accuracy change of 1 % within 1h"
    (income,) = (p for p in found["powers"] if (p["group"], p["feature"]) == ("inputs", "income"))
    assert 0.02 <= income["tolerance"] < income["week"] <= income["day"]


def test_an_unknown_model_names_those_there_are(config: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", "-c", config, "--model", "debit"]) == ExitCode.CONFIGURATION
    assert "it has credit" in capsys.readouterr().err


def test_check_shows_the_goals(config: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", "-c", config]) == ExitCode.OK
    out = capsys.readouterr().out
    assert "what evidence must detect" in out
    assert "underpowered" in out
