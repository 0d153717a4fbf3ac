"""`driftwatch recompute` as a command: its mistakes here, its work in tests/integration/test_main_job.py."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from driftwatch.cli.program import run
from driftwatch.errors import ExitCode
from tests.monitor.world import WRITTEN


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "driftwatch.yaml"
    written = {
        "kafka": {"bootstrap_servers": ["127.0.0.1:1"]},
        "models": [WRITTEN],
        "state": {"directory": str(tmp_path / "state")},
    }
    path.write_text(yaml.safe_dump(written))
    return path


def test_without_a_state_it_says_what_to_name(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["recompute", "-c", str(config)]) == ExitCode.STATE
    assert "name the state directory with --state" in capsys.readouterr().err


def test_a_state_without_a_commit_is_the_same(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from driftwatch.storage.sqlite import open_checkpoint

    open_checkpoint(config.parent / "state").close()
    assert run(["recompute", "-c", str(config)]) == ExitCode.OK
    out = capsys.readouterr().out
    assert "0 records counted again" in out
    assert out.rstrip().endswith("same")
