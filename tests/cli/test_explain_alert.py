import json
from pathlib import Path

import msgspec
import pytest

from driftwatch.cli.program import run
from driftwatch.errors import ExitCode
from driftwatch.monitor.changes import Changes
from driftwatch.storage.sqlite import open_checkpoint
from tests.cli.test_reference_accept import Served, served  # noqa: F401  (a fixture)
from tests.monitor.test_watching import Traffic, Watched
from tests.telemetry import pictures


def explained(config: Path, *more: str) -> int:
    return run(["explain", "-c", str(config), *more])


def test_an_alert_of_a_running_daemon_by_fingerprint_and_by_rule(
    served: Served,  # noqa: F811
    capsys: pytest.CaptureFixture[str],
) -> None:
    alert = pictures.alert()
    for wanted in (alert.fingerprint[:6], alert.rule):
        assert explained(served.config, wanted) == ExitCode.OK
        out = capsys.readouterr().out
        assert f"{alert.severity}: {alert.rule} in {alert.model}" in out
        assert alert.findings[0].slice in out
        assert "limit" in out
    assert explained(served.config, "nothing") != ExitCode.OK
    assert alert.fingerprint in capsys.readouterr().err


def test_evidence_from_a_state_directory(
    served: Served,  # noqa: F811
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    core = Watched()
    Traffic().add(10).add(15, drifted=True).into(core)
    checkpoint = open_checkpoint(tmp_path / "state")
    checkpoint.commit(Changes(states=dict(core.store.saved.states)))
    checkpoint.close()
    assert explained(served.config, "evidence inputs", "--state", str(tmp_path / "state")) == ExitCode.OK
    out = capsys.readouterr().out
    assert "ticket: evidence inputs in m, version 1" in out
    assert "1. all · x, since" in out
    for words in ("ln E", "path of its best bet", "▁", "bets that paid", "nearest that do not fire"):
        assert words in out
    assert explained(served.config, "evidence inputs", "--state", str(tmp_path / "state"), "--json") == 0
    (answer,) = json.loads(capsys.readouterr().out)
    assert answer["findings"][0]["evidence"] == list(core.alerts()["evidence inputs"].findings[0].evidence)
    assert msgspec.json.encode(answer)
