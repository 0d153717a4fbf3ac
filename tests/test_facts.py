"""Facts: typed values, one kind for each thing that can happen."""

from __future__ import annotations

import inspect
from dataclasses import FrozenInstanceError, fields, is_dataclass
from typing import get_args

import pytest

from driftwatch import facts
from driftwatch.facts import Fact, SampleHalved


def test_every_kind_of_fact_is_in_the_union() -> None:
    defined = {
        kind
        for _, kind in inspect.getmembers(facts, inspect.isclass)
        if kind.__module__ == facts.__name__ and is_dataclass(kind)
    }
    assert set(get_args(Fact)) == defined


def test_facts_are_values() -> None:
    fact = SampleHalved("m", 0.5)
    assert fact == SampleHalved("m", 0.5)
    assert len({fact, SampleHalved("m", 0.5), SampleHalved("m", 0.25)}) == 2
    with pytest.raises(FrozenInstanceError):
        fact.share = 1.0  # type: ignore[misc]


@pytest.mark.parametrize("kind", get_args(Fact))
def test_every_fact_says_in_one_sentence_what_happened(kind: type) -> None:
    assert inspect.getdoc(kind), kind
    names = [field.name for field in fields(kind)]
    assert not {"now", "wall_s", "created_at"} & set(names), "the core has no clock"
    assert all(name.islower() for name in names)
