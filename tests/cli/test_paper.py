import contextlib
import json
import os
import pty
import sys

import pytest

from driftwatch.cli.paper import Paper, count, size


def test_plain_tables_are_aligned_and_never_cut(capsys: pytest.CaptureFixture[str]) -> None:
    Paper().table(["name", "#count"], [["a" * 300, "1"], ["b", "12345"]])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["name", "count"]
    assert lines[1].startswith("  " + "a" * 300)
    assert {len(line) for line in lines} == {2 + 300 + 2 + 5}


def test_control_characters_never_reach_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    paper = Paper()
    paper.line("\x1b[31mred\x00")
    paper.heading("\x1b]0;x")
    paper.table(["\x1b"], [["\u202e\x07"]])
    assert not {"\x1b", "\x00", "\x07", "\u202e"} & set(capsys.readouterr().out)


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    Paper(True).json({"b": (1, 2), "a": None})
    assert json.loads(capsys.readouterr().out) == {"a": None, "b": [1, 2]}


def test_on_a_terminal_tables_are_rich(monkeypatch: pytest.MonkeyPatch) -> None:
    master, slave = pty.openpty()
    with os.fdopen(slave, "w", encoding="utf-8") as terminal:
        monkeypatch.setattr(sys, "stdout", terminal)
        paper = Paper()
        assert paper.terminal
        paper.heading("models")
        paper.table(["name", "#count"], [["[bold]x[/bold]", "1"]])
    shown = b""
    with os.fdopen(master, "rb", buffering=0) as reader, contextlib.suppress(OSError):
        while more := reader.read(10_000):  # ends with EIO: the other side is closed
            shown += more
    shown = shown.decode()
    assert "models" in shown
    assert "[bold]x[/bold]" in shown, "markup in the data is only text"


@pytest.mark.parametrize(
    ("size_bytes", "told"),
    [(0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (2**30, "1.0 GiB"), (2**45, "32768.0 GiB")],
)
def test_sizes(size_bytes: int, told: str) -> None:
    assert size(size_bytes) == told


def test_counts() -> None:
    assert count(1_234_567) == "1 234 567"
