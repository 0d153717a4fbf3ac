"""The Dockerfile is clean, and everything that it names exists in the program."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

from driftwatch.config.spec import StateSpec
from driftwatch.telemetry.spec import HttpSpec
from tests.deploy.commands import ROOT, assert_command_exists, tool

DOCKERFILE = ROOT / "Dockerfile"


def instructions(name: str) -> list[str]:
    """The arguments of every instruction of this name, continuation lines joined."""
    text = re.sub(r"\\\n\s*", "", DOCKERFILE.read_text())
    return re.findall(rf"^{name}\s+(.*)$", text, re.MULTILINE)


def last_stage() -> str:
    return DOCKERFILE.read_text().rsplit("\nFROM ", 1)[1]


def test_hadolint_finds_nothing() -> None:
    run = subprocess.run([tool("hadolint"), str(DOCKERFILE)], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr


def test_what_it_copies_exists_and_is_not_ignored() -> None:
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    for copied in instructions("COPY"):
        if copied.startswith("--from"):
            continue
        for source in copied.split()[:-1]:
            assert (ROOT / source).exists(), source
            top = source.split("/", maxsplit=1)[0]
            assert f"!{top}" in ignored, f"{source} never reaches the build"


def test_the_final_stage_has_no_root_and_no_build_tools() -> None:
    stage = last_stage()
    assert "USER 10001:10001" in stage
    assert not re.search(r"apt-get|gcc|build-essential|pip install", stage)


def test_state_and_port_are_those_of_the_program() -> None:
    assert instructions("VOLUME") == [StateSpec().directory]
    assert instructions("EXPOSE") == [str(HttpSpec().port)]


def test_command_and_healthcheck_exist() -> None:
    (entrypoint,) = (json.loads(text) for text in instructions("ENTRYPOINT"))
    (command,) = (json.loads(text) for text in instructions("CMD"))
    (healthcheck,) = instructions("HEALTHCHECK")
    assert_command_exists([*entrypoint, *command])
    assert_command_exists(json.loads(healthcheck.partition("CMD ")[2]))


def test_the_configuration_is_where_compose_mounts_it() -> None:
    (command,) = (json.loads(text) for text in instructions("CMD"))
    mounted = f"./driftwatch.yaml:{Path(command[-1])}:ro"
    assert mounted in (ROOT / "deploy" / "compose.yaml").read_text()
