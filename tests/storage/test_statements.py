"""SQL texts take identifiers and nothing else."""

from __future__ import annotations

import pytest

from driftwatch.storage.statements import marks, sql


def test_names_are_put_in() -> None:
    assert sql("SELECT $columns FROM $table", columns="a, b_2", table="join_7") == "SELECT a, b_2 FROM join_7"


@pytest.mark.parametrize("name", ["a; DROP TABLE b", "a--", "", "a b", "1a", 'a"', "a,", "A"])
def test_anything_but_identifiers_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="identifier"):
        sql("SELECT * FROM $table", table=name)


def test_one_mark_per_bound_value() -> None:
    assert marks(3) == "?, ?, ?"
