"""What the image does at build and start, done without a container engine.

The same script as in the Dockerfile builds the environment. The program then runs as the image's user (where the
tests are root and that user can run a Python), in a directory that it may not write to.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

import driftwatch
from tests.deploy import documents
from tests.deploy.commands import ROOT
from tests.integration.broker import Broker, free_ports
from tests.waiting import until

pytestmark = pytest.mark.slow

DEPLOY = ROOT / "deploy"
UID = 10001


class Image:
    """The installed program with its read-only working directory and its state directory."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.python, self.other_user = interpreter()
        self.environment = root / "opt"
        self.state = root / "state"
        self.cwd = root / "cwd"

    def options(self, **extra: str) -> dict[str, Any]:
        """Arguments for subprocess: environment variables of the image only, and its user if we may become it."""
        variables = {"PATH": f"{self.environment / 'bin'}:/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1"}
        options: dict[str, Any] = {"cwd": self.cwd, "env": variables | extra, "text": True}
        if self.other_user:
            options |= {"user": UID, "group": UID, "extra_groups": []}
        return options

    def run(self, *arguments: str, **extra: str) -> subprocess.CompletedProcess[str]:
        program = self.environment / "bin" / arguments[0]
        return subprocess.run(
            [str(program), *arguments[1:]],
            capture_output=True,
            check=False,
            timeout=120,
            **self.options(**extra),
        )


def interpreter() -> tuple[str, bool]:
    """The Python to build with, and whether another user can run it: one in root's home only root can."""
    if os.geteuid() != 0:
        return sys.executable, False
    can_build = "import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))"
    for python in (sys.executable, shutil.which("python3", path="/usr/local/bin:/usr/bin")):
        try:
            run = subprocess.run([str(python), "-c", can_build], check=False, user=UID, group=UID, cwd="/")
        except OSError:
            continue
        if run.returncode == 0:
            return str(python), True
    return sys.executable, False


@pytest.fixture(scope="module")
def image() -> Iterator[Image]:
    root = Path(
        tempfile.mkdtemp(prefix="driftwatch-image-")
    )  # not pytest's directory: only its owner may enter that
    root.chmod(0o755)
    built = Image(root)
    try:
        source = root / "src"
        source.mkdir()
        for name in ("pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md"):
            shutil.copy(ROOT / name, source)
        for name in ("requirements", "driftwatch"):
            shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
        script = DEPLOY / "image" / "build.sh"
        run = subprocess.run(
            ["sh", str(script), str(source), str(built.environment), str(root / "work")],
            env=os.environ | {"PYTHON": built.python},
            capture_output=True,
            text=True,
            check=False,
        )
        assert run.returncode == 0, run.stdout + run.stderr
        shutil.rmtree(root / "work")
        shutil.rmtree(source)
        built.state.mkdir()
        if built.other_user:
            os.chown(built.state, UID, UID)
        built.cwd.mkdir()
        built.cwd.chmod(0o555)
        yield built
    finally:
        shutil.rmtree(root)


def variables() -> dict[str, str]:
    """The environment that compose.yaml sets, with its defaults."""
    compose = documents.read(DEPLOY / "compose.yaml")
    declared = compose["services"]["driftwatch"]["environment"]
    return {name: text.partition(":-")[2].rstrip("}") for name, text in declared.items()}


def test_it_holds_no_pip_and_no_build_tool(image: Image) -> None:
    assert image.run("python", "-c", "import pip").returncode != 0
    assert image.run("python", "-c", "import hatchling").returncode != 0


def test_the_command_says_its_version(image: Image) -> None:
    run = image.run("driftwatch", "--version")
    assert (run.returncode, driftwatch.__version__ in run.stdout) == (0, True), run.stdout + run.stderr


def test_it_checks_the_example_configuration(image: Image) -> None:
    path = shutil.copy(DEPLOY / "driftwatch.yaml", image.root)
    run = image.run("driftwatch", "check", "-c", str(path), **variables())
    assert run.returncode == 0, run.stdout + run.stderr
    assert "credit-default" in run.stdout


def test_the_healthcheck_fails_without_a_daemon(image: Image) -> None:
    run = image.run("driftwatch", "status")
    assert run.returncode == 1, "Docker takes 0 as healthy, 1 as unhealthy, and nothing else\n" + run.stderr


@pytest.mark.broker
def test_it_starts_becomes_healthy_and_stops(image: Image, kafka: Broker) -> None:
    configuration = documents.read(DEPLOY / "driftwatch.yaml")
    port, _ = free_ports()
    (model,) = configuration["models"]
    for stream in ("predictions", "labels"):
        model[stream]["topic"] = kafka.create_topic(partitions=2)
    configuration |= {
        "kafka": {"bootstrap_servers": [kafka.bootstrap_servers], "group_id": f"image-{port}"},
        "state": {"directory": str(image.state)},
        "http": {"host": "127.0.0.1", "port": port},
    }
    path = image.root / "run.yaml"
    path.write_text(yaml.safe_dump(configuration))
    with (image.root / "log").open("w+") as log:
        process = subprocess.Popen(
            [str(image.environment / "bin" / "driftwatch"), "run", "-c", str(path)],
            stdout=log,
            stderr=log,
            **image.options(**variables()),
        )

        def healthy() -> bool:
            log.seek(0)
            assert process.poll() is None, log.read()
            return image.run("driftwatch", "status", "--url", f"http://127.0.0.1:{port}").returncode == 0

        try:
            until(healthy, 60, "a healthy daemon", every_s=0.2)
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 0
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
    assert any(image.state.iterdir()), "no state was written where the volume is"
