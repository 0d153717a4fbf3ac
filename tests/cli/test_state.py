import json
from pathlib import Path

import pytest

from driftwatch.cli.program import run
from driftwatch.errors import ExitCode
from driftwatch.events.records import Partition
from driftwatch.monitor.changes import Changes
from driftwatch.storage.directory import CHECKPOINT_FILE
from driftwatch.storage.sqlite import open_checkpoint
from tests.config.files import GOOD


@pytest.fixture
def config(tmp_path: Path) -> str:
    path = tmp_path / "c.yaml"
    path.write_text(GOOD + "state: {directory: state}\n")
    checkpoint = open_checkpoint(tmp_path / "state")
    checkpoint.load()
    checkpoint.commit(Changes(offsets={Partition("t", 1): 12_345}))
    checkpoint.close()
    return str(path)


def test_check_says_what_is_held(config: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["state", "check", "-c", config]) == ExitCode.OK
    out = capsys.readouterr().out
    assert "commit 1 of owner" in out
    assert ["t", "1", "12", "345"] in [line.split() for line in out.splitlines()]
    assert "Every row fits its checksum" in out
    assert run(["state", "check", "-c", config, "--json"]) == ExitCode.OK
    found = json.loads(capsys.readouterr().out)
    assert (found["whole"], found["sequence"]) == (True, 1)
    assert found["offsets"] == [{"topic": "t", "partition": 1, "next": 12_345}]


def test_check_ends_with_the_exit_code_of_the_state(config: str, capsys: pytest.CaptureFixture[str]) -> None:
    (Path(config).parent / "state" / CHECKPOINT_FILE).write_bytes(b"")
    assert run(["state", "check", "-c", config]) == ExitCode.STATE
    assert "is damaged (it is empty): `driftwatch state rebuild` sets it aside" in capsys.readouterr().out


def test_a_backup_can_be_put_in_the_place_of_the_state(
    config: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["state", "backup", str(tmp_path / "copy"), "-c", config]) == ExitCode.OK
    assert capsys.readouterr().out.startswith(f"{tmp_path}/copy: commit 1, ")
    assert run(["state", "backup", str(tmp_path / "copy"), "-c", config]) == ExitCode.STATE
    assert "exists already" in capsys.readouterr().err
    restored = open_checkpoint(tmp_path / "copy")
    assert restored.load().offsets == {Partition("t", 1): 12_345}
    restored.close()


def test_rebuild_leaves_what_is_whole_unless_told(config: str, capsys: pytest.CaptureFixture[str]) -> None:
    path = Path(config).parent / "state" / CHECKPOINT_FILE
    assert run(["state", "rebuild", "-c", config]) == ExitCode.FAILED
    assert "is whole: nothing was done" in capsys.readouterr().out
    assert run(["state", "rebuild", "--all", "-c", config]) == ExitCode.OK
    assert f"set aside: {path}.aside-1" in capsys.readouterr().out
    assert not path.exists()


def test_without_a_directory_it_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "c.yaml").write_text(GOOD + "state: {directory: state}\n")
    for command in (["check"], ["rebuild"], ["backup", str(tmp_path / "copy")]):
        assert run(["state", *command, "-c", str(tmp_path / "c.yaml")]) == ExitCode.STATE
        assert "there is no state directory" in capsys.readouterr().err
