from collections.abc import Callable
from typing import Any

import pytest

from driftwatch.config.errors import Mistake
from driftwatch.config.model_checks import check_model, declared_features
from driftwatch.config.parts import Parts
from tests.config.files import good

MODEL = ("models", 0)


def found(change: Callable[[Any], Any]) -> list[Mistake]:
    data = good()
    change(data["models"][0])
    return list(check_model(Parts(data), MODEL))


def only(change: Callable[[Any], Any]) -> Mistake:
    (one,) = found(change)
    return one


def windows(*pairs: tuple[str, str]) -> Callable[[Any], Any]:
    return lambda m: m.update(windows=[{"size": size, "slide": slide} for size, slide in pairs])


def test_nothing_to_say_of_a_right_model() -> None:
    assert found(lambda m: None) == []
    assert found(windows(("1h", "5m"), ("1d", "1h"))) == []
    assert found(windows(("30d6h36m", "30d6h36m"))) == []


def test_windows_fit_their_slides() -> None:
    one = only(windows(("1h", "7m")))
    assert (one.path[-1], one.message, one.write) == (
        "size",
        "the size 1h is not a multiple of the slide 7m",
        "56m or 1h3m",
    )
    one = only(windows(("1h", "5m"), ("1h12m", "12m")))
    assert (one.path[-2:], one.write) == ((1, "slide"), "10m")
    assert "smallest slide 5m" in one.message
    assert {m.path[-1] for m in found(windows(("0s", "0s")))} == {"size", "slide"}
    assert only(windows(("5m", "10m"))).write == "10m"


def test_window_names_are_unique_also_where_they_come_from_the_size() -> None:
    one = only(windows(("1d", "1h"), ("24h", "1h")))
    assert one.message == "the window name `1d` is there twice, first in entry 1"
    named = [{"size": "1d", "slide": "1h"}, {"size": "1d", "slide": "2h", "name": "day"}]
    assert found(lambda m: m.update(windows=named)) == []


def test_joined_streams_need_ids() -> None:
    one = only(lambda m: m["labels"].pop("id"))
    assert one.message == "`labels` has no `id`, but it is joined with predictions by id"
    assert only(lambda m: m["predictions"].pop("id")).message == (
        "`predictions` has no `id`, but it is joined with labels by id"
    )
    assert found(lambda m: (m.pop("labels"), m["predictions"].pop("id"))) == []


def test_a_shared_topic_needs_something_that_tells_records_apart() -> None:
    one = only(lambda m: m["labels"].update(topic="p"))
    assert (one.path[-2:], one.write) == (("labels", "topic"), "`where: {field: value}` in both of them")

    def told_apart(m: Any) -> None:
        m["labels"].update(topic="p", where={"kind": "label"})
        m["predictions"]["where"] = {"kind": "prediction"}

    assert found(told_apart) == []


@pytest.mark.parametrize(
    ("task", "missing", "says"),
    [
        ("binary", ["score"], "neither `score` nor `decision`"),
        ("multiclass", [], "`decision` is not mapped"),
        ("regression", ["score"], "`score` is not mapped"),
    ],
)
def test_tasks_need_their_fields(task: str, missing: list[str], says: str) -> None:
    def change(m: Any) -> None:
        m["task"] = task
        for key in missing:
            del m["predictions"][key]

    assert says in only(change).message


def test_one_label_only_and_a_delay_above_zero() -> None:
    assert "mapped twice" in only(lambda m: m["predictions"].update(label="y")).message
    assert only(lambda m: m["labels"].update(max_delay="0d")).path[-1] == "max_delay"


def test_slices() -> None:
    assert "same column twice" in only(lambda m: m.update(slices=[["a", "a"]])).message
    assert "there twice" in only(lambda m: m.update(slices=["a", ["a", "b"], ["b", "a"]])).message
    many = only(lambda m: m.update(slices=[f"column{i}x" for i in range(9)]))
    assert many.message == "9 slice columns, and at most 8 are possible"
    assert only(lambda m: m.update(slices=["a..b"])).write == "a dotted path such as customer.country"


def test_a_misspelt_slice_column_is_found_where_features_are_listed() -> None:
    one = only(lambda m: m.update(slices=["contry"]))
    assert (one.message, one.write) == (
        "the slice column `contry` is no declared feature",
        "`country` (did you mean that?)",
    )
    assert found(lambda m: m.update(slices=["customer.region"])) == []
    assert found(lambda m: (m.update(slices=["contry"]), m["predictions"].update(features="features"))) == []


def test_declared_features_are_names_and_paths() -> None:
    data = good()
    data["models"][0]["predictions"]["features"] = {"age": "customer.age"}
    data["models"][0]["features"] = {"topic": "f", "features": ["income"]}
    assert declared_features(Parts(data), MODEL) == ["age", "customer.age", "income"]


def test_version_patterns_that_are_never_reached() -> None:
    one = only(lambda m: m.update(reference=[{"learn": "7d"}, {"version": "v2*", "learn": "1d"}]))
    assert "never reached" in one.message
    assert found(lambda m: m.update(reference=[{"version": "v2*", "learn": "1d"}, {"learn": "7d"}])) == []


def test_origin_and_kinds() -> None:
    assert only(lambda m: m.update(origin="yesterday")).path == (*MODEL, "origin")
    assert found(lambda m: m.update(origin="2018-10-30T18:00:00Z")) == []
    assert (
        only(lambda m: m.update(cells={"kinds": {"age": "numerical"}})).write
        == "`numeric` (did you mean that?)"
    )


def test_cells_of_their_own_are_for_features_that_there_are() -> None:
    cut = {"income": {"scheme": "width"}, "score": {"cells": 20}}
    assert found(lambda m: m.update(cells={"fields": cut})) == []
    one = only(lambda m: m.update(cells={"fields": {**cut, "incom": {"cells": 9}}}))
    assert one.path == (*MODEL, "cells", "fields", "incom")
    assert "income" in one.write
