"""The tour through the package is run as it stands, and it names only files that exist."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

PACKAGE = Path(__file__).parent.parent / "driftwatch"
TOUR = PACKAGE / "README.md"


def test_every_value_in_the_tour_is_real() -> None:
    failed, attempted = doctest.testfile(
        str(TOUR), module_relative=False, optionflags=doctest.NORMALIZE_WHITESPACE
    )
    assert attempted > 50
    assert failed == 0


def test_every_file_and_folder_that_it_names_exists() -> None:
    text = TOUR.read_text(encoding="utf-8")
    modules = {path.name for path in PACKAGE.rglob("*.py")}
    folders = {path.name for path in PACKAGE.iterdir() if path.is_dir()}
    named = set(re.findall(r"`(?:[a-z]+/)*([a-z_]+\.py)`", text))
    assert len(named) > 15
    assert named - modules - {"test_tour.py"} == set()
    assert set(re.findall(r"\b([a-z]+)/(?=[^\w.]|$)", text)) - folders == set()


def test_every_folder_of_the_package_is_on_the_tour() -> None:
    text = TOUR.read_text(encoding="utf-8")
    folders = {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").exists()}
    assert [folder for folder in sorted(folders) if f"{folder}/" not in text] == []
