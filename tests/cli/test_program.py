import subprocess
import sys
from pathlib import Path

import pytest

from driftwatch.cli.program import run, tell
from driftwatch.errors import (
    ConfigurationError,
    DriftwatchError,
    ExitCode,
    Problem,
    ReferenceFileError,
    StateError,
)

COMMANDS = ("run", "check", "reference", "demo", "status", "retry", "state", "version")
HEAVY = ("numpy", "scipy", "kafka", "pydantic", "starlette", "httpx2", "yaml", "structlog", "msgspec")


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == ExitCode.OK
    out = capsys.readouterr().out
    assert all(command in out for command in COMMANDS)


@pytest.mark.parametrize(
    "command", [*COMMANDS, "reference build", "reference show", "reference diff", "state check"]
)
def test_every_command_has_help_that_names_its_options(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*command.split(), "--help"]) == ExitCode.OK
    assert "Usage: driftwatch " + command in capsys.readouterr().out.replace("  ", " ")


def test_wrong_usage_is_exit_code_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", "--nope"]) == ExitCode.USAGE
    assert run(["nope"]) == ExitCode.USAGE
    assert "No such option" in capsys.readouterr().err


@pytest.mark.parametrize("error", [DriftwatchError, ReferenceFileError, StateError])
def test_an_error_is_one_line_on_stderr(
    error: type[DriftwatchError], capsys: pytest.CaptureFixture[str]
) -> None:
    tell(error("first\nsecond   third"))
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "driftwatch: error: first second third\n")


def test_a_configuration_tells_every_mistake(capsys: pytest.CaptureFixture[str]) -> None:
    tell(ConfigurationError(problems=(Problem("a", 1, 2, "m"), Problem("a", 2, 2, "n"))))
    assert capsys.readouterr().err == "a:1:2: error: m\na:2:2: error: n\n2 errors\n"


def test_an_error_of_a_command_is_its_exit_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["reference", "show", str(tmp_path / "x.ref")]) == ExitCode.REFERENCE
    assert (
        capsys.readouterr().err
        == f"driftwatch: error: {tmp_path}/x.ref cannot be read: No such file or directory\n"
    )


def test_help_needs_none_of_the_heavy_modules() -> None:
    """So that `driftwatch --help` is quick: the work's modules are imported by the command that needs them."""
    code = (
        "import sys\n"
        "from driftwatch.cli.program import run\n"
        "assert run(['--help']) == 0\n"
        f"loaded = [name for name in {HEAVY!r} if name in sys.modules]\n"
        "assert not loaded, loaded\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def test_the_module_is_the_command() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "driftwatch", "version"], check=False, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout.split()[0]) == (0, "driftwatch")
    done = subprocess.run(
        [sys.executable, "-m", "driftwatch", "check", "-c", "/nope.yaml"],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == ExitCode.CONFIGURATION
    assert done.stderr.startswith("/nope.yaml: error: the file cannot be read")
    assert "Traceback" not in done.stderr


def test_a_reader_that_goes_away_is_no_traceback() -> None:
    """`driftwatch check --schema | head -1`"""
    process = subprocess.Popen(
        [sys.executable, "-m", "driftwatch", "check", "--schema"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait() == ExitCode.FAILED
