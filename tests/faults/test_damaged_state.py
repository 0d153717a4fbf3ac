"""State that is not what was written (F18): refused with one line or rebuilt; an older copy is counted on, never twice."""

from __future__ import annotations

import json
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from driftwatch.errors import ExitCode
from driftwatch.storage.directory import CHECKPOINT_FILE, OWNER_FILE
from driftwatch.storage.sqlite import open_checkpoint
from tests.faults.load import Load
from tests.faults.scene import Scene
from tests.integration.broker import Broker
from tests.integration.receiver import Receiver
from tests.waiting import until

pytestmark = pytest.mark.slow


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as running:
        yield running


def cut(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2)


def flip(path: Path) -> None:
    """One bit in every page but the first."""
    data = bytearray(path.read_bytes())
    for at in range(4_096 + 2_000, len(data), 4_096):
        data[at] ^= 1
    path.write_bytes(data)


def empty(path: Path) -> None:
    path.write_bytes(b"")


def driftwatch(scene: Scene, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "driftwatch", *arguments, "-c", str(scene.path)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def refused(scene: Scene) -> str:
    """Start it; it ends at once with the exit code of the state and one line."""
    scene.daemon.launch()
    assert scene.daemon.wait(30) == ExitCode.STATE
    (line,) = scene.daemon.stderr.read_text().splitlines()
    scene.daemon.stderr.unlink()
    return line


def stopped(scene: Scene) -> Path:
    """End the daemon so that everything is in the file and no log is left."""
    assert scene.daemon.stop() == 0
    path = scene.folder / "state" / CHECKPOINT_FILE
    open_checkpoint(path.parent).close()
    assert not path.with_name(path.name + "-wal").exists()
    return path


def test_f18_damage_is_refused_or_rebuilt(kafka: Broker, receiver: Receiver, tmp_path: Path) -> None:
    scene = Scene(kafka, tmp_path)
    load = Load(scene, receiver)
    try:
        scene.start()
        load.send(800)
        scene.consumed()
        until(lambda: receiver.ids("alert.firing"), 20, "an alert is told")
        path = stopped(scene)
        whole = path.read_bytes()
        for damage in (cut, flip, empty):
            damage(path)
            before = path.read_bytes()
            said = refused(scene)
            assert "is damaged" in said
            assert "`driftwatch state rebuild`" in said
            assert path.read_bytes() == before, "nothing was touched"
            path.write_bytes(whole)
        flip(path)
        checked = driftwatch(scene, "state", "check", "--json")
        assert (checked.returncode, json.loads(checked.stdout)["whole"]) == (ExitCode.STATE, False)
        told = len(receiver.seen)
        scene.config["state"]["on_damage"] = "rebuild"
        scene.start()
        scene.consumed()
        (aside,) = [line for line in scene.daemon.lines() if line["event"] == "state_set_aside"]
        assert aside["files"] == [str(path) + ".aside-1"]
        assert len(receiver.seen) == told, "what was delivered is not told again"
        load.send(800)
        load.settle()
        figures = load.check(scene.stop(errors=["state_set_aside"]))
        assert not driftwatch(scene, "state", "check").returncode
    finally:
        scene.daemon.close()
    print(f"F18 {figures}")


def test_f18_an_older_copy_is_counted_on_and_never_twice(
    kafka: Broker, receiver: Receiver, tmp_path: Path
) -> None:
    scene = Scene(kafka, tmp_path)
    load = Load(scene, receiver)
    copy = tmp_path / "copy"
    try:
        scene.start()
        with load.flowing():
            until(lambda: receiver.ids("alert.firing"), 30, "an alert is told")
            made = driftwatch(scene, "state", "backup", str(copy), "--json")
            assert made.returncode == 0, made.stderr
            assert json.loads(made.stdout)["whole"]
            until(lambda: receiver.ids("alert.resolved"), 30, "and more happens")
        scene.consumed()
        assert scene.daemon.stop(signal.SIGKILL) == -signal.SIGKILL
        shutil.rmtree(tmp_path / "state")
        copy.rename(tmp_path / "state")
        since = load.check_stored()
        assert since.sequence == json.loads(made.stdout)["sequence"]
        told_since = len(receiver.seen)
        scene.start()
        scene.consumed()
        (older,) = [line for line in scene.daemon.lines() if line["event"] == "state_older_than_group"]
        assert older["records"] > 0
        load.settle()
        load.kills += told_since  # what was delivered after the copy it cannot know
        figures = load.check(scene.stop())
    finally:
        scene.daemon.close()
    print(f"F18 older copy: {figures}")


def newer(path: Path, _: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()


def foreign(path: Path, other: Path) -> None:
    shutil.copy(other / OWNER_FILE, path.with_name(OWNER_FILE))


@pytest.mark.parametrize(
    ("done", "says"), [(newer, "written by a newer driftwatch"), (foreign, "belongs to another owner")]
)
def test_f18_newer_and_foreign_state_is_refused_whatever_is_configured(
    kafka: Broker, tmp_path: Path, done: Callable[[Path, Path], Any], says: str
) -> None:
    scene = Scene(kafka, tmp_path)
    scene.model("m")
    scene.config["state"]["on_damage"] = "rebuild"
    scene.write()
    for name in ("state", "other"):
        open_checkpoint(tmp_path / name).close()
    path = tmp_path / "state" / CHECKPOINT_FILE
    done(path, tmp_path / "other")
    before = path.read_bytes()
    assert says in refused(scene)
    assert path.read_bytes() == before
