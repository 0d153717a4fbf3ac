"""Which versions are watched: admitted, refused, learned, ended, and taken up again (E9, E11)."""

from __future__ import annotations

import random
from dataclasses import replace

import msgspec
import numpy as np
import pytest

from driftwatch.errors import StateError
from driftwatch.events.classes import RecordClass, Stream
from driftwatch.events.records import Partition
from driftwatch.facts import VersionSeen
from driftwatch.monitor.monitor import Outcome
from driftwatch.monitor.plan import Choice
from driftwatch.monitor.values import SliceValues
from driftwatch.monitor.version import Version, VersionState
from driftwatch.monitor.versions import LIVE_MAX, NAME_MAX, REFUSED_MAX, Versions
from tests.monitor.drive import built, lines, spec
from tests.monitor.test_counting import ids
from tests.monitor.test_plan import planned
from tests.monitor.world import MINUTE, REFERENCE, SAVED, SPEC, START, Core, batch

P = Stream.PREDICTIONS


def versions(*choices: Choice, names: list[tuple[str, str]] | None = None) -> Versions:
    plan = planned(spec(), *choices)
    return Versions(plan, SliceValues(plan.spec.slice_columns, {}), names if names is not None else [])


def seen(of: Versions) -> list[tuple[str, bool]]:
    return [(f.version, f.known) for f in of.take_facts() if isinstance(f, VersionSeen)]


def test_a_version_is_admitted_at_first_sight_and_told_of_once() -> None:
    of = versions()
    found = of.find("1")
    assert isinstance(found, Version)
    assert of.find("1") is found
    assert seen(of) == [("1", True)]
    assert seen(of) == []
    assert of.number("1", found.layout.hash) == 0


def test_no_more_than_four_live_and_learning_together_e11() -> None:
    of = versions(Choice("l*", learn_ms=MINUTE), Choice("*", REFERENCE))
    assert [of.find(name) for name in ("l1", "l2")] == [RecordClass.LEARNING] * 2
    assert all(isinstance(of.find(name), Version) for name in ("1", "2"))
    assert len(of.live) + len(of.learning) == LIVE_MAX
    assert of.find("3") is of.find("l3") is RecordClass.UNKNOWN_VERSION
    assert seen(of)[-2:] == [("3", False), ("l3", False)]


def test_a_version_that_no_pattern_fits_is_unknown() -> None:
    of = versions(Choice("1.*", REFERENCE))
    assert of.find("2.0") is RecordClass.UNKNOWN_VERSION
    assert isinstance(of.find("1.7"), Version)


def test_names_from_the_data_grow_no_memory_f10() -> None:
    of = versions(Choice("1", REFERENCE))
    for number in range(3 * REFUSED_MAX):
        of.find(f"{number + 2:0300d}")
    told = seen(of)
    assert len(told) == REFUSED_MAX
    assert max(len(name) for name, _ in told) == NAME_MAX
    assert of.names == []
    assert versions().find("x" * (NAME_MAX + 1)) is RecordClass.UNKNOWN_VERSION


def test_labels_begin_no_learning() -> None:
    of = versions(Choice("*", learn_ms=MINUTE))
    assert of.find("1", learn=False) is RecordClass.UNKNOWN_VERSION
    assert of.find("1") is RecordClass.LEARNING
    assert of.find("1", learn=False) is RecordClass.LEARNING


def test_a_learned_version_is_counted_from_the_first_pane_after_its_last_event() -> None:
    of = versions(Choice("*", learn_ms=MINUTE))
    of.find("1")
    assert of.learned("1", REFERENCE, START + 90_000) == START + 2 * MINUTE
    assert of.learning == {}
    assert of.learned_hashes == {"1": REFERENCE.hash}
    of.learning["2"] = of.learning.get("2")  # type: ignore[assignment]
    assert of.learned("2", REFERENCE, START) == START + MINUTE, (
        "an event at the very border belongs to its pane"
    )


def test_numbers_only_grow() -> None:
    of = versions(names=[("old", "")])
    of.find("1")
    layout = REFERENCE.layout.hash
    assert (of.number("old"), of.number("1", layout), of.number("2"), of.number("1")) == (0, 1, 2, 3)
    assert of.names == [("old", ""), ("1", layout), ("2", ""), ("1", "")]


def test_a_state_whose_reference_is_gone_or_another_is_refused_with_a_way_out_e9() -> None:
    of = versions()
    of.find("1")
    states = [msgspec.msgpack.decode(data, type=VersionState) for data in of.states().values()]
    again = versions()
    again.restore(states, SAVED)
    assert again.live["1"].state.layout == REFERENCE.layout.hash
    assert seen(again) == [], "it was seen before"
    past = {P: ids(random.Random(9), 500)}
    for choice in (Choice("2", REFERENCE), Choice("*", built(spec(), past)), Choice("*", learn_ms=5)):
        with pytest.raises(StateError, match="give back that reference"):
            versions(choice).restore(states, SAVED)  # and the checkpoint holds no copy of it


