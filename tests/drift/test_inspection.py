"""Broken data by named reasons: each is caused for real, the others stay silent, and a clean pane says nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from msgspec.structs import replace as replace_part

from driftwatch.drift.inspection import LOOKED_MIN, Pane, Rate, Repeats, distance, inspect, unit_factor
from driftwatch.drift.reasons import Issue, Reason
from driftwatch.events.classes import Stream
from driftwatch.events.sampling import LOOKED, Looked, value_of
from driftwatch.summaries.derived import Derived, DerivedKind
from driftwatch.summaries.layout import Part
from tests.drift import counting as c

RNG = np.random.default_rng(1)
AMOUNT = c.numeric("amount", 0, RNG.lognormal(3, 0.6, 5_000))
KIND = c.categorical("kind", AMOUNT.stop, ["a", "b"])
PART = c.fields_part(AMOUNT, KIND)
Record = dict[str, object]


def records(n: int, seed: int) -> list[Record]:
    rng = np.random.default_rng(seed)
    return [
        {"amount": float(amount), "kind": str(kind)}
        for amount, kind in zip(rng.lognormal(3, 0.6, n), rng.choice(["a", "b"], n), strict=True)
    ]


def counts(rows: list[Record]) -> np.ndarray:
    def number(value: object) -> float:
        return np.nan if value is None else float(value) if isinstance(value, float | int) else np.inf

    amounts = np.array([number(row.get("amount")) for row in rows])
    return np.concatenate(
        [c.count_numeric(AMOUNT, amounts), c.count_texts(KIND, [row.get("kind") for row in rows])]
    )  # type: ignore[misc]


REFERENCE = counts(records(5_000, 1))


def pane(rows: list[Record], known: frozenset[str] | None = frozenset({"trace"})) -> Pane:
    looked = [
        Looked(
            k, 0, k,
            {name: value_of(row.get(name)) for name in ("amount", "kind")},
            {name: value_of(value) for name, value in row.items() if name not in ("amount", "kind")},
        )
        for k, row in enumerate(rows[:LOOKED])
    ]  # fmt: skip
    return Pane(PART, REFERENCE, counts(rows), len(rows), looked, known)


def changed(change: Callable[[Record], object], n: int = 400) -> list[Record]:
    rows = records(n, 2)
    for row in rows:
        change(row)
    return rows


def told(rows: list[Record]) -> dict[tuple[Reason, str], Issue]:
    return {(issue.reason, issue.field): issue for issue in inspect(pane(rows), 100)}


@pytest.mark.parametrize("seed", range(20))
def test_a_clean_pane_says_nothing(seed: int) -> None:
    assert inspect(pane([{**row, "trace": "t"} for row in records(400, 100 + seed)]), 100) == ()


CASES: list[tuple[Callable[[Record], object], Reason, str, str]] = [
    (lambda r: r.update(extra=0.25), Reason.NEW_FIELD, "extra", "0.25"),
    (lambda r: r.pop("amount"), Reason.REMOVED_FIELD, "amount", "absent in every event"),
    (lambda r: r.pop("kind"), Reason.REMOVED_FIELD, "kind", "absent in every event"),
    (lambda r: r.update(sum=r.pop("amount")), Reason.RENAMED_FIELD, "amount", "now sum, such as "),
    (lambda r: r.update(sort=r.pop("kind")), Reason.RENAMED_FIELD, "kind", "now sort, such as "),
    (lambda r: r.update(amount=f"about {r['amount']}"), Reason.TYPE_CHANGE, "amount", "a text: about "),
    (lambda r: r.update(kind=7), Reason.TYPE_CHANGE, "kind", "a number: 7"),
    (lambda r: r.update(amount=r["amount"] * 100), Reason.UNIT_CHANGE, "amount", "100 times the reference's, such as "),  # type: ignore[operator]
    (lambda r: r.update(amount=r["amount"] / 1000), Reason.UNIT_CHANGE, "amount", "1/1000 of the reference's, such as "),  # type: ignore[operator]
    (lambda r: r.update(amount=20.0), Reason.CONSTANT, "amount", "always 20"),
    (lambda r: r.update(kind="b"), Reason.CONSTANT, "kind", "always b"),
    (lambda r: r.update(kind="c"), Reason.UNSEEN, "kind", "c"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "reason", "field", "example"), CASES)
def test_each_fault_has_its_one_reason(
    change: Callable[[Record], object], reason: Reason, field: str, example: str
) -> None:
    found = told(changed(change))
    assert set(found) == {(reason, field)}
    assert found[reason, field].example.startswith(example)
    assert found[reason, field].share == 1.0


def test_shares_that_rose_by_a_tenth_are_named() -> None:
    rows = records(400, 2)
    for row in rows[::5]:
        row["amount"] = None
    for row in rows[1::5]:
        row["amount"] = "?"
    found = told(rows)
    assert set(found) == {(Reason.MISSING, "amount"), (Reason.INVALID, "amount")}
    assert found[Reason.MISSING, "amount"].share == 0.2
    assert found[Reason.INVALID, "amount"].example == "?"
    for row in rows[::5] + rows[1::5]:
        row["amount"] = 1e6
    assert set(told(rows)) == {(Reason.OUT_OF_RANGE, "amount")}


def test_a_gone_field_is_not_renamed_to_one_with_other_values_or_to_one_that_was_always_there() -> None:
    found = told(changed(lambda r: r.update(sum=-1.0, other=r.pop("amount", None) and 9_999.0)))
    assert set(found) == {
        (Reason.REMOVED_FIELD, "amount"),
        (Reason.NEW_FIELD, "sum"),
        (Reason.NEW_FIELD, "other"),
    }
    found = told(changed(lambda r: r.update(trace=r.pop("amount"))))
    assert set(found) == {(Reason.REMOVED_FIELD, "amount")}


def test_a_reference_that_does_not_know_its_records_fields_says_nothing_of_new_ones() -> None:
    rows = changed(lambda r: r.update(extra=1))
    assert inspect(pane(rows, known=None), 100) == ()


def test_a_field_in_fewer_than_half_of_the_records_looked_at_is_not_new() -> None:
    rows = records(400, 2)
    for row in rows[: LOOKED // 2 - 1]:
        row["extra"] = 1
    assert told(rows) == {}
    rows[LOOKED - 1]["extra"] = 1
    assert set(told(rows)) == {(Reason.NEW_FIELD, "extra")}


@pytest.mark.parametrize("shift", [0.3, 1.0])
@pytest.mark.parametrize("seed", range(10))
def test_drift_is_no_change_of_unit(shift: float, seed: int) -> None:
    numbers = np.random.default_rng(seed).lognormal(3 + shift, 0.6, LOOKED)
    assert unit_factor(AMOUNT, REFERENCE, numbers) is None


@pytest.mark.parametrize("factor", [100.0, 0.001, 60.0, 1e6])
def test_a_unit_is_found_by_its_factor(factor: float) -> None:
    numbers = np.random.default_rng(5).lognormal(3, 0.6, LOOKED)
    assert unit_factor(AMOUNT, REFERENCE, numbers * factor) == pytest.approx(factor)


def test_values_that_crowd_in_a_cell_are_not_constant() -> None:
    rows = records(400, 3)
    for place, row in enumerate(rows):
        row["amount"] = 20.0 + 1e-9 * (place % 2)
    assert (Reason.CONSTANT, "amount") not in told(rows)


def test_a_column_that_is_nearly_constant_in_the_reference_may_be_constant() -> None:
    seldom = np.concatenate([c.count_numeric(AMOUNT, np.r_[np.full(4_990, 20.0), np.full(10, 5.0)]), REFERENCE[AMOUNT.stop:]])  # fmt: skip
    assert inspect(replace(pane(changed(lambda r: r.update(amount=20.0))), reference=seldom), 100) == ()


def test_too_few_events_or_records_say_nothing() -> None:
    rows = changed(lambda r: r.pop("amount"), 99)
    assert inspect(pane(rows), 100) == ()
    rows = changed(lambda r: r.pop("amount"))
    few = replace(pane(rows), looked=pane(rows).looked[: LOOKED_MIN - 1])
    assert inspect(few, 100) == ()


@pytest.mark.parametrize(
    ("repeats", "reasons"),
    [
        (Repeats(380, 15, 5, "partition 0, offset 9"), {Reason.DUPLICATE_ID}),
        (Repeats(381, 15, 4), set()),
        (Repeats(900, 20, 0), set()),
        (Repeats(0, 400, 0), {Reason.DUPLICATE_ID}),
    ],
)
def test_repeated_ids(repeats: Repeats, reasons: set[Reason]) -> None:
    found = inspect(replace(pane(records(400, 9)), repeats=repeats), 100)
    assert {issue.reason for issue in found} == reasons
    assert all(issue.example == repeats.example for issue in found)


def labels(repeats: Repeats) -> set[Reason]:
    part = c.labels_part(quality=(3,))
    zero = np.zeros(part.columns, np.int64)
    return {issue.reason for issue in inspect(Pane(part, zero, zero, 400, repeats=repeats), 100)}


def test_contradicting_labels_are_not_repeated_ones() -> None:
    assert labels(Repeats(395, 0, 5)) == {Reason.CONFLICTING_LABEL}
    assert labels(Repeats(396, 0, 4)) == set()
    assert labels(Repeats(995, 0, 5)) == set()
    assert labels(Repeats(360, 40, 0)) == {Reason.DUPLICATE_ID}


def test_the_rate_has_limits_on_both_sides_and_room_for_chance() -> None:
    def at(events: int) -> set[Reason]:
        empty = Pane(
            Part(Stream.PREDICTIONS, (), (), 0), REFERENCE, REFERENCE, events, rate=Rate(400.0, 900.0)
        )
        return {issue.reason for issue in inspect(empty, 100)}

    assert at(0) == at(129) == at(2_013) == {Reason.EVENT_RATE}
    assert at(130) == at(600) == at(2_012) == set()


def test_examples_are_bounded() -> None:
    rows = changed(lambda r: r.update({"k" * 500: "v" * 500, "amount": "\x1b" * 500}))
    assert all(len(issue.example) < 100 and issue.example.isprintable() for issue in inspect(pane(rows), 100))


def test_a_unit_is_suspected_only_where_the_values_lie_far_apart() -> None:
    wide = c.numeric("amount", 0, np.random.default_rng(6).lognormal(0, 2, 20_000))
    reference = c.count_numeric(wide, np.random.default_rng(6).lognormal(0, 2, 20_000))
    numbers = np.quantile(
        np.random.default_rng(7).lognormal(0, 2, 20_000), (np.arange(LOOKED) + 0.5) / LOOKED
    )
    assert 0.35 < distance(wide, reference, numbers * 10) < 0.6
    assert unit_factor(wide, reference, numbers * 10) is None, "drift may do as much"
    assert unit_factor(wide, reference, numbers * 1e3) == 1e3


def test_a_renamed_field_may_have_drifted_as_much_as_chance_shows_in_a_few_values() -> None:
    rows = records(400, 2)
    levels = 0.35 + 0.65 * (np.arange(400) + 0.5) / 400
    drifted = np.random.default_rng(8).permutation(
        np.quantile([r["amount"] for r in records(5_000, 1)], levels)
    )  # type: ignore[misc]
    for row, amount in zip(rows, drifted, strict=True):
        row["sum"] = float(amount)
        del row["amount"]
    looked = np.array([row["sum"] for row in rows[:LOOKED]], np.float64)
    assert 0.26 < distance(AMOUNT, REFERENCE, looked) < 0.48
    assert set(told(rows)) == {(Reason.RENAMED_FIELD, "amount")}


@pytest.mark.parametrize("seed", range(60))
def test_values_that_moved_by_three_deviations_are_no_change_of_unit(seed: int) -> None:
    """Divided by ten they all lie near the reference's middle: near half of it, and still half of it away."""
    plain = c.numeric("amount", 0, np.random.default_rng(9).normal(size=5_000))
    reference = c.count_numeric(plain, np.random.default_rng(9).normal(size=5_000))
    assert unit_factor(plain, reference, np.random.default_rng(seed).normal(3, 1, LOOKED)) is None


def test_a_derived_field_is_not_inspected_for_what_is_wrong_with_its_input() -> None:
    made = c.numeric("both", PART.columns, np.random.default_rng(3).chisquare(2, 5_000))
    derived = Derived("both", DerivedKind.MAHALANOBIS, ("amount",), (0.0,), ((1.0,),))
    part = replace_part(PART, fields=(*PART.fields, made), columns=made.stop, derived=(derived,))
    gone = changed(lambda row: row.pop("amount"))
    nothing = c.count_numeric(made, np.full(len(gone), np.nan))
    past = c.count_numeric(made, np.random.default_rng(4).chisquare(2, 5_000))
    seen = replace(
        pane(gone), part=part,
        reference=np.concatenate([REFERENCE, past]), current=np.concatenate([counts(gone), nothing]),
    )  # fmt: skip
    assert [(i.reason, i.field) for i in inspect(seen, 100)] == [(Reason.REMOVED_FIELD, "amount")]
