"""A disk that is full (F16) or cannot sync (F17) under a daemon that consumes: it waits, or ends at once; nothing is wrong after."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from driftwatch.errors import ExitCode
from tests.faults.load import Load
from tests.faults.scene import Scene
from tests.integration.broker import Broker
from tests.integration.receiver import Receiver
from tests.storage.disks import filled, mount_small_disk, unmount
from tests.waiting import stays, until

pytestmark = pytest.mark.slow


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as running:
        yield running


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    if not mount_small_disk(tmp_path / "state", 4_000_000):
        pytest.skip("this user may not mount a tmpfs: run as root")
    yield tmp_path / "state"
    unmount(tmp_path / "state")


def test_f16_a_full_disk_pauses_and_it_goes_on_alone(
    kafka: Broker, receiver: Receiver, tmp_path: Path, small_disk: Path
) -> None:
    scene = Scene(kafka, tmp_path)
    load = Load(scene, receiver)
    try:
        scene.start()
        load.send(800)
        scene.consumed()
        with filled(small_disk):
            load.send(800)
            reasons = until(lambda: scene.daemon.ready()[1].get("reasons"), 120, "it is not ready")
            assert "no space left" in reasons["commit_failed"]
            before = scene.daemon.get("/api/v1/status")["commit"]
            load.send(800)
            stays(lambda: scene.daemon.get("/api/v1/status")["commit"] == before, 1.5, "nothing is committed")
            assert scene.daemon.ready()[0] == 503
            assert scene.daemon.get("/healthz") is not None
        until(lambda: scene.daemon.ready()[0] == 200, 120, "it is ready again")
        load.settle()
        end = scene.stop(errors=["sender_failed"])  # what was delivered cannot be written down either
        figures = load.check(end)
    finally:
        scene.daemon.close()
    print(f"F16 {figures}")
    events = [line["event"] for line in end.lines]
    assert (events.count("commit_failed"), events.count("commit_again")) == (1, 1), (
        "said once, not every second"
    )


def test_f17_a_sync_that_fails_ends_the_process_and_the_restart_is_exact(
    kafka: Broker, receiver: Receiver, tmp_path: Path
) -> None:
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip("no strace: install it")
    scene = Scene(kafka, tmp_path)
    load = Load(scene, receiver)
    inject = [strace, "-D", "-f", "-qq", "--seccomp-bpf", "-o", str(tmp_path / "strace.log")]
    scene.write()
    load.send(500)
    try:
        for when in (30, 45):
            calls = f"fsync,fdatasync:error=EIO:when={when}+"
            scene.daemon.launch(prefix=[*inject, "-e", "trace=fsync,fdatasync", "-e", f"inject={calls}"])
            with load.flowing():
                assert scene.daemon.wait(120) == ExitCode.STATE
            said = scene.daemon.stderr.read_text().splitlines()[-1]
            assert said.startswith("driftwatch: error: the disk could not make ")
            assert "INJECTED" in (tmp_path / "strace.log").read_text()
            load.kills += 1
            load.check_stored()
        scene.daemon.stderr.unlink()
        scene.daemon.start()
        load.settle()
        figures = load.check(scene.stop())
    finally:
        scene.daemon.close()
    print(f"F17 {figures}")
