"""The list of mutants fits the tree: each safety line is there once, its tests exist, and the documentation names it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.mutants.catalogue import MUTANTS, Mutant

ROOT = Path(__file__).resolve().parents[2]
LEAST = 30


def test_there_are_enough_and_no_name_twice() -> None:
    assert len(MUTANTS) >= LEAST
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS)


def test_every_rule_has_one() -> None:
    named = {rule for mutant in MUTANTS for rule in mutant.rules.split(", ")}
    assert {f"E{n}" for n in range(1, 18)} <= named, "a rule that can be taken out unnoticed is none"


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_its_line_is_there_once_and_what_replaces_it_is_python(mutant: Mutant) -> None:
    source = (ROOT / mutant.path).read_text(encoding="utf-8")
    assert source.count(mutant.old) == 1, "the line has changed: say here what takes it out now"
    ast.parse(source.replace(mutant.old, mutant.new))


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_its_tests_exist(mutant: Mutant) -> None:
    for selected in mutant.tests:
        path, _, name = selected.partition("::")
        if path.endswith(".py"):
            assert f"def {name}" in (ROOT / path).read_text(encoding="utf-8") or not name


def test_the_documentation_lists_them() -> None:
    page = (ROOT / "docs" / "exactness.md").read_text(encoding="utf-8")
    assert [mutant.name for mutant in MUTANTS if f"| {mutant.name} | {mutant.rules} |" not in page] == []
    assert f"{len(MUTANTS)} safety lines" in page
