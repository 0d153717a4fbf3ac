"""The first pattern that matches decides."""

from __future__ import annotations

from driftwatch.references.choose import choose
from driftwatch.references.spec import ReferenceSpec

DECLARED = [
    ReferenceSpec(version="2.*", path="two.ref"),
    ReferenceSpec(version="[ab]", path="ab.ref"),
    ReferenceSpec.model_validate({"version": "2.1", "learn": "7d"}),
]


def test_first_match_wins_and_case_counts() -> None:
    assert choose(DECLARED, "2.1") is DECLARED[0]
    assert choose(DECLARED, "a") is DECLARED[1]
    assert choose(DECLARED, "A") is None
    assert choose([*DECLARED, ReferenceSpec(path="all.ref")], "A") == ReferenceSpec(
        version="*", path="all.ref"
    )
