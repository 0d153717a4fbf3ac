"""`python -m tests.mutants`: takes one safety line out of a copy of the tree at a time, and shows that some test fails."""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import IO

from tests.mutants.catalogue import MUTANTS, Mutant

ROOT = Path(__file__).resolve().parents[2]
COPIED = ("driftwatch", "tests", "docs", "dashboards", "pyproject.toml", "README.md", "CHANGELOG.md")
WITHIN_S = 120
FAILED, HUNG = 1, -9
"""Exit codes: pytest's where a test failed (others mean that nothing was tested), and ours."""


def main() -> int:
    """0 where every mutant is killed."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("--only", help="only mutants whose name contains this")
    asked = parser.parse_args()
    chosen = [mutant for mutant in MUTANTS if asked.only is None or asked.only in mutant.name]
    survived: list[str] = []
    with tempfile.TemporaryDirectory() as directory:
        copy = Path(directory)
        _copy(copy)
        for mutant in chosen:
            started_s = time.monotonic()
            killed, why = _killed(copy, mutant)
            print(
                f"{'killed' if killed else 'SURVIVED':8} {time.monotonic() - started_s:5.1f} s  {mutant.name}",
                flush=True,
            )
            if not killed:
                survived.append(f"{mutant.name}\n{why}")
    print(f"{len(chosen) - len(survived)}/{len(chosen)} killed")
    for one in survived:
        print(f"\nsurvived: {one}")
    return 1 if survived else 0


def _copy(into: Path) -> None:
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, into / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, into / name)


def _killed(copy: Path, mutant: Mutant) -> tuple[bool, str]:
    """Whether a test failed with the mutant (and all of them pass without is what the ordinary suite says)."""
    path = copy / mutant.path
    source = path.read_text(encoding="utf-8")
    if source.count(mutant.old) != 1:
        return False, f"its text occurs {source.count(mutant.old)} times in {mutant.path}"
    path.write_text(source.replace(mutant.old, mutant.new), encoding="utf-8")
    try:
        with tempfile.TemporaryFile("w+") as told:
            code = _pytest(copy, mutant.tests, told)
            told.seek(0)
            return code in (FAILED, HUNG), told.read()[-2_000:]
    finally:
        path.write_text(source, encoding="utf-8")


def _pytest(copy: Path, tests: tuple[str, ...], told: IO[str]) -> int:
    """Exit code of the tests in a session of their own; a mutant may hang, and that is noticed too."""
    command = [sys.executable, "-B", "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests]
    with subprocess.Popen(
        command, cwd=copy, stdout=told, stderr=subprocess.STDOUT, start_new_session=True
    ) as started:
        try:
            return started.wait(WITHIN_S)
        except subprocess.TimeoutExpired:
            os.killpg(started.pid, signal.SIGKILL)
            return HUNG


if __name__ == "__main__":
    sys.exit(main())
