"""`driftwatch explain` as a new user would try it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from driftwatch.cli.program import run
from driftwatch.errors import ExitCode
from driftwatch.references.codec import encode
from driftwatch.telemetry.counts import Counts
from driftwatch.telemetry.server import HttpServer
from tests.evidence import models
from tests.telemetry import pictures
from tests.telemetry.daemon import Daemon

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


def test_a_daemon_tells_at_its_own_traffic(config: str, capsys: pytest.CaptureFixture[str]) -> None:
    daemon = Daemon()
    shown = pictures.with_evidence(pictures.snapshot())
    version = shown.models["credit"].versions["v1"]
    assert version.prospects is not None
    lately = replace(version, prospects=replace(version.prospects, seen_ms=7_200_000))
    model = replace(shown.models["credit"], versions={"v1": lately})
    daemon.board.publish(replace(shown, models={"credit": model}), Counts())
    server = HttpServer(daemon.app, "127.0.0.1", 0)
    server.start()
    try:
        url = f"http://127.0.0.1:{server.port}"
        assert run(["explain", "-c", config, "--url", url]) == ExitCode.OK
        out = capsys.readouterr().out
        assert "model credit, versions v1" in out
        assert "those of the last 2 h" in out
        assert run(["explain", "-c", config, "--url", url, "--json"]) == ExitCode.OK
        assert json.loads(capsys.readouterr().out)[0]["traffic_s"] == 7_200
        assert run(["explain", "-c", config, "--url", url, "--model", "x"]) != ExitCode.OK
        assert run(["explain", "-c", config, "--url", url, "--slice", "country=PT"]) != ExitCode.OK
    finally:
        server.stop()


def test_an_unknown_model_names_those_there_are(config: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", "-c", config, "--model", "debit"]) == ExitCode.CONFIGURATION
    assert "it has credit" in capsys.readouterr().err


def test_check_shows_the_goals(config: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", "-c", config]) == ExitCode.OK
    out = capsys.readouterr().out
    assert "what evidence must detect" in out
    assert "underpowered" in out
