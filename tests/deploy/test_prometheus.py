"""Prometheus and Alertmanager would take the files that compose.yaml gives them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.deploy.commands import ROOT

DEPLOY = ROOT / "deploy"


def accepted(*command: str | Path) -> None:
    program = str(command[0])
    if shutil.which(program) is None:
        pytest.skip(f"no {program}: install prometheus and prometheus-alertmanager")
    run = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr


def test_promtool_takes_configuration_and_rules() -> None:
    accepted("promtool", "check", "config", DEPLOY / "prometheus" / "prometheus.yml")


def test_amtool_takes_the_alertmanager_configuration() -> None:
    accepted("amtool", "check-config", DEPLOY / "alertmanager" / "alertmanager.yml")
