"""The contributing guide's exercise: its file and its test really are all that a new statistic takes."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LAWS = (
    "test_shapes_ranges",
    "test_a_slice_alone",
    "test_identical_counts",
    "test_without_any_event",
    "test_huge_counts",
)
RUN = """
import sys
import driftwatch.drift
driftwatch.drift.__path__.append(sys.argv[1])
from driftwatch.drift.catalogue import STATISTICS
from driftwatch.telemetry.catalogue import catalogue
from driftwatch.verdicts.condition import Condition
assert "triangular" in STATISTICS, "the catalogue did not find it"
assert "driftwatch_triangular" in {metric.name for metric in catalogue()}
assert Condition.parse("triangular > 0.1").statistic.metric == "driftwatch_triangular"
from tests.statistics_page import told
assert "Topsøe" in told(STATISTICS["triangular"])
import pytest
chosen = sys.argv[3] + " or triangular or shares"
files = [sys.argv[2], "tests/drift/test_catalogue.py"]
sys.exit(pytest.main(["-q", "-p", "no:cacheprovider", "-k", chosen, *files]))
"""


def written(folder: Path) -> tuple[Path, Path]:
    """The guide's two files."""
    guide = (ROOT / "CONTRIBUTING.md").read_text("utf-8").partition("## An exercise")[2]
    module, test = re.findall(r"```python\n(.*?)```", guide, re.DOTALL)
    made = folder / "drift" / "triangular.py", folder / "tests" / "test_triangular.py"
    for path, text in zip(made, (module, test), strict=True):
        path.parent.mkdir()
        path.write_text(text, "utf-8")
    return made


@pytest.mark.slow
def test_a_new_statistic_is_one_file_and_one_test(tmp_path: Path) -> None:
    module, test = written(tmp_path)
    laws = " or ".join(LAWS)
    done = subprocess.run(
        [sys.executable, "-c", RUN, str(module.parent), str(test), laws],
        cwd=ROOT, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3_000:] + done.stderr[-2_000:]


def test_the_guides_file_is_as_clean_as_ours(tmp_path: Path) -> None:
    module, _ = written(tmp_path)
    for command in (
        ["check", "--config", str(ROOT / "pyproject.toml")],
        ["format", "--check", "--line-length", "110"],
    ):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, str(module)], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout
