import json
from pathlib import Path

import pytest

from driftwatch.cli.program import run
from driftwatch.cli.reference import load_reference
from driftwatch.config.spec import Configuration
from driftwatch.errors import ExitCode, ReferenceFileError
from driftwatch.references.codec import encode
from tests.config.files import good
from tests.config.references import reference_of


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str]:
    data = good()
    data["models"][0]["cells"] = {"cells": 16}
    coarse = Configuration.model_validate(data).models[0]
    for name, reference in (("a", reference_of()), ("b", reference_of(coarse, events=300))):
        (tmp_path / f"{name}.ref").write_bytes(encode(reference))
    return str(tmp_path / "a.ref"), str(tmp_path / "b.ref")


def test_show(files: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["reference", "show", files[0]]) == ExitCode.OK
    out = capsys.readouterr().out
    assert out.startswith(f"reference {reference_of().hash} of credit (binary)")
    assert "from made up" in out
    assert "country=PT" in out
    assert run(["reference", "show", files[0], "--json"]) == ExitCode.OK
    assert json.loads(capsys.readouterr().out)["events"] == 400


def test_diff_says_whether_they_are_equal(files: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["reference", "diff", files[0], files[0]]) == 0
    assert capsys.readouterr().out == "the references are equal\n"
    assert run(["reference", "diff", *files]) == 1
    assert "another layout" in capsys.readouterr().out
    assert run(["reference", "diff", *files, "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["equal"] is False


def test_a_wrong_file_is_one_line_and_exit_code_4(
    files: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "x.ref").write_bytes(b"id,age\n1,2\n")
    assert run(["reference", "diff", files[0], str(tmp_path / "x.ref")]) == ExitCode.REFERENCE
    err = capsys.readouterr().err
    assert "not a driftwatch reference" in err
    assert err.count("\n") == 1
    with pytest.raises(ReferenceFileError, match="Is a directory"):
        load_reference(tmp_path)
