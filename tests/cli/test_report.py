from pathlib import Path

import numpy as np
import pytest

from driftwatch.cli.program import run
from driftwatch.cli.report import audited
from driftwatch.errors import ExitCode, StateError
from driftwatch.storage.sqlite import open_checkpoint
from tests.telemetry.lender import lender


def test_a_state_directory_becomes_one_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "drift.html"
    assert run(["report", "-c", str(lender().folder / "driftwatch.yaml"), "--out", str(out)]) == ExitCode.OK
    assert capsys.readouterr().out.startswith(f"{out}: commit 60, ")
    assert "Drift report" in out.read_text()


def test_what_is_read_is_what_the_daemon_showed() -> None:
    live, stored = lender().model, audited(lender().folder / "state").snapshot.models["credit-default"]
    assert stored.history == live.history
    assert stored.decisions == live.decisions
    assert stored.alerts == live.alerts
    assert stored.versions["1"].verdict == live.versions["1"].verdict
    for key, reading in live.versions["1"].readings.items():
        again = stored.versions["1"].readings[key]
        assert (again.start_ms, again.end_ms) == (reading.start_ms, reading.end_ms)
        assert again.events.tolist() == reading.events.tolist()
        name = "psi" if "psi" in reading.estimates else "accuracy"
        assert np.array_equal(again.estimates[name].value, reading.estimates[name].value, equal_nan=True)
    for view, before in zip(stored.versions["1"].evidence, live.versions["1"].evidence, strict=True):
        assert (view.group, view.firing) == (before.group, before.firing)


def test_mistakes_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    state = str(lender().folder / "state")
    assert run(["report", "--state", state, "--model", "nobody", "--out", str(tmp_path / "x")]) != ExitCode.OK
    assert "it has credit-default" in capsys.readouterr().err
    assert run(["report", "--state", state, "--out", str(tmp_path / "no" / "x")]) != ExitCode.OK
    assert "say where with --out" in capsys.readouterr().err
    open_checkpoint(tmp_path / "empty").close()
    with pytest.raises(StateError, match="nothing was committed"):
        audited(tmp_path / "empty")
