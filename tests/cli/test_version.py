import pytest

from driftwatch import __version__
from driftwatch.cli.program import run


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["version"]) == 0
    assert capsys.readouterr().out == f"driftwatch {__version__}\n"
