"""Storage under a failing disk: power cuts and errors at every durable step; what is read after is the last acknowledged commit."""

from __future__ import annotations

import ast
import random
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from driftwatch.storage.sqlite import open_checkpoint
from tests.storage import failing_disk
from tests.storage.test_sqlite import held, run

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler: install gcc"),
]


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return failing_disk.compiled(tmp_path_factory.mktemp("disk"))


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory where there is one: what is not written there is a matter of the recorder, not of the disk."""
    shared = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=shared if shared.is_dir() else tmp_path) as name:
        yield Path(name)


@pytest.fixture(scope="module")
def states(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Any, ...]]:
    checkpoint = open_checkpoint(tmp_path_factory.mktemp("expected"))
    found = run(checkpoint, failing_disk.COMMITS)
    checkpoint.close()
    return found


@pytest.fixture(scope="module")
def steps(library: Path, tmp_path_factory: pytest.TempPathFactory) -> list[failing_disk.Step]:
    folder = tmp_path_factory.mktemp("recorded")
    log = tmp_path_factory.mktemp("log") / "log"
    failing_disk.run(library, "record", folder, DISK_LOG=str(log))
    return failing_disk.read_log(log)


def test_the_record_is_whole(steps: list[failing_disk.Step], tmp_path: Path) -> None:
    """With everything that was told the files are those of the process: nothing goes around the recorder."""
    disk = failing_disk.Disk()
    for step in steps:
        disk.take(step)
    for name, content in disk.after_a_cut(random.Random(0), "all").items():
        assert Path(name).read_bytes() == content, name
    kinds = {step.kind for step in steps}
    assert kinds == {"w", "t", "s", "r", "u"}


@pytest.mark.parametrize(
    ("seed", "every"), [(1, 40), *(pytest.param(seed, 1, marks=pytest.mark.full) for seed in range(2, 6))]
)
def test_after_a_power_cut_the_last_acknowledged_commit_is_read(
    steps: list[failing_disk.Step], states: list[tuple[Any, ...]], memory: Path, seed: int, every: int
) -> None:
    found: list[int] = []
    for what, acknowledged, files in failing_disk.cuts(steps, seed, every):
        path = memory / "state"
        path.mkdir()
        for name, content in files.items():
            (path / Path(name).name).write_bytes(content)
        checkpoint = open_checkpoint(path)
        state = held(checkpoint)
        checkpoint.close()
        shutil.rmtree(path)
        assert state[0] in (acknowledged, acknowledged + 1), (what, state[0], acknowledged)
        assert state == states[state[0]], what
        found.append(state[0])
    print(f"power cuts: {len(found)}, commits {min(found)} to {max(found)}")
    assert max(found) == failing_disk.COMMITS


@pytest.mark.parametrize("every", [17, pytest.param(1, marks=pytest.mark.full)])
def test_every_step_may_fail_once(library: Path, memory: Path, every: int) -> None:
    """A full disk is tried again; a failed write goes back to the last commit; a failed sync ends the process (F16, F17)."""
    outcomes = ast.literal_eval(failing_disk.run(library, "errors", memory, EVERY=str(every)))
    print(f"errors: {outcomes}")
    for outcome in ("ENOSPC tried again", "EIO loaded again", "EIO ended", "EIO not started"):
        assert outcomes[outcome] > 0
