"""The switch that forbids skips, and the order of the tests."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
MODULE = """
import pytest

@pytest.mark.broker
def test_broker(): pass

@pytest.mark.slow
def test_slow(): pass

def test_fast(): pass

def test_skips(): pytest.skip("no java")

@pytest.mark.xfail
def test_known(): assert False
"""


def run(directory: Path, no_skip: str) -> str:
    """Run pytest with our conftest as a plugin; the order of lines is the order of tests."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "DRIFTWATCH_NO_SKIP": no_skip}
    marks = ["-o", "markers=broker\nslow"]
    command = [sys.executable, "-m", "pytest", "-v", "-p", "tests.conftest", "-p", "no:cacheprovider", *marks]
    return subprocess.run(
        command, cwd=directory, env=environment, capture_output=True, text=True, check=False
    ).stdout


@pytest.mark.parametrize("switch", ["", "0"])
def test_a_skip_is_a_skip_without_the_switch(tmp_path: Path, switch: str) -> None:
    (tmp_path / "test_some.py").write_text(MODULE)
    assert "3 passed, 1 skipped, 1 xfailed" in run(tmp_path, switch)


def test_with_the_switch_a_skip_has_failed_and_says_why(tmp_path: Path) -> None:
    (tmp_path / "test_some.py").write_text(MODULE)
    printed = run(tmp_path, "1")
    assert "1 failed, 3 passed, 1 xfailed" in printed
    assert "skips are forbidden here (DRIFTWATCH_NO_SKIP): Skipped: no java" in printed


def test_with_the_switch_a_module_may_not_skip_itself_either(tmp_path: Path) -> None:
    (tmp_path / "test_some.py").write_text("import pytest\npytest.importorskip('no_such_module')\n")
    printed = run(tmp_path, "1")
    assert "1 error" in printed
    assert "could not import 'no_such_module'" in printed


def test_fast_before_slow_before_broker(tmp_path: Path) -> None:
    (tmp_path / "test_some.py").write_text(MODULE)
    order = re.findall(r"^test_some.py::(\w+)", run(tmp_path, ""), re.MULTILINE)
    assert order == ["test_fast", "test_skips", "test_known", "test_slow", "test_broker"]
