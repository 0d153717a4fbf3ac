"""The demonstration as files: what is written can be asked, and answers without a broker."""

from __future__ import annotations

from pathlib import Path

import pytest

from driftwatch.cli.program import run
from driftwatch.config.load import load
from driftwatch.demo import written
from driftwatch.errors import ExitCode
from driftwatch.events.spec import DAY_MS

NOW_MS = 1_772_323_200_000


def test_the_folder_can_be_explained_and_backtested(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(written, "HISTORY_MS", DAY_MS // 4)
    monkeypatch.setattr(written, "GROSS_AFTER_MS", DAY_MS // 8)
    folder = tmp_path / "demo"
    said = written.write(folder, NOW_MS)
    lines = [line.split()[1:] for line in said.splitlines() if line.strip().startswith("driftwatch ")]
    assert [line[0] for line in lines] == ["explain", "backtest"]
    assert load(folder / "driftwatch.yaml").configuration.alerting.budget == "1 per week"
    assert run(lines[0]) == ExitCode.OK
    assert "income" in capsys.readouterr().out
    assert run([*lines[1], "--inject", "age missing 20 %"]) == ExitCode.OK
    out = capsys.readouterr().out
    assert "debt_ratio" in out, "what history itself has"
    assert "age missing 20 %" in out


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("x")
    with pytest.raises(FileExistsError):
        written.write(tmp_path, NOW_MS)
    assert [file.name for file in tmp_path.iterdir()] == ["mine"]
