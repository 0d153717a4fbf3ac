import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import ClassVar

import pytest

from driftwatch.cli.program import run
from driftwatch.config.load import Loaded
from driftwatch.errors import DamagedStateError, DriftwatchError, ExitCode, OffsetsGoneError
from driftwatch.storage.directory import CHECKPOINT_FILE
from driftwatch.storage.sqlite import open_checkpoint
from tests.config.files import GOOD
from tests.waiting import until

WAITER = """
import sys
from driftwatch.cli.run import stopped_by_signals
stop = stopped_by_signals(grace_s=float(sys.argv[1]))
print("ready", flush=True)
stop.wait()
print("stopping", flush=True)
if sys.argv[2] == "hang":
    import threading
    threading.Event().wait()
"""


def waiter(grace_s: str, how: str) -> "subprocess.Popen[str]":
    process = subprocess.Popen(
        [sys.executable, "-c", WAITER, grace_s, how],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_one_signal_asks_for_the_end(number: int) -> None:
    with waiter("60", "end") as process:
        os.kill(process.pid, number)
        assert process.communicate(timeout=30)[0] == "stopping\n"
    assert process.returncode == 0


def test_a_second_one_ends_at_once() -> None:
    """F27"""
    with waiter("60", "hang") as process:
        os.kill(process.pid, signal.SIGTERM)
        assert process.stdout is not None
        assert process.stdout.readline() == "stopping\n"
        os.kill(process.pid, signal.SIGTERM)
        until(lambda: process.poll() is not None, 30, "the process ended")
    assert process.returncode == ExitCode.FAILED


def test_an_end_that_takes_too_long_is_cut_short() -> None:
    with waiter("0.1", "hang") as process:
        os.kill(process.pid, signal.SIGTERM)
        until(lambda: process.poll() is not None, 30, "the process ended")
    assert process.returncode == ExitCode.FAILED


def test_a_wrong_configuration_starts_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "c.yaml").write_text(
        GOOD + "state: {directory: state}\nhttp: {token: {env: DRIFTWATCH_TEST_UNSET}}\n"
    )
    assert run(["run", "-c", str(tmp_path / "c.yaml")]) == ExitCode.CONFIGURATION
    assert "the environment variable `DRIFTWATCH_TEST_UNSET` is not set" in capsys.readouterr().err
    assert not (tmp_path / "state").exists()


CRASHER = """
import os
from driftwatch.app import App
def run(self, stop):
    raise RuntimeError("a bug\\nthat saw " + os.environ["CANARY"])
App.run = run
from driftwatch.cli import main
main()
"""


def test_a_crash_is_one_log_line_without_secrets(tmp_path: Path) -> None:
    """F34, F35: whatever goes wrong in us, the log stays one JSON object per line, and secrets stay inside."""
    (tmp_path / "c.yaml").write_text(
        GOOD
        + "state: {directory: state}\nhttp: {port: 0, token: {env: CANARY}}\ntelemetry: {log_format: json}\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", CRASHER, "run", "-c", str(tmp_path / "c.yaml")],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "CANARY": "canary-7f3a9c"},
        cwd=Path(__file__).parents[2],
    )
    assert ended.returncode == ExitCode.FAILED
    assert ended.stderr == ""
    last = json.loads(ended.stdout.splitlines()[-1])
    assert (last["event"], last["level"]) == ("crashed", "critical")
    assert "RuntimeError: a bug\nthat saw [redacted]" in last["exception"]
    assert "canary-7f3a9c" not in ended.stdout


class Starts:
    """An app that only opens its state and sees how its source ended."""

    errors: ClassVar[list[DriftwatchError]] = []
    ran: ClassVar[int] = 0

    def __init__(self, loaded: Loaded, reloaded: object) -> None:
        self._checkpoint = open_checkpoint(Path(loaded.configuration.state.directory))

    def reload(self) -> None:
        raise AssertionError("nobody asks")

    def run(self, stop: threading.Event) -> None:
        self._checkpoint.close()
        if self.errors:
            raise self.errors.pop()
        type(self).ran += 1


@pytest.fixture
def starts(monkeypatch: pytest.MonkeyPatch) -> type[Starts]:
    monkeypatch.setattr("driftwatch.app.App", Starts)
    monkeypatch.setattr("driftwatch.cli.run.stopped_by_signals", threading.Event)
    monkeypatch.setattr("driftwatch.telemetry.logs.set_up", lambda *_: None)
    monkeypatch.setattr(Starts, "ran", 0)
    monkeypatch.setattr(Starts, "errors", [])
    return Starts


def configured(folder: Path, *more: str) -> tuple[str, Path]:
    """A configuration with a state directory that holds one checkpoint."""
    text = GOOD.replace("kafka: {", "kafka: {on_reset: rebuild, ") if "on_reset" in more else GOOD
    damage = ", on_damage: rebuild" if "on_damage" in more else ""
    (folder / "c.yaml").write_text(f"{text}state: {{directory: state{damage}}}\n")
    open_checkpoint(folder / "state").close()
    return str(folder / "c.yaml"), folder / "state" / CHECKPOINT_FILE


def test_damaged_state_is_refused_unless_told(
    tmp_path: Path, starts: type[Starts], capsys: pytest.CaptureFixture[str]
) -> None:
    config, path = configured(tmp_path)
    path.write_bytes(b"")
    assert run(["run", "-c", config]) == ExitCode.STATE
    assert "`driftwatch state rebuild` sets it aside" in capsys.readouterr().err
    assert path.read_bytes() == b""
    assert starts.ran == 0


def test_damaged_state_is_rebuilt_once_where_told(tmp_path: Path, starts: type[Starts]) -> None:
    config, path = configured(tmp_path, "on_damage")
    path.write_bytes(b"")
    assert run(["run", "-c", config]) == ExitCode.OK
    assert starts.ran == 1
    assert path.with_name(path.name + ".aside-1").read_bytes() == b""
    starts.errors = [DamagedStateError("again"), DamagedStateError("while it ran")]
    assert run(["run", "-c", config]) == ExitCode.STATE, "what looks whole is not set aside"
    assert path.exists()


@pytest.mark.parametrize(("told", "code", "ran"), [("", ExitCode.SOURCE, 0), ("on_reset", ExitCode.OK, 1)])
def test_offsets_that_are_gone_are_refused_unless_told(
    tmp_path: Path, starts: type[Starts], told: str, code: ExitCode, ran: int
) -> None:
    config, path = configured(tmp_path, told)
    starts.errors = [OffsetsGoneError("gone")]
    assert run(["run", "-c", config]) == code
    assert starts.ran == ran
    assert path.with_name(path.name + ".aside-1").exists() is bool(told)
