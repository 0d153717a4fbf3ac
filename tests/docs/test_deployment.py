"""docs/deployment.md: its shell blocks are run word by word on a real broker, and what it names exists."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from pathlib import Path

import pytest

from tests.deploy.commands import ROOT, assert_command_exists
from tests.deploy.rendering import CHART
from tests.integration.broker import Broker, free_ports

PAGE = (ROOT / "docs" / "deployment.md").read_text(encoding="utf-8")
SHELL: list[str] = re.findall(r"^```sh\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
CONSOLE: list[str] = re.findall(r"^\$ (.*)$", PAGE, re.MULTILINE)


@pytest.mark.slow
def test_the_first_section_works_word_by_word(kafka: Broker) -> None:
    section = PAGE.split("## On this machine")[1].split("\n## ")[0]
    assert all(block in section for block in SHELL), "every block that is run is of this section"
    environment = os.environ | {
        "KAFKA": kafka.bootstrap_servers,
        "DRIFTWATCH_HTTP__PORT": str(free_ports()[0]),
        "COLUMNS": "200",
    }
    script = "set -eu\n" + "\n".join(SHELL)
    process = subprocess.Popen(
        ["/bin/sh", "-c", script],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        said, _ = process.communicate(timeout=400)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    assert process.returncode == 0, said
    assert "memory, at most" in said or "all " in said, said
    assert re.search(r"credit-default .*learning", said), said
    assert not (ROOT / "build" / "try").exists()


def test_every_path_that_it_names_exists() -> None:
    paths = set(re.findall(r"\b((?:deploy|dashboards|tests)/[\w./-]*\w)", PAGE))
    assert len(paths) > 5
    assert [path for path in sorted(paths) if not (ROOT / path).exists()] == []


def test_every_command_of_ours_exists() -> None:
    lines = [line for block in SHELL for line in block.splitlines()] + CONSOLE
    ours = [
        match[1].strip()
        for line in lines
        if (match := re.search(r"(?<!kubectl)(?:^|until |INT \d+ )(driftwatch [a-z]+[^|>&;]*)", line))
    ]
    assert len(ours) >= 6
    for line in ours:
        if line.startswith("driftwatch state "):  # a group of commands; it is run above
            continue
        words = [word for word in line.split() if not word.startswith("build/") and "http" not in word]
        assert_command_exists(words)


def test_the_templates_that_it_includes_are_in_the_chart() -> None:
    defined = set(re.findall(r'define "([^"]+)"', (CHART / "templates" / "_sidecar.tpl").read_text()))
    assert set(re.findall(r'include "([^"]+)"', PAGE)) == defined


def test_the_other_pages_of_this_kind_name_what_exists() -> None:
    docs = Path(ROOT / "docs")
    for name in ("deployment", "security", "sizing", "migration", "webhooks"):
        text = (docs / f"{name}.md").read_text(encoding="utf-8")
        for target in re.findall(r"\]\(([\w-]+\.(?:md|json))(?:#[\w-]+)?\)", text):
            assert (docs / target).exists(), f"{name}.md: {target}"
