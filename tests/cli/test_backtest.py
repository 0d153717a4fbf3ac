"""`driftwatch backtest` as a new user would try it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from driftwatch.cli.program import run
from driftwatch.errors import ExitCode
from driftwatch.references.codec import encode
from tests.cli.test_explain import CONFIG
from tests.evidence import models


@pytest.fixture
def arguments(tmp_path: Path) -> list[str]:
    (tmp_path / "credit.ref").write_bytes(encode(models.reference()))
    (tmp_path / "c.yaml").write_text(CONFIG)
    history = tmp_path / "history.ndjson"
    history.write_bytes(b"\n".join(models.records(4_800, models.START_MS + 10**9, 5)) + b"\n")
    return ["backtest", f"predictions={history}", "-c", str(tmp_path / "c.yaml")]


def test_it_says_what_would_have_been_told_and_when(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*arguments, "--inject", "income shift 1"]) == ExitCode.OK
    out = capsys.readouterr().out
    assert "would have sent 0 alerts" in out
    row = next(line for line in out.splitlines() if "income shift 1 sd" in line)
    assert "ticket after" in row
    assert " all " in row
    assert "|" in out.splitlines()[-1]


def test_as_json(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*arguments, "--inject", "income missing 20 %", "--json"]) == ExitCode.OK
    calm, changed = json.loads(capsys.readouterr().out)
    assert calm["alerts"] == []
    assert changed["alerts"][0]["field"] == "income"


def test_a_wrong_change_is_told_at_once(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*arguments, "--inject", "income sideways"]) == ExitCode.USAGE
    assert "FIELD shift" in capsys.readouterr().err
