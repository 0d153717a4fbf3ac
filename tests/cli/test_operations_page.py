"""docs/operations.md names every command, every exit code, and no option that does not exist."""

import re
from pathlib import Path

import pytest

from driftwatch.cli.program import run
from driftwatch.errors import ExitCode

PAGE = (Path(__file__).parents[2] / "docs" / "operations.md").read_text(encoding="utf-8")


def help_of(command: str, capsys: pytest.CaptureFixture[str]) -> str:
    assert run([*command.split(), "--help"]) == 0
    return capsys.readouterr().out


def test_every_exit_code_is_explained() -> None:
    rows = dict(re.findall(r"^\| (\d+) \| `(\w+)` \|", PAGE, re.MULTILINE))
    assert rows == {str(code.value): code.name for code in ExitCode}


def test_every_command_has_a_section(capsys: pytest.CaptureFixture[str]) -> None:
    listed = re.findall(r"^│ (\w+)\s", help_of("", capsys), re.MULTILINE)
    sections = re.findall(r"^### `driftwatch (\w+)", PAGE, re.MULTILINE)
    assert sorted(sections) == sorted(listed)


def test_every_option_named_exists(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    known = " ".join(
        help_of(command, capsys)
        for command in (
            "run",
            "check",
            "reference build",
            "reference show",
            "replay",
            "explain",
            "backtest",
            "recompute",
            "status",
            "retry",
            "state check",
            "state backup",
            "state rebuild",
            "demo",
        )
    )
    assert {option for option in re.findall(r"--[a-z]+", PAGE) if option not in known} == set()
