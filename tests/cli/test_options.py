from pathlib import Path

import pytest

from driftwatch.cli.options import DEFAULT_CONFIG
from driftwatch.cli.program import run
from tests.config.files import GOOD


def test_the_configuration_is_found_by_option_variable_or_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("by-option.yaml", "by-variable.yaml", str(DEFAULT_CONFIG)):
        (tmp_path / name).write_text(GOOD)
    assert run(["check"]) == 0
    assert capsys.readouterr().out.startswith("driftwatch.yaml: ok")
    monkeypatch.setenv("DRIFTWATCH_CONFIG", "by-variable.yaml")
    assert run(["check"]) == 0
    assert capsys.readouterr().out.startswith("by-variable.yaml: ok")
    assert run(["check", "--config", "by-option.yaml"]) == 0
    assert capsys.readouterr().out.startswith("by-option.yaml: ok")
