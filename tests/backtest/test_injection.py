"""Changes as people write them, and what they do to records."""

from __future__ import annotations

import json
from typing import Any

import pytest

from driftwatch.alerts.messages import About
from driftwatch.backtest.injection import LABELS, Injection, Injector, Kind, usual
from driftwatch.monitor.plan import Choice, ModelPlan
from tests.evidence import models

PLAN = ModelPlan(models.spec(), (Choice("*", models.reference()),), About("http://localhost"), 0, 0)
RECORDS = [json.loads(x) for x in models.records(400, models.START_MS, 3)]


def changed(text: str, records: list[dict[str, Any]] = RECORDS, first: int = 0) -> list[dict[str, Any]]:
    """What becomes of records of which those from `first` on are changed."""
    batch = models.batch([json.dumps(r).encode() for r in records])
    made = Injector(PLAN, Injection.parse(text)).change(batch, {i: i >= first for i in range(len(records))})
    return [json.loads(value) for value in made.values if value]


@pytest.mark.parametrize(
    ("text", "injection"),
    [
        ("income shift 0.5", Injection("income", Kind.SHIFT, 0.5)),
        ("income shift -1 sd", Injection("income", Kind.SHIFT, -1.0)),
        ("income scale 1.2 in country=PT", Injection("income", Kind.SCALE, 1.2, "country", "PT")),
        ("colour swap", Injection("colour", Kind.SWAP)),
        ("income missing 5 %", Injection("income", Kind.MISSING, 0.05)),
        ("labels noise 10%", Injection(LABELS, Kind.NOISE, 0.1)),
    ],
)
def test_a_change_is_read(text: str, injection: Injection) -> None:
    assert Injection.parse(text) == injection
    assert Injection.parse(str(injection)) == injection


@pytest.mark.parametrize(
    "text", ["", "income", "income shift", "colour swap 3", "income noise 3 %", "labels shift 1"]
)
def test_what_is_no_change_says_what_to_write(text: str) -> None:
    with pytest.raises(ValueError, match="write `FIELD shift"):
        Injection.parse(text)


def test_a_shift_moves_numbers_by_deviations_of_the_reference() -> None:
    part = models.reference().layout.parts[0]
    by = 0.5 * part.field("income").deviation
    for old, new in zip(RECORDS, changed("income shift 0.5"), strict=True):
        assert new["income"] == pytest.approx(old["income"] + by)
        assert {**new, "income": 0} == {**old, "income": 0}


def test_only_records_from_the_moment_on_are_changed() -> None:
    made = changed("income scale 2", first=300)
    assert made[:300] == RECORDS[:300]
    assert [r["income"] for r in made[300:]] == [2 * r["income"] for r in RECORDS[300:]]


def test_a_swap_exchanges_the_two_most_frequent_categories() -> None:
    swapped = {"red": "blue", "blue": "red", "green": "green"}
    assert [r["colour"] for r in changed("colour swap")] == [swapped[r["colour"]] for r in RECORDS]


def test_missing_and_noise_hit_their_share_and_always_the_same_records() -> None:
    made = changed("income missing 25 %")
    assert 60 < sum(r["income"] is None for r in made) < 140
    assert made == changed("income missing 25 %")
    noisy = changed("labels noise 25 %")
    flipped = [n["label"] != o["label"] for n, o in zip(noisy, RECORDS, strict=True)]
    assert 60 < sum(flipped) < 140
    assert {r["label"] for r in noisy} == {0, 1}


def test_one_slice_only() -> None:
    for old, new in zip(RECORDS, changed("income scale 2 in country=PT"), strict=True):
        assert (new["income"] != old["income"]) is (old["country"] == "PT")


@pytest.mark.parametrize("text", ["height shift 1", "income shift 1 in planet=Mars"])
def test_what_the_model_does_not_have_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"has nothing like it|carry no"):
        Injector(PLAN, Injection.parse(text))


def test_poison_passes_as_it_is() -> None:
    batch = models.batch([b"\xff{", b"[1]", b'{"income": "x"}'])
    made = Injector(PLAN, Injection.parse("income shift 1")).change(batch, dict.fromkeys(range(3), True))
    assert list(made.values) == list(batch.values)


def test_the_usual_changes_are_of_every_kind() -> None:
    assert {i.kind for i in usual(PLAN)} == set(Kind)
    assert any(i.column == "country" for i in usual(PLAN))