def test_a_version_that_left_all_windows_ends_once_a_later_one_lives() -> None:
    core = Core(SPEC)
    bounds = {Partition("p", 0): (0, 9), Partition("l", 0): (0, 0)}
    core.monitor.assign(bounds)

    def minutes(version: str, first: int, last: int) -> set[str]:
        some = [
            {**record, "id": f"{version}-{minute}", "v": version, "ts": START + minute * MINUTE}
            for minute, record in zip(range(first, last), ids(random.Random(1), last - first), strict=True)
        ]
        core.monitor.ingest(batch("p", 0, lines(some), core.monitor.offsets[Partition("p", 0)]))
        core.commit()
        while core.monitor.held:
            core.commit()
        core.load()
        core.monitor.assign(bounds)
        return set(core.monitor.models["m"].versions.live)

    assert minutes("1", 0, 10) == {"1"}
    assert minutes("2", 10, 30) == {"1", "2"}, "1 is still in the 30-minute window"
    assert minutes("2", 30, 50) == {"2"}
    assert {key.version for key in core.store.saved.panes} == {"2"}, "its panes go with it"
    assert [name for name in core.store.saved.states if name.startswith("m/version/1")] == []
    names = [name for name, _ in core.monitor.models["m"].versions.names]
    assert names == ["1", "2"], "its number stays: join rows name it"
    assert minutes("1", 50, 51) == {"1", "2"}, "and it can come back"


def test_versions_that_come_and_go_are_in_the_journal_e1() -> None:
    # which four of six are admitted depends on the interleaving, and when one ends on the commits
    core = Core(spec(windows=[{"size": "2m", "slide": "1m"}]))
    core.monitor.assign({Partition("p", 0): (0, 9), Partition("l", 0): (0, 0)})
    records = ids(random.Random(6), 6)
    core.monitor.ingest(batch("p", 0, lines([{**r, "v": f"v{5 - k}"} for k, r in enumerate(records)])))
    assert rows(core.commit()) == [(f"v{k}", "admit") for k in (2, 3, 4, 5)]
    late = {**ids(random.Random(7), 1)[0], "id": "z", "ts": START + 60 * MINUTE, "v": "v2"}
    core.monitor.ingest(batch("p", 0, lines([late]), 6))
    assert rows(core.commit()) == [(f"v{k}", "end") for k in (3, 4, 5)]
    assert rows(core.commit()) == []


def test_no_time_has_two_layouts_when_a_version_comes_back_while_an_old_one_drains_e9() -> None:
    old = versions().find("1")
    assert isinstance(old, Version)
    old.state.ends_ms = START + MINUTE
    of = versions(Choice("*", built(spec(), {P: ids(random.Random(9), 500)})))
    of.drained.append(old)
    again = of.find("1")
    assert isinstance(again, Version)
    times = np.array([START, START + MINUTE - 1, START + MINUTE])
    assert [(found, places.tolist()) for found, places in of.split("1", times)] == [
        (old, [0, 1]),
        (again, [2]),
    ]


def test_a_version_that_comes_back_to_a_layout_that_still_drains_waits_for_its_end_e9() -> None:
    # two of one layout had the same panes and the same row of state, and one of them was lost at the next restart
    of = versions()
    old = of.find("1")
    assert isinstance(old, Version)
    old.state.ends_ms = START + MINUTE
    of.drained.append(of.live.pop("1"))
    of.take_facts()
    assert of.find("1") is RecordClass.UNKNOWN_VERSION
    assert seen(of) == [("1", False)]
    of.ended(START + 10 * MINUTE, START + MINUTE)
    assert isinstance(of.find("1"), Version)


def test_a_layout_drains_until_no_label_can_reach_its_predictions_e9() -> None:
    of = versions()
    old = of.find("1")
    assert isinstance(old, Version)
    old.state.ends_ms = START + MINUTE
    of.drained.append(of.live.pop("1"))
    assert of.ended(START + 10 * MINUTE, START) == []
    assert of.ended(START + 10 * MINUTE, START + MINUTE) == [old]


def rows(outcome: Outcome) -> list[tuple[str, str]]:
    return [(r.details["version"], r.kind) for r in outcome.changes.journal if r.kind in ("admit", "end")]


def test_versions_end_where_the_journal_says_so_e14() -> None:
    of = versions()
    for name in ("1", "2"):
        of.find(name)
    (one,) = of.end(frozenset({("1", of.live["1"].layout.hash), ("2", "another layout")}))
    assert one.name == "1"
    assert list(of.live) == ["2"]
    assert of.end(frozenset()) == []


def test_the_only_version_never_ends() -> None:
    of = versions()
    of.find("1")
    assert of.ended(START + 10**12, START + 10**12) == []


def test_slice_values_of_every_reference_have_codes_before_any_version_is_seen() -> None:
    values = SliceValues(("country",), {})
    Versions(planned(), values, [])
    assert set(values.saved()["country"]) == {"PT", "DE", "FR"}
    assert replace(Choice("*"), learn_ms=5).reference is None
