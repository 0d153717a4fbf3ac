import json
from pathlib import Path

import pytest

from driftwatch.cli.program import run
from driftwatch.config.schema import schema
from driftwatch.errors import ExitCode
from driftwatch.references.codec import encode
from tests.config.files import GOOD
from tests.config.references import reference_of
from tests.config.test_load import FIVE

ROOT = Path(__file__).parents[2]


def test_a_right_file_is_planned(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(GOOD.replace("{learn: 7d}", "credit.ref"))
    (tmp_path / "credit.ref").write_bytes(encode(reference_of()))
    assert run(["check", "-c", str(path)]) == ExitCode.OK
    out = capsys.readouterr().out
    assert out.startswith(f"{path}: ok, configuration ")
    assert "6 slices (country 3)" in out
    assert "memory, at most" in out


def test_all_mistakes_with_lines_and_exit_code_3(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(FIVE)
    assert run(["check", "-c", str(path)]) == ExitCode.CONFIGURATION
    captured = capsys.readouterr()
    assert captured.out == ""
    for line, column in ((1, 1), (2, 3), (5, 11), (8, 5), (9, 14), (10, 22)):
        assert f"{path}:{line}:{column}: error: " in captured.err
    assert captured.err.count("  write: ") == 6
    assert captured.err.endswith("6 errors\n")


def test_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(GOOD)
    assert run(["check", "-c", str(path), "--json", "--partitions", "4"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["plan"]["partitions"] == 4
    assert answer["plan"]["models"][0]["windows"] == [
        {"name": "1h", "panes": 12, "size_ms": 3_600_000, "slide_ms": 300_000}
    ]
    assert len(answer["hash"]) == 64
    path.write_text(FIVE)
    assert run(["check", "-c", str(path), "--json"]) == ExitCode.CONFIGURATION
    captured = capsys.readouterr()
    errors = json.loads(captured.out)["errors"]
    assert [(e["line"], e["column"]) for e in errors][:2] == [(1, 1), (2, 3)]
    assert captured.err == ""


def test_offline_looks_at_nothing_outside(capsys: pytest.CaptureFixture[str]) -> None:
    example = str(ROOT / "deploy" / "examples" / "car-loan.yaml")
    assert run(["check", "-c", example]) == ExitCode.CONFIGURATION
    assert "car-loan.ref cannot be read" in capsys.readouterr().err
    assert run(["check", "-c", example, "--offline"]) == ExitCode.OK


def test_the_schema(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", "--schema"]) == 0
    assert json.loads(capsys.readouterr().out) == schema()
